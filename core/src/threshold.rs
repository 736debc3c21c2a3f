use thiserror::Error;

use crate::beta;

/// The share of calibration sets that bounds and rates are told for where none is asked for.
pub const ASSURANCE: f64 = 0.95;

/// The score a frame must reach to be accepted; always finite.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Threshold(f32);

/// A threshold and what it was fitted on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fitted {
    /// The `rank`-th smallest calibration score.
    pub threshold: Threshold,
    /// Calibration scores, at least `rank`.
    pub n: usize,
    /// Which of them the threshold is, from 1 for the smallest.
    pub rank: usize,
}

/// Why there is no threshold, or no bound on one.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum ThresholdError {
    /// Nothing could be compared with it.
    #[error("threshold {0} is not finite")]
    NotFinite(f32),
    /// Not a share.
    #[error("reject rate {0} is out of range: expected more than 0 and less than 1")]
    RejectRate(f64),
    /// Even the smallest score would reject a larger share.
    #[error("{have} calibration scores are too few for this reject rate: expected at least {need}")]
    TooFew {
        /// Scores given.
        have: usize,
        /// Scores needed.
        need: usize,
    },
    /// NaN or infinity among the calibration scores.
    #[error("calibration score {0} is not finite")]
    Score(usize),
    /// The order is wrong from here on.
    #[error("calibration score {0} is smaller than the one before it: expected ascending order")]
    NotSorted(usize),
    /// Not a probability that a bound can hold with.
    #[error("assurance {0} is out of range: expected more than 0 and less than 1")]
    Assurance(f64),
    /// Fields of [`Fitted`] that no fit gives.
    #[error("rank {rank} of {n} calibration scores: expected a rank from 1 to {n}")]
    Rank {
        /// As given.
        rank: usize,
        /// As given.
        n: usize,
    },
}

impl Threshold {
    /// A threshold at `score`.
    ///
    /// # Errors
    /// If `score` is NaN or infinite.
    pub fn new(score: f32) -> Result<Self, ThresholdError> {
        if score.is_finite() {
            Ok(Self(score))
        } else {
            Err(ThresholdError::NotFinite(score))
        }
    }

    /// The threshold in the score's own units.
    pub const fn get(self) -> f32 {
        self.0
    }

    /// `score >= threshold`; NaN is never accepted.
    pub fn accepts(self, score: f32) -> bool {
        score >= self.0
    }

    /// Split conformal threshold: the `k`-th smallest of `n` calibration scores,
    /// `k = floor(reject_rate (n + 1))`.
    ///
    /// A new in-distribution frame, exchangeable with the calibration frames, is rejected with
    /// probability at most `reject_rate`, over the draw of both.
    /// Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World", 2005.
    ///
    /// # Errors
    /// If the rate is not inside (0, 1), the scores are not finite and ascending, or there are
    /// fewer than `1 / reject_rate - 1` of them.
    pub fn fit(sorted_ascending: &[f32], reject_rate: f64) -> Result<Fitted, ThresholdError> {
        if !(reject_rate > 0.0 && reject_rate < 1.0) {
            return Err(ThresholdError::RejectRate(reject_rate));
        }
        if let Some(i) = sorted_ascending.iter().position(|s| !s.is_finite()) {
            return Err(ThresholdError::Score(i));
        }
        if let Some(i) = sorted_ascending.windows(2).position(|w| w[1] < w[0]) {
            return Err(ThresholdError::NotSorted(i + 1));
        }
        let n = sorted_ascending.len();
        let rank = rank(n, reject_rate);
        let Some(&score) = rank.checked_sub(1).and_then(|i| sorted_ascending.get(i)) else {
            let need = libm::ceil(1.0 / reject_rate) - 1.0;
            return Err(ThresholdError::TooFew {
                have: n,
                need: need as usize,
            });
        };
        Ok(Fitted {
            threshold: Self(score),
            n,
            rank,
        })
    }
}

/// The largest `k <= n` with `k / (n + 1) <= rate`. Multiplying alone would lose a rank to
/// rounding: 0.29 * 100 is less than 29.
pub(crate) fn rank(n: usize, rate: f64) -> usize {
    let slots = (n + 1) as f64;
    let k = (rate * slots) as usize;
    let k = if (k + 1) as f64 / slots <= rate {
        k + 1
    } else {
        k
    };
    k.min(n)
}

impl Fitted {
    /// The share of in-distribution frames that the threshold rejects on average over
    /// calibration sets, `rank / (n + 1)`; less where scores tie.
    pub fn expected_reject(&self) -> f64 {
        self.rank as f64 / (self.n as f64 + 1.0)
    }

    /// The reject share that this very threshold exceeds with probability `1 - assurance`, over
    /// the draw of the calibration set: the `assurance` quantile of Beta(k, n + 1 - k).
    ///
    /// Vovk, "Conditional Validity of Inductive Conformal Predictors", 2012, proposition 2b.
    ///
    /// # Errors
    /// If `assurance` is not inside (0, 1), or `rank` is not in 1..=n.
    pub fn coverage_bound(&self, assurance: f64) -> Result<f64, ThresholdError> {
        let Self { n, rank, .. } = *self;
        if !(assurance > 0.0 && assurance < 1.0) {
            return Err(ThresholdError::Assurance(assurance));
        }
        if !(1..=n).contains(&rank) {
            return Err(ThresholdError::Rank { rank, n });
        }
        Ok(beta::quantile(
            rank as f64,
            (n - rank + 1) as f64,
            assurance,
        ))
    }
}
