use core::fmt;
use core::str::FromStr;

use thiserror::Error;

use crate::p_value::ScoreTable;
use crate::scores::Score;

/// How the evidence of two scores becomes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// The sum of the two logarithms, by Fisher: both scores count, and two weak signs make a strong one.
    Fisher,
    /// The smaller of the two, by Tippett: one score that is far out is enough.
    Min,
}

/// One score of direction and magnitude: a frame is in-distribution if neither its direction (a cosine, a
/// neighbour's distance, MSP) nor its magnitude (`||z||`, `||h||`, NAN) is rare among the calibration frames.
///
/// Each score is turned into the logarithm of its rank among known images' scores ([`ScoreTable::log_share`]), and
/// a [`Rule`] joins the two. There is nothing to fit but two tables of in-distribution scores: no weight between
/// cosines and norms has to be chosen, so none can be tuned to an OOD set, and neither score's units matter.
///
/// The result is a score like any other and not a p-value, for the two are dependent. It gets a table and a
/// threshold of its own, from calibration images that the two tables have not seen (they may be of the images that
/// fitted the weights); on the same images the split conformal bound would not be exact.
///
/// Fisher's and Tippett's rules on p-values of several OOD scores: Haroush et al., "A Statistical Framework for
/// Efficient Out of Distribution Detection in Deep Neural Networks", 2022; quantile normalization of the scores
/// first: Dadalto et al., "Combine and Conquer: A Meta-Analysis on Data Shift and Out-of-Distribution
/// Detection", 2024.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Combined<V> {
    direction: Part<V>,
    magnitude: Part<V>,
    rule: Rule,
}

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part<V> {
    /// What is computed of a frame.
    pub score: Score,
    /// Its values on known images.
    pub table: ScoreTable<V>,
}

/// Why two scores have no joint one.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum CombinedError {
    /// NaN or infinity.
    #[error("{0} is not finite")]
    NotFinite(&'static str),
    /// A combined score has no end then.
    #[error("combined is a part of itself: expected two other scores")]
    Nested,
    /// A name that [`Rule::parse`] does not know.
    #[error("unknown rule: expected fisher or min")]
    Name,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 2] = [Self::Fisher, Self::Min];

    /// The name in files and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fisher => "fisher",
            Self::Min => "min",
        }
    }

    /// The inverse of [`Rule::name`].
    ///
    /// # Errors
    /// [`CombinedError::Name`] for any other text.
    pub fn parse(name: &str) -> Result<Self, CombinedError> {
        Self::ALL
            .into_iter()
            .find(|r| r.name() == name)
            .ok_or(CombinedError::Name)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Rule {
    type Err = CombinedError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::parse(name)
    }
}

impl<V: AsRef<[f32]>> Combined<V> {
    /// Joins two scores by `rule`.
    ///
    /// # Errors
    /// [`CombinedError::Nested`] if either is [`Score::Combined`] itself.
    pub fn new(direction: Part<V>, magnitude: Part<V>, rule: Rule) -> Result<Self, CombinedError> {
        if [direction.score, magnitude.score].contains(&Score::Combined) {
            return Err(CombinedError::Nested);
        }
        Ok(Self {
            direction,
            magnitude,
            rule,
        })
    }

    /// The part that looks at the direction.
    pub const fn direction(&self) -> &Part<V> {
        &self.direction
    }

    /// The part that looks at the magnitude.
    pub const fn magnitude(&self) -> &Part<V> {
        &self.magnitude
    }

    /// The same two scores, a part of energy at `temperature`.
    #[must_use]
    pub fn at(mut self, temperature: f32) -> Self {
        self.direction.score = self.direction.score.at(temperature);
        self.magnitude.score = self.magnitude.score.at(temperature);
        self
    }

    /// How they are joined.
    pub const fn rule(&self) -> Rule {
        self.rule
    }

    /// The joint score of a frame, at most 0; finite, and no lower for a higher `direction` or `magnitude`.
    ///
    /// # Errors
    /// If either is NaN or infinite.
    pub fn score(&self, direction: f32, magnitude: f32) -> Result<f32, CombinedError> {
        let log_share = |part: &Part<V>, score, name| {
            let share = part.table.log_share(score);
            share.ok_or(CombinedError::NotFinite(name))
        };
        let a = log_share(&self.direction, direction, "direction")?;
        let b = log_share(&self.magnitude, magnitude, "magnitude")?;
        let joint = match self.rule {
            Rule::Fisher => a + b,
            Rule::Min => a.min(b),
        };
        // Farther out than f32 reaches is as far as it goes.
        Ok(joint.max(f64::from(f32::MIN)) as f32)
    }
}
