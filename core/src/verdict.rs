/// What is decided of one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// In-distribution: the score reached the threshold.
    Known {
        /// Index of the class.
        class: u16,
        /// The gate's score, at least the threshold.
        score: f32,
        /// Probability of the class in (0, 1]: softmax of `z / (tau (||z|| + 1e-7))`, or of `z` for
        /// a network that has no tau.
        confidence: f32,
        /// The share of known frames that score as low, in (0, 1]: conformal, see
        /// [`ScoreTable::p_value`](crate::ScoreTable::p_value).
        p_value: f32,
    },
    /// Out of distribution, or not scorable.
    Unknown {
        /// The gate's score, below the threshold; none if the frame could not be scored.
        score: Option<f32>,
        /// The class of the largest logit; none if there are no usable logits.
        nearest: Option<u16>,
        /// The conformal p-value of the score; none if there is no score.
        p_value: Option<f32>,
    },
}

impl Verdict {
    /// The verdict on a frame that could not be read or scored.
    pub const UNSCORED: Self = Self::Unknown {
        score: None,
        nearest: None,
        p_value: None,
    };

    /// The class, if known.
    pub const fn class(&self) -> Option<u16> {
        match self {
            Self::Known { class, .. } => Some(*class),
            Self::Unknown { .. } => None,
        }
    }

    /// Whether the frame was accepted.
    pub const fn is_known(&self) -> bool {
        matches!(self, Self::Known { .. })
    }

    /// The gate's score, if the frame could be scored.
    pub const fn score(&self) -> Option<f32> {
        match self {
            Self::Known { score, .. } => Some(*score),
            Self::Unknown { score, .. } => *score,
        }
    }

    /// The conformal p-value, if the frame could be scored.
    pub const fn p_value(&self) -> Option<f32> {
        match self {
            Self::Known { p_value, .. } => Some(*p_value),
            Self::Unknown { p_value, .. } => *p_value,
        }
    }
}

impl Default for Verdict {
    /// [`Verdict::UNSCORED`].
    fn default() -> Self {
        Self::UNSCORED
    }
}
