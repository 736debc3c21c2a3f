//! The threshold, fitted on the scores that the device itself will compute.

use std::collections::BTreeMap;

use normgate::bundle::{Bundle, DataSet, GateDescription, ScoreQuantiles};
use normgate::dataset::ImageSet;
use normgate::eval::labels::aligned;
use normgate::eval::run::{infer_all, score_all};
use normgate::model::Model;
use normgate_core::{Score, Threshold, threshold::Fitted};

use crate::error::TrainError;
use crate::references::{self, Plan};

/// What a gate is to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted {
    /// What is compared with the threshold; energy's temperature is [`energy_temperature`](Self::energy_temperature).
    pub score: Score,
    /// The share of in-distribution frames that may be rejected, in (0, 1).
    pub reject_rate: f64,
    /// Energy's T, above 0 and finite.
    pub energy_temperature: f32,
    /// What the scores of features compare with.
    pub references: Plan,
}

/// What a fit gave.
#[derive(Debug)]
pub struct Fit {
    /// The file with its gate, references and quantiles.
    pub bundle: Bundle,
    /// The threshold with its rank, for its bound.
    pub fitted: Fitted,
}

/// Fits a gate so that at most `reject_rate` of in-distribution frames are rejected: the threshold is the
/// split-conformal quantile of the calibration scores (Vovk et al. 2005), computed by the file's own runtime. The
/// references come from the fit images, so that the calibration images stay exchangeable with new ones.
///
/// # Errors
/// Images that are not the file's, too few of them, or a runtime fault.
pub fn fit(
    bundle: &Bundle,
    fit_images: &ImageSet,
    calibration: &ImageSet,
    wanted: &Wanted,
    done: impl Fn() + Sync,
) -> Result<Fit, TrainError> {
    let mut description = bundle.description().clone();
    check("fit", fit_images, &description.fit)?;
    check("calibration", calibration, &description.calibration)?;
    let model = Model::new(bundle.clone())?;
    let outputs = infer_all(&model, fit_images, &done)?;
    let labels = aligned(fit_images, &description.labels)?;
    let classes = description.labels.len();
    let made = references::make(&wanted.references, &outputs, &labels, classes)?;
    description.references = Some(made);
    let temperature = wanted.energy_temperature;
    let references = description.references()?.at(temperature);

    let outputs = infer_all(&model, calibration, done)?;
    let scored = score_all(
        "calibration",
        &model,
        &references,
        &outputs,
        temperature,
        None,
    )?;
    let mut quantiles = BTreeMap::new();
    for score in scored.all_scores() {
        if let Some(q) = ScoreQuantiles::of(&sorted(scored.scores(score))) {
            quantiles.insert(score.name().to_owned(), q);
        }
    }
    let score = wanted.score.at(temperature);
    let fitted = Threshold::fit(&sorted(scored.scores(score)), wanted.reject_rate)
        .map_err(|e| TrainError::Data(e.to_string()))?;
    description.calibration_scores = quantiles;
    description.gate = Some(GateDescription {
        score: score.name().to_owned(),
        threshold: fitted.threshold.get(),
        reject_rate: wanted.reject_rate,
        rank: fitted.rank,
        energy_temperature: temperature,
    });
    Ok(Fit {
        bundle: Bundle::new(bundle.model().clone(), description)?,
        fitted,
    })
}

fn check(role: &str, images: &ImageSet, stored: &DataSet) -> Result<(), TrainError> {
    let hash = images.sha256();
    if hash == stored.sha256 {
        return Ok(());
    }
    Err(TrainError::Data(format!(
        "the {role} images hash to {hash}, expected {} as in the file; other images, or another --limit or --shuffle, than in training",
        stored.sha256
    )))
}

fn sorted(scores: &[f32]) -> Vec<f32> {
    let mut sorted = scores.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    sorted
}
