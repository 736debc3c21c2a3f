//! The losses: cross entropy, and LogitNorm (Wei et al., ICML 2022, section 3).

use serde::{Deserialize, Serialize};
use tch::Tensor;

/// Keeps the division finite at the origin; the value of the paper's code.
pub const NORM_EPS: f64 = 1e-7;

/// What is minimised.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Loss {
    /// Cross entropy of the logits.
    CrossEntropy,
    /// Cross entropy of `z / ((||z|| + 1e-7) tau)`.
    LogitNorm {
        /// The temperature on the unit sphere, above 0.
        tau: f64,
    },
}

impl Loss {
    /// Mean loss of a batch: logits `[N, K]` in f32 or f64, labels `[N]` in i64; a scalar.
    pub fn mean(&self, logits: &Tensor, labels: &Tensor) -> Tensor {
        // libtorch's shorthand for this computes in f32 whatever it is given.
        let cross_entropy = |z: &Tensor| z.log_softmax(-1, z.kind()).nll_loss(labels);
        match self {
            Self::CrossEntropy => cross_entropy(logits),
            Self::LogitNorm { tau } => {
                let norm = logits.norm_scalaropt_dim(2.0, [1i64].as_slice(), true) + NORM_EPS;
                cross_entropy(&(logits / norm / *tau))
            }
        }
    }
}
