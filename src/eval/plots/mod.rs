use std::path::{Path, PathBuf};

use normgate_core::Score;
use thiserror::Error;

use super::report::{self, EvalError};
use super::scored::ScoredSet;
use super::whole;
use crate::bundle::Gate;

mod bins;
mod canvas;
mod histogram;
mod reliability;
mod risk;
mod roc;

pub(super) mod figures;
pub(super) mod points;

/// Why a plot was not drawn.
#[derive(Debug, Error)]
pub enum PlotError {
    /// The sets cannot be compared.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// The drawing library refused.
    #[error("cannot draw the plot: {0}")]
    Draw(String),
    /// A folder or file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Histograms of one score as an SVG document: the in-distribution set filled, each OOD set as an
/// outline, each by its own share of frames; with the threshold if it is the gate's score. The outer
/// bins also take the few frames that lie beyond the axis.
///
/// # Errors
/// If the sets are empty, have the same name, or hold scores that are not finite.
pub fn histogram(
    score: Score,
    gate: &Gate,
    id: &ScoredSet,
    ood: &[ScoredSet],
) -> Result<String, PlotError> {
    report::check(gate, id, ood)?;
    histogram::draw(score, gate, id, ood)
}

/// ROC curves of one score as an SVG document, one a set, with the AUROC; and where each set is at
/// the threshold if it is the gate's score.
///
/// # Errors
/// If the sets are empty, have the same name, or hold scores that are not finite.
pub fn roc(
    score: Score,
    gate: &Gate,
    id: &ScoredSet,
    ood: &[ScoredSet],
) -> Result<String, PlotError> {
    report::check(gate, id, ood)?;
    roc::draw(score, gate, id, ood)
}

/// Writes `histogram-<score>.svg` and `roc-<score>.svg` for every score into `dir`, which is made
/// if it is absent, and gives their paths.
///
/// # Errors
/// If a plot cannot be drawn or a file cannot be written.
pub fn write_all(
    dir: &Path,
    gate: &Gate,
    id: &ScoredSet,
    ood: &[ScoredSet],
) -> Result<Vec<PathBuf>, PlotError> {
    report::check(gate, id, ood)?;
    let mut plots = Vec::new();
    for score in id.all_scores() {
        let drawn = [
            ("histogram", histogram::draw(score, gate, id, ood)?),
            ("roc", roc::draw(score, gate, id, ood)?),
        ];
        plots.extend(drawn.map(|(kind, svg)| (dir.join(format!("{kind}-{score}.svg")), svg)));
    }
    let failed = |(path, source)| PlotError::Write { path, source };
    std::fs::create_dir_all(dir).map_err(|e| failed((dir.to_owned(), e)))?;
    let files: Vec<_> = plots
        .iter()
        .map(|(path, svg)| (path.clone(), svg.as_bytes()))
        .collect();
    whole::write(&files).map_err(failed)?;
    Ok(plots.into_iter().map(|(path, _)| path).collect())
}
