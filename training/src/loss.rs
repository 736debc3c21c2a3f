//! The losses: cross entropy, LogitNorm (Wei et al., ICML 2022, section 3), Extended LogitNorm (Ding et al. 2025), T2FNorm
//! (Regmi et al., CVPR Workshops 2024), and what negatives are pulled to (Hendrycks et al., ICLR 2019, section 3).

use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::network::Forward;

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
    /// T2FNorm: cross entropy of `W h / ((||h|| + 1e-7) tau) + b`; the trained network computes `W h / tau + b`, so its
    /// features keep their length where it counts.
    #[serde(rename = "t2f_norm")]
    T2fNorm {
        /// The temperature of the features, above 0.
        tau: f64,
    },
}

impl Loss {
    /// What the softmax is taken of, `[N, K]`: the logits of `forward`, in f32 or f64, each row scaled; `weight` `[K, C]`
    /// and `bias` `[K]` made them of the features.
    pub fn normalized(&self, forward: &Forward, weight: &Tensor, bias: &Tensor) -> Tensor {
        let Forward { features, logits } = forward;
        match self {
            Self::CrossEntropy => logits.shallow_clone(),
            Self::LogitNorm { tau } => logits / length(logits) / *tau,
            Self::ElogitNorm => logits / (boundary_distance(logits, weight) + NORM_EPS),
            Self::T2fNorm { .. } => (logits - bias) / length(features) + bias,
        }
    }

    /// What the features are multiplied by before the head.
    pub fn head_scale(&self) -> f64 {
        match self {
            Self::T2fNorm { tau } => 1.0 / tau,
            Self::CrossEntropy | Self::LogitNorm { .. } | Self::ElogitNorm => 1.0,
        }
    }

    /// The temperature, where the loss has one.
    pub fn tau(&self) -> Option<f64> {
        match self {
            Self::LogitNorm { tau } | Self::T2fNorm { tau } => Some(*tau),
            Self::CrossEntropy | Self::ElogitNorm => None,
        }
    }
}

/// The length of each row, never 0: `[N, 1]`.
fn length(rows: &Tensor) -> Tensor {
    rows.norm_scalaropt_dim(2.0, [1i64].as_slice(), true) + NORM_EPS
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
