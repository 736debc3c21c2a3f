//! The losses: cross entropy, LogitNorm (Wei et al., ICML 2022, section 3), Extended LogitNorm (Ding et al. 2025), and
//! what negatives are pulled to (Hendrycks et al., ICLR 2019, section 3).

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
    /// Cross entropy of `z / (D + 1e-7)`, D the features' mean distance to the boundaries between the largest class m
    /// and each class j: `D = 1/K sum_j |z_m - z_j| / ||w_m - w_j||`, where the term of m itself is 0. No temperature.
    #[serde(rename = "elogit_norm")]
    ElogitNorm,
}

impl Loss {
    /// What the softmax is taken of: `logits` `[N, K]` in f32 or f64 scaled a row; `head` is the weight `[K, C]` that
    /// made them of the features.
    pub fn normalized(&self, logits: &Tensor, head: &Tensor) -> Tensor {
        match self {
            Self::CrossEntropy => logits.shallow_clone(),
            Self::LogitNorm { tau } => {
                let norm = logits.norm_scalaropt_dim(2.0, [1i64].as_slice(), true) + NORM_EPS;
                logits / norm / *tau
            }
            Self::ElogitNorm => logits / (boundary_distance(logits, head) + NORM_EPS),
        }
    }
}

/// Mean cross entropy of a batch: what [`Loss::normalized`] gave, and labels `[N]` in i64; a scalar.
pub fn cross_entropy(normalized: &Tensor, labels: &Tensor) -> Tensor {
    // libtorch's shorthand for this computes in f32 whatever it is given.
    normalized
        .log_softmax(-1, normalized.kind())
        .nll_loss(labels)
}

/// Mean cross entropy to the uniform distribution: `ln sum_k exp(u_k) - 1/K sum_k u_k`, ln K at the least; a scalar.
pub fn to_uniform(normalized: &Tensor) -> Tensor {
    let kind = normalized.kind();
    -normalized.log_softmax(-1, kind).mean(kind)
}

/// Mean distance of the features to the decision boundaries of the largest class, `[N, 1]`.
fn boundary_distance(logits: &Tensor, head: &Tensor) -> Tensor {
    let classes = head.size()[0];
    let apart = head.unsqueeze(1) - head.unsqueeze(0);
    // The diagonal would be 0 / 0: its distance is 0 whatever the divisor, and a root at 0 has no gradient.
    let identity = Tensor::eye(classes, (head.kind(), head.device()));
    let apart = (apart.square().sum_dim_intlist(2i64, false, None) + identity).sqrt();
    let (largest, class) = logits.max_dim(1, true);
    let gaps = largest - logits;
    let apart = apart.index_select(0, &class.view([-1]));
    (gaps / apart).mean_dim(1i64, true, None)
}
