use std::fmt;

use normgate_core::ASSURANCE;
use serde::{Deserialize, Serialize};

use crate::bundle::Gate;
use crate::percent;

/// The gate that verdicts come from, and what its threshold promises of in-distribution frames.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InForce {
    /// [`Score::name`](normgate_core::Score::name).
    pub score: String,
    /// In the score's own units.
    pub threshold: f32,
    /// LogitNorm's temperature in training; none for a network trained with cross entropy.
    pub tau: Option<f32>,
    /// Which of the calibration scores the threshold is, from 1 for the smallest.
    pub rank: usize,
    /// How many calibration scores there were.
    pub calibration_images: usize,
    /// [`Fitted::expected_reject`](normgate_core::Fitted::expected_reject).
    pub expected_reject: f64,
    /// What the threshold rejects at most; none where rank and count are of no fit.
    pub reject_bound: Option<RejectBound>,
}

/// A bound on the share of in-distribution frames that one threshold rejects.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RejectBound {
    /// The share of calibration sets that it holds for.
    pub assurance: f64,
    /// [`Fitted::coverage_bound`](normgate_core::Fitted::coverage_bound).
    pub share: f64,
}

impl InForce {
    /// What `gate` is and promises.
    #[must_use]
    pub fn of(gate: &Gate) -> Self {
        let fitted = &gate.fitted;
        let bound = fitted.coverage_bound(ASSURANCE).ok();
        Self {
            score: gate.score.name().to_owned(),
            threshold: gate.threshold().get(),
            tau: gate.tau,
            rank: fitted.rank,
            calibration_images: fitted.n,
            expected_reject: fitted.expected_reject(),
            reject_bound: bound.map(|share| RejectBound {
                assurance: ASSURANCE,
                share,
            }),
        }
    }
}

/// The threshold's rank and what it promises, on one line.
impl fmt::Display for InForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "rank {} of {} calibration scores, rejects {}% of known inputs on average",
            self.rank,
            self.calibration_images,
            percent::fixed(self.expected_reject)
        )?;
        match self.reject_bound {
            Some(bound) => write!(
                f,
                " and at most {}% with {}% assurance",
                percent::fixed(bound.share),
                percent::trimmed(bound.assurance)
            ),
            None => Ok(()),
        }
    }
}
