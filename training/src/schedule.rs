//! The learning rate over a run.

use serde::{Deserialize, Serialize};

use crate::error::TrainError;

/// How the learning rate moves after warm-up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// Half a cosine from the peak to 0 (Loshchilov and Hutter, SGDR, eq. 5, one cycle).
    Cosine,
    /// Times `gamma` after each of the `milestones`, in epochs.
    Step {
        /// Epochs after which the rate falls, rising.
        milestones: Vec<usize>,
        /// The factor, in (0, 1).
        gamma: f64,
    },
}

impl Schedule {
    /// The factor on the peak learning rate at `epoch` (fractional, from 0) of `epochs`.
    pub fn factor(&self, epoch: f64, epochs: f64, warmup: f64) -> f64 {
        if epoch < warmup {
            return epoch / warmup;
        }
        match self {
            Self::Cosine => {
                let done = ((epoch - warmup) / (epochs - warmup)).clamp(0.0, 1.0);
                0.5 * (1.0 + (std::f64::consts::PI * done).cos())
            }
            Self::Step { milestones, gamma } => {
                let passed = milestones.iter().filter(|&&m| epoch >= m as f64).count();
                gamma.powi(passed as i32)
            }
        }
    }

    /// Checks the milestones against the run's length.
    ///
    /// # Errors
    /// [`TrainError::Recipe`] for milestones that do not rise or lie past the end, or a gamma outside (0, 1).
    pub fn check(&self, epochs: usize) -> Result<(), TrainError> {
        let Self::Step { milestones, gamma } = self else {
            return Ok(());
        };
        if !(*gamma > 0.0 && *gamma < 1.0) {
            return Err(TrainError::Recipe {
                field: "gamma",
                value: gamma.to_string(),
                expected: "in (0, 1)",
            });
        }
        let rising = milestones.windows(2).all(|w| w[0] < w[1]);
        if milestones.is_empty() || !rising || milestones.last().is_some_and(|&m| m >= epochs) {
            return Err(TrainError::Recipe {
                field: "milestones",
                value: format!("{milestones:?}"),
                expected: "one or more, rising, before the last epoch",
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosine_goes_from_peak_to_zero_through_half() {
        let s = Schedule::Cosine;
        assert_eq!(s.factor(0.0, 10.0, 0.0), 1.0);
        assert!((s.factor(5.0, 10.0, 0.0) - 0.5).abs() < 1e-12);
        assert!(s.factor(10.0, 10.0, 0.0) < 1e-12);
    }

    #[test]
    fn warmup_is_linear_then_meets_the_peak() {
        let s = Schedule::Cosine;
        assert_eq!(s.factor(1.0, 10.0, 2.0), 0.5);
        assert_eq!(s.factor(2.0, 10.0, 2.0), 1.0);
    }

    #[test]
    fn steps_fall_at_the_papers_milestones() {
        // Wei et al. 2022, section 4.1: times 0.1 at epochs 80 and 140 of 200.
        let s = Schedule::Step {
            milestones: vec![80, 140],
            gamma: 0.1,
        };
        assert_eq!(s.factor(79.99, 200.0, 0.0), 1.0);
        assert!((s.factor(80.0, 200.0, 0.0) - 0.1).abs() < 1e-15);
        assert!((s.factor(140.0, 200.0, 0.0) - 0.01).abs() < 1e-15);
        assert!(s.check(200).is_ok());
        assert!(s.check(140).is_err());
    }
}
