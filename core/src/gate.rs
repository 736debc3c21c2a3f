use crate::logits::{Logits, is_temperature};
use crate::p_value::ScoreTable;
use crate::references::References;
use crate::scores::Score;
use crate::threshold::{Fitted, Threshold, ThresholdError};
use crate::verdict::Verdict;

/// Decides whether a network's outputs are of a known class.
///
/// `V` holds `f32` values, `C` codes: slices, arrays or `Vec`s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gate<V, C> {
    /// What is compared with the threshold.
    pub score: Score,
    /// Accept iff `score >= fitted.threshold`.
    pub fitted: Fitted,
    /// LogitNorm's temperature in training, for the confidence only: positive and finite. `None` for a network
    /// trained with cross entropy, whose confidence is the softmax of its logits.
    pub tau: Option<f32>,
    /// The score on the calibration images, for p-values and other reject rates.
    pub table: ScoreTable<V>,
    /// What the score compares a frame with.
    pub references: References<V, C>,
}

impl<V: AsRef<[f32]>, C: AsRef<[i8]>> Gate<V, C> {
    /// The threshold in use.
    pub const fn threshold(&self) -> Threshold {
        self.fitted.threshold
    }

    /// The same gate at another reject rate, from the stored calibration scores; see [`ScoreTable::threshold`].
    ///
    /// # Errors
    /// If the rate is not inside (0, 1), or too small for the number of calibration images.
    pub fn with_reject_rate(mut self, reject_rate: f64) -> Result<Self, ThresholdError> {
        self.fitted = self.table.threshold(reject_rate)?;
        Ok(self)
    }

    /// The verdict on one frame: `logits` of shape `[classes]`, `features` of shape `[channels]`.
    ///
    /// Never fails: logits that [`Logits::new`] refuses, a score that cannot be computed or an
    /// unusable `tau` give [`Verdict::UNSCORED`].
    pub fn judge(&self, logits: &[f32], features: &[f32]) -> Verdict {
        let Ok(logits) = Logits::new(logits) else {
            return Verdict::UNSCORED;
        };
        let Ok(score) = self.score.compute(&logits, features, &self.references) else {
            return Verdict::UNSCORED;
        };
        let confidence = match self.tau {
            None => logits.msp(),
            Some(tau) if is_temperature(tau) => logits.confidence(tau),
            Some(_) => return Verdict::UNSCORED,
        };
        let class = logits.argmax();
        let p_value = self.table.p_value(score) as f32;
        if self.threshold().accepts(score) {
            Verdict::Known {
                class,
                score,
                confidence,
                p_value,
            }
        } else {
            Verdict::Unknown {
                score: Some(score),
                nearest: Some(class),
                p_value: Some(p_value),
            }
        }
    }
}
