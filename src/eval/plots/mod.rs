use std::path::{Path, PathBuf};

use normgate_core::Score;
use thiserror::Error;

use super::report::{self, EvalError};
use super::scored::ScoredSet;
use crate::bundle::Gate;

mod bins;
mod canvas;
mod histogram;
mod roc;

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
    let wrote = |path: &Path, result: std::io::Result<()>| {
        result.map_err(|source| PlotError::Write {
            path: path.into(),
            source,
        })
    };
    wrote(dir, std::fs::create_dir_all(dir))?;
    let mut paths = Vec::new();
    report::check(gate, id, ood)?;
    for score in id.all_scores() {
        let drawn = [
            ("histogram", histogram::draw(score, gate, id, ood)?),
            ("roc", roc::draw(score, gate, id, ood)?),
        ];
        for (kind, svg) in drawn {
            let path = dir.join(format!("{kind}-{score}.svg"));
            wrote(&path, std::fs::write(&path, svg))?;
            paths.push(path);
        }
    }
    Ok(paths)
}
