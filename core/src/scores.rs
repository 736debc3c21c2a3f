use core::fmt;
use core::str::FromStr;

use thiserror::Error;

use crate::combined::CombinedError;
use crate::features::{Features, FeaturesError};
use crate::logits::{Logits, is_temperature};
use crate::references::References;

/// How in-distribution a frame looks. Always higher for in-distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Score {
    /// [`Logits::msp`], in (0, 1].
    Msp,
    /// [`Logits::max`].
    MaxLogit,
    /// [`Logits::norm`], at least 0.
    LogitNorm,
    /// The Euclidean norm of the penultimate vector `||h||`, at least 0.
    FeatureNorm,
    /// [`Logits::energy`].
    Energy {
        /// T, positive and finite.
        temperature: f32,
    },
    /// [`Features::negative_aware_norm`], at least 0.
    Nan,
    /// [`ClassMeans::nearest`](crate::ClassMeans::nearest)'s cosine, in [-1, 1]; -1 for features that are all zero.
    Cosine,
    /// [`FeatureBank::score`](crate::FeatureBank::score), in [-2, 0]; -2 for features that are all zero.
    Knn,
    /// [`Combined::score`](crate::Combined::score), at most 0.
    Combined,
}

/// Why a frame has no score.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum ScoreError {
    /// The penultimate vector is missing, not finite, or of another network.
    #[error("{score}: {why}")]
    Features {
        /// The score that needs it.
        score: &'static str,
        /// What is wrong.
        why: FeaturesError,
    },
    /// Energy cannot be computed.
    #[error("energy temperature {0} is not usable: expected a positive finite number")]
    Temperature(f32),
    /// The score exceeds `f32`.
    #[error("{0} is not finite for these outputs")]
    NotFinite(&'static str),
    /// The model keeps nothing that the score could compare with.
    #[error("{0} has no reference features: expected a model that keeps them")]
    Missing(&'static str),
    /// Two scores have no joint one.
    #[error("combined: {0}")]
    Combined(#[from] CombinedError),
    /// A name that [`Score::parse`] does not know.
    #[error(
        "unknown score: expected msp, max_logit, logit_norm, feature_norm, energy, nan, cosine, knn or combined"
    )]
    Name,
}

impl Score {
    /// The temperature that [`Score::parse`] gives to energy. Under LogitNorm the logits are
    /// small, and at T = 1 energy orders frames the wrong way round.
    pub const DEFAULT_TEMPERATURE: f32 = 0.1;

    /// Every score, energy at [`Score::DEFAULT_TEMPERATURE`].
    pub const ALL: [Self; 9] = Self::all(Self::DEFAULT_TEMPERATURE);

    /// Every score in the order of the enum, energy at `temperature`.
    pub const fn all(temperature: f32) -> [Self; 9] {
        [
            Self::Msp,
            Self::MaxLogit,
            Self::LogitNorm,
            Self::FeatureNorm,
            Self::Energy { temperature },
            Self::Nan,
            Self::Cosine,
            Self::Knn,
            Self::Combined,
        ]
    }

    /// The name in files and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Msp => "msp",
            Self::MaxLogit => "max_logit",
            Self::LogitNorm => "logit_norm",
            Self::FeatureNorm => "feature_norm",
            Self::Energy { .. } => "energy",
            Self::Nan => "nan",
            Self::Cosine => "cosine",
            Self::Knn => "knn",
            Self::Combined => "combined",
        }
    }

    /// The inverse of [`Score::name`]; energy gets [`Score::DEFAULT_TEMPERATURE`].
    ///
    /// # Errors
    /// [`ScoreError::Name`] for any other text.
    pub fn parse(name: &str) -> Result<Self, ScoreError> {
        Self::ALL
            .into_iter()
            .find(|s| s.name() == name)
            .ok_or(ScoreError::Name)
    }

    /// The same score, energy at `temperature`.
    #[must_use]
    pub const fn at(self, temperature: f32) -> Self {
        match self {
            Self::Energy { .. } => Self::Energy { temperature },
            other => other,
        }
    }

    /// The score of one frame. `features` has shape `[channels]` and is read only by the scores of features.
    ///
    /// # Errors
    /// If what the score needs is missing, not finite or out of range. The result is finite.
    pub fn compute<V: AsRef<[f32]>, C: AsRef<[i8]>>(
        self,
        logits: &Logits<'_>,
        features: &[f32],
        references: &References<V, C>,
    ) -> Result<f32, ScoreError> {
        let missing = ScoreError::Missing(self.name());
        let fault = |why| ScoreError::Features {
            score: self.name(),
            why,
        };
        let features_of = || Features::new(features).map_err(fault);
        let score = match self {
            Self::Msp => logits.msp(),
            Self::MaxLogit => logits.max(),
            Self::LogitNorm => logits.norm(),
            Self::FeatureNorm => features_of()?.norm() as f32,
            Self::Energy { temperature } if is_temperature(temperature) => {
                logits.energy(temperature)
            }
            Self::Energy { temperature } => return Err(ScoreError::Temperature(temperature)),
            Self::Nan => features_of()?.negative_aware_norm(),
            Self::Cosine => {
                let means = references.means.as_ref().ok_or(missing)?;
                let nearest = means.nearest(&features_of()?);
                lowest_without_direction(nearest.map(|n| n.cosine), -1.0).map_err(fault)?
            }
            Self::Knn => {
                let bank = references.bank.as_ref().ok_or(missing)?;
                lowest_without_direction(bank.score(&features_of()?), -2.0).map_err(fault)?
            }
            Self::Combined => {
                let combined = references.combined.as_ref().ok_or(missing)?;
                // Neither part is combined itself, so this goes no deeper.
                let of = |score: Self| score.compute(logits, features, references);
                let direction = of(combined.direction().score)?;
                combined.score(direction, of(combined.magnitude().score)?)?
            }
        };
        if score.is_finite() {
            Ok(score)
        } else {
            Err(ScoreError::NotFinite(self.name()))
        }
    }
}

/// Features that are all zero point nowhere: nothing known is less alike.
fn lowest_without_direction(
    score: Result<f32, FeaturesError>,
    lowest: f32,
) -> Result<f32, FeaturesError> {
    match score {
        Err(FeaturesError::NoDirection) => Ok(lowest),
        other => other,
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Score {
    type Err = ScoreError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::parse(name)
    }
}
