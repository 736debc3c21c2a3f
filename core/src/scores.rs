use core::fmt;
use core::str::FromStr;

use thiserror::Error;

use crate::logits::{Logits, is_temperature, norm};

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
}

/// Why a frame has no score.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum ScoreError {
    /// The network gave no penultimate vector.
    #[error("no features: feature_norm needs the penultimate vector")]
    NoFeatures,
    /// NaN or infinity in the penultimate vector.
    #[error("feature {0} is not finite")]
    Feature(usize),
    /// Energy cannot be computed.
    #[error("energy temperature {0} is not usable: expected a positive finite number")]
    Temperature(f32),
    /// The score exceeds `f32`.
    #[error("{0} is not finite for these outputs")]
    NotFinite(&'static str),
    /// A name that [`Score::parse`] does not know.
    #[error("unknown score: expected msp, max_logit, logit_norm, feature_norm or energy")]
    Name,
}

impl Score {
    /// The temperature that [`Score::parse`] gives to energy. Under LogitNorm the logits are
    /// small, and at T = 1 energy orders frames the wrong way round.
    pub const DEFAULT_TEMPERATURE: f32 = 0.1;

    /// Every score, energy at [`Score::DEFAULT_TEMPERATURE`].
    pub const ALL: [Self; 5] = Self::all(Self::DEFAULT_TEMPERATURE);

    /// Every score in the order of the enum, energy at `temperature`.
    pub const fn all(temperature: f32) -> [Self; 5] {
        [
            Self::Msp,
            Self::MaxLogit,
            Self::LogitNorm,
            Self::FeatureNorm,
            Self::Energy { temperature },
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

    /// The score of one frame. `features` has shape `[channels]` and is read by
    /// [`Score::FeatureNorm`] only.
    ///
    /// # Errors
    /// If what the score needs is missing, not finite or out of range. The result is finite.
    pub fn compute(self, logits: &Logits<'_>, features: &[f32]) -> Result<f32, ScoreError> {
        let score = match self {
            Self::Msp => logits.msp(),
            Self::MaxLogit => logits.max(),
            Self::LogitNorm => logits.norm(),
            Self::FeatureNorm => feature_norm(features)?,
            Self::Energy { temperature } if is_temperature(temperature) => {
                logits.energy(temperature)
            }
            Self::Energy { temperature } => return Err(ScoreError::Temperature(temperature)),
        };
        if score.is_finite() {
            Ok(score)
        } else {
            Err(ScoreError::NotFinite(self.name()))
        }
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

/// All five scores of one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scores {
    /// See [`Score::Msp`].
    pub msp: f32,
    /// See [`Score::MaxLogit`].
    pub max_logit: f32,
    /// See [`Score::LogitNorm`].
    pub logit_norm: f32,
    /// See [`Score::FeatureNorm`].
    pub feature_norm: f32,
    /// See [`Score::Energy`].
    pub energy: f32,
    /// The temperature of [`energy`](Self::energy).
    pub temperature: f32,
}

impl Scores {
    /// All scores of one frame, energy at `temperature`.
    ///
    /// # Errors
    /// If any of them cannot be computed; see [`Score::compute`].
    pub fn compute(
        logits: &Logits<'_>,
        features: &[f32],
        temperature: f32,
    ) -> Result<Self, ScoreError> {
        let of = |score: Score| score.compute(logits, features);
        Ok(Self {
            msp: of(Score::Msp)?,
            max_logit: of(Score::MaxLogit)?,
            logit_norm: of(Score::LogitNorm)?,
            feature_norm: of(Score::FeatureNorm)?,
            energy: of(Score::Energy { temperature })?,
            temperature,
        })
    }

    /// Each score with its value, in the order of [`Score::ALL`].
    pub const fn to_array(&self) -> [(Score, f32); 5] {
        [
            (Score::Msp, self.msp),
            (Score::MaxLogit, self.max_logit),
            (Score::LogitNorm, self.logit_norm),
            (Score::FeatureNorm, self.feature_norm),
            (
                Score::Energy {
                    temperature: self.temperature,
                },
                self.energy,
            ),
        ]
    }
}

fn feature_norm(features: &[f32]) -> Result<f32, ScoreError> {
    if features.is_empty() {
        return Err(ScoreError::NoFeatures);
    }
    match features.iter().position(|v| !v.is_finite()) {
        Some(i) => Err(ScoreError::Feature(i)),
        None => Ok(norm(features) as f32),
    }
}
