//! The threshold, fitted on the scores that the device itself will compute.

use std::collections::BTreeMap;

use normgate::bundle::{Bundle, GateDescription, ScoreQuantiles};
use normgate::dataset::ImageSet;
use normgate::eval::run::{infer_all, score_all};
use normgate::model::Model;
use normgate_core::{Score, Threshold, threshold::Fitted};

use crate::error::TrainError;

/// What a fit gave.
#[derive(Debug)]
pub struct Fit {
    /// The file with its gate and quantiles.
    pub bundle: Bundle,
    /// The threshold with its rank, for its bound.
    pub fitted: Fitted,
}

/// Fits the threshold of `score` so that at most `reject_rate` of in-distribution frames are rejected: the
/// split-conformal quantile of the calibration scores (Vovk et al. 2005), computed by the file's own runtime.
///
/// # Errors
/// Calibration images that are not the file's, too few of them for the rate, or a runtime fault.
pub fn fit(
    bundle: &Bundle,
    calibration: &ImageSet,
    score: Score,
    reject_rate: f64,
    energy_temperature: f32,
    done: impl Fn() + Sync,
) -> Result<Fit, TrainError> {
    let mut description = bundle.description().clone();
    let hash = calibration.sha256();
    if hash != description.calibration.sha256 {
        return Err(TrainError::Data(format!(
            "the calibration images hash to {hash}, expected {} as in the file; other images, or another --limit or --shuffle, than in training",
            description.calibration.sha256
        )));
    }
    let model = Model::new(bundle.clone())?;
    let outputs = infer_all(&model, calibration, done)?;
    let scored = score_all("calibration", &model, &outputs, energy_temperature, None)?;

    let mut quantiles = BTreeMap::new();
    for s in Score::all(energy_temperature) {
        let sorted = sorted(scored.scores(s));
        if let Some(q) = ScoreQuantiles::of(&sorted) {
            quantiles.insert(s.name().to_owned(), q);
        }
    }
    let fitted = Threshold::fit(&sorted(scored.scores(score)), reject_rate)
        .map_err(|e| TrainError::Data(e.to_string()))?;
    description.calibration_scores = quantiles;
    description.gate = Some(GateDescription {
        score: score.name().to_owned(),
        threshold: fitted.threshold.get(),
        reject_rate,
        rank: fitted.rank,
        energy_temperature,
    });
    Ok(Fit {
        bundle: Bundle::new(bundle.model().clone(), description)?,
        fitted,
    })
}

fn sorted(scores: &[f32]) -> Vec<f32> {
    let mut sorted = scores.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    sorted
}
