use thiserror::Error;

use crate::logits::norm;

/// A network's penultimate vector `h`: one finite number a channel, at least one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Features<'a> {
    h: &'a [f32],
    norm: f64,
}

/// Why a vector has no score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FeaturesError {
    /// The network gave no penultimate vector.
    #[error("no features: expected the penultimate vector")]
    Empty,
    /// NaN or infinity: the network's output means nothing.
    #[error("feature {0} is not finite")]
    NotFinite(usize),
    /// The vector is of another network than the stored rows.
    #[error("{have} features: expected {need}")]
    Channels {
        /// As given.
        have: usize,
        /// Channels of the stored rows.
        need: usize,
    },
    /// Every feature is zero, so there is no direction to compare.
    #[error("every feature is zero: expected a vector with a direction")]
    NoDirection,
}

impl<'a> Features<'a> {
    /// A view of `h`, shape `[channels]`.
    ///
    /// # Errors
    /// If `h` is empty or holds NaN or infinity.
    pub fn new(h: &'a [f32]) -> Result<Self, FeaturesError> {
        if h.is_empty() {
            return Err(FeaturesError::Empty);
        }
        match h.iter().position(|v| !v.is_finite()) {
            Some(i) => Err(FeaturesError::NotFinite(i)),
            None => Ok(Self { h, norm: norm(h) }),
        }
    }

    /// The features themselves, shape `[channels]`.
    pub const fn as_slice(&self) -> &'a [f32] {
        self.h
    }

    /// The Euclidean norm `||h||`, finite, at least 0.
    pub const fn norm(&self) -> f64 {
        self.norm
    }

    /// The largest magnitude of a feature, at least 0.
    pub fn largest(&self) -> f64 {
        let larger = |m: f64, &v: &f32| m.max(libm::fabs(f64::from(v)));
        self.h.iter().fold(0.0, larger)
    }

    /// The norm, if the vector can be divided by it and compared with rows of `channels` numbers.
    pub(crate) fn direction(&self, channels: usize) -> Result<f64, FeaturesError> {
        if self.h.len() != channels {
            return Err(FeaturesError::Channels {
                have: self.h.len(),
                need: channels,
            });
        }
        if self.norm > 0.0 {
            Ok(self.norm)
        } else {
            Err(FeaturesError::NoDirection)
        }
    }
}
