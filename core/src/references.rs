use crate::bank::FeatureBank;
use crate::combined::Combined;
use crate::means::ClassMeans;
use crate::scores::{Score, ScoreError};

/// What some scores compare a frame with, out of a model file; each may be missing, and its score then is.
///
/// `V` holds `f32` values, `C` codes: slices, arrays or `Vec`s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct References<V, C> {
    /// For [`Score::Cosine`].
    pub means: Option<ClassMeans<C>>,
    /// For [`Score::Knn`].
    pub bank: Option<FeatureBank<C>>,
    /// For [`Score::Combined`].
    pub combined: Option<Combined<V>>,
}

impl<V, C> Default for References<V, C> {
    fn default() -> Self {
        Self {
            means: None,
            bank: None,
            combined: None,
        }
    }
}

impl<V: AsRef<[f32]>, C: AsRef<[i8]>> References<V, C> {
    /// The same, energy among combined's two scores at `temperature`.
    #[must_use]
    pub fn at(self, temperature: f32) -> Self {
        Self {
            combined: self.combined.map(|combined| combined.at(temperature)),
            ..self
        }
    }

    /// Whether `score` can be computed of a frame.
    ///
    /// # Errors
    /// [`ScoreError::Missing`] with the name of the first score that has nothing to compare with.
    pub fn check(&self, score: Score) -> Result<(), ScoreError> {
        let there = match score {
            Score::Cosine => self.means.is_some(),
            Score::Knn => self.bank.is_some(),
            Score::Combined => {
                let combined = self.combined.as_ref();
                let combined = combined.ok_or(ScoreError::Missing(score.name()))?;
                self.check(combined.direction().score)?;
                return self.check(combined.magnitude().score);
            }
            _ => true,
        };
        match there {
            true => Ok(()),
            false => Err(ScoreError::Missing(score.name())),
        }
    }

    /// The scores that can be computed, in the order of [`Score::ALL`], energy at `temperature`.
    pub fn scores(&self, temperature: f32) -> impl Iterator<Item = Score> {
        let all = Score::all(temperature).into_iter();
        all.filter(|&score| self.check(score).is_ok())
    }
}
