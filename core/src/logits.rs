use thiserror::Error;

/// Added to the norm before dividing by it, as in LogitNorm's training loss.
const NORM_EPS: f64 = 1e-7;

/// A network's outputs before softmax, `z`: one finite number a class, 1 to 65,535 classes.
///
/// Sums run in `f64`, so that a result does not depend on the order of accumulation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Logits<'a> {
    z: &'a [f32],
    argmax: u16,
    max: f32,
}

/// Why a slice is not a network's logits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LogitsError {
    /// There is no class to choose.
    #[error("no logits: expected at least one class")]
    Empty,
    /// A class index would not fit in 16 bits.
    #[error("{0} logits: expected at most 65535 classes")]
    TooMany(usize),
    /// NaN or infinity: the network's output means nothing.
    #[error("logit {0} is not finite")]
    NotFinite(usize),
}

impl<'a> Logits<'a> {
    /// A view of `z`, shape `[classes]`.
    ///
    /// # Errors
    /// If `z` is empty, longer than 65,535, or holds NaN or infinity.
    pub fn new(z: &'a [f32]) -> Result<Self, LogitsError> {
        if z.len() > usize::from(u16::MAX) {
            return Err(LogitsError::TooMany(z.len()));
        }
        let (mut argmax, mut max) = (0, *z.first().ok_or(LogitsError::Empty)?);
        for (i, &v) in z.iter().enumerate() {
            if !v.is_finite() {
                return Err(LogitsError::NotFinite(i));
            }
            if v > max {
                (argmax, max) = (i as u16, v);
            }
        }
        Ok(Self { z, argmax, max })
    }

    /// The logits themselves, shape `[classes]`.
    pub const fn as_slice(&self) -> &'a [f32] {
        self.z
    }

    /// The class of the largest logit, the first of ties.
    pub const fn argmax(&self) -> u16 {
        self.argmax
    }

    /// The largest logit.
    pub const fn max(&self) -> f32 {
        self.max
    }

    /// The Euclidean norm `||z||`; infinite if it exceeds `f32`.
    pub fn norm(&self) -> f32 {
        norm(self.z) as f32
    }

    /// The largest softmax probability of `z`, in (0, 1].
    ///
    /// Hendrycks and Gimpel, "A Baseline for Detecting Misclassified and Out-of-Distribution
    /// Examples in Neural Networks", 2017.
    pub fn msp(&self) -> f32 {
        (1.0 / self.sum_exp(1.0)) as f32
    }

    /// The largest softmax probability of `z / (tau (||z|| + 1e-7))`, in (0, 1]: what a LogitNorm
    /// network was trained to be right with. NaN unless `tau` is positive and finite.
    ///
    /// Wei et al., "Mitigating Neural Network Overconfidence with Logit Normalization", 2022,
    /// section 3.
    pub fn confidence(&self, tau: f32) -> f32 {
        if !is_temperature(tau) {
            return f32::NAN;
        }
        (1.0 / self.sum_exp(f64::from(tau) * (norm(self.z) + NORM_EPS))) as f32
    }

    /// The negative free energy `T logsumexp(z / T)`, at least [`max`](Self::max). NaN unless
    /// `temperature` is positive and finite.
    ///
    /// Liu et al., "Energy-based Out-of-distribution Detection", 2020, equation 4.
    pub fn energy(&self, temperature: f32) -> f32 {
        if !is_temperature(temperature) {
            return f32::NAN;
        }
        let t = f64::from(temperature);
        (f64::from(self.max) + t * libm::log(self.sum_exp(t))) as f32
    }

    /// Sum of `exp((z - max) / t)`, in [1, classes]; no term can overflow.
    fn sum_exp(&self, t: f64) -> f64 {
        let max = f64::from(self.max);
        self.z
            .iter()
            .map(|&v| libm::exp((f64::from(v) - max) / t))
            .sum()
    }
}

/// `||x||`; squares of `f32` cannot overflow `f64`.
pub(crate) fn norm(x: &[f32]) -> f64 {
    libm::sqrt(x.iter().map(|&v| f64::from(v) * f64::from(v)).sum())
}

/// Whether a tau or a temperature can divide.
pub(crate) fn is_temperature(t: f32) -> bool {
    t.is_finite() && t > 0.0
}
