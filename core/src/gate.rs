use crate::logits::{Logits, is_temperature};
use crate::scores::Score;
use crate::threshold::Threshold;
use crate::verdict::Verdict;

/// Decides whether a network's outputs are of a known class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gate {
    /// What is compared with the threshold.
    pub score: Score,
    /// Accept iff `score >= threshold`.
    pub threshold: Threshold,
    /// LogitNorm's temperature in training, for the confidence only: positive and finite. `None` for a network
    /// trained with cross entropy, whose confidence is the softmax of its logits.
    pub tau: Option<f32>,
}

impl Gate {
    /// The verdict on one frame: `logits` of shape `[classes]`, `features` of shape `[channels]`.
    ///
    /// Never fails: logits that [`Logits::new`] refuses, a score that cannot be computed or an
    /// unusable `tau` give [`Verdict::UNSCORED`].
    pub fn judge(&self, logits: &[f32], features: &[f32]) -> Verdict {
        let Ok(logits) = Logits::new(logits) else {
            return Verdict::UNSCORED;
        };
        let Ok(score) = self.score.compute(&logits, features) else {
            return Verdict::UNSCORED;
        };
        let confidence = match self.tau {
            None => logits.msp(),
            Some(tau) if is_temperature(tau) => logits.confidence(tau),
            Some(_) => return Verdict::UNSCORED,
        };
        let class = logits.argmax();
        if self.threshold.accepts(score) {
            Verdict::Known {
                class,
                score,
                confidence,
            }
        } else {
            Verdict::Unknown {
                score: Some(score),
                nearest: Some(class),
            }
        }
    }
}
