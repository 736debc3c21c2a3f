//! Whether the stream of frames still looks like the calibration images: a sequential test on conformal p-values.
//!
//! It bets against the p-values, on low scores and on high ones at once (see [`ScoreTable::tails`]), so frames
//! that are too unlike known images tell, and frames that are too typical of them. No random numbers: the p-values
//! are conservative, and a bet that pays more for a smaller p-value only loses by that.
//!
//! ```
//! use normgate_core::{Drift, DriftDetector, DriftPolicy, ScoreTable};
//!
//! let stored = [0.1, 0.4, 0.5, 0.6, 0.9];
//! let table = ScoreTable::new(&stored, 5000)?;
//! // One false alarm in 10 million frames, every 30th frame looked at.
//! let mut detector = DriftDetector::new(&table, DriftPolicy::new(1e7, 30, 0.95)?);
//! let frames = [0.05f32; 600];
//! let alarm = frames.iter().find_map(|&score| detector.push(table.tails(score)));
//! assert_eq!(alarm, Some(Drift::Falling));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What the false-alarm rate holds for
//! - **The calibration set is finite and stays the same.** Given that set, p-values of known images are not quite
//!   uniform, and a test that runs for months would find out. Each bet's pay is therefore divided by a bound on
//!   its mean over what the set leaves unknown. The rate holds with the stated `assurance` over the draw of
//!   the calibration set; a shift smaller than that uncertainty is never found. Conditional tests against a fixed
//!   reference set: Shaer et al., "Testing For Distribution Shifts with Conditional Conformal Test Martingales",
//!   2026.
//! - **The calibration images must not have been used to fit the weights**, or every stream looks shifted.
//! - **Frames must be as independent as the calibration images are.** Consecutive camera frames are not: one odd
//!   scene gives hundreds of small p-values, and no rate holds. `stride` thins the stream: one frame in
//!   `stride` is bet on. Choose it longer than a scene lasts. A camera that looks at the same scene for hours *is*
//!   unlike the calibration images, and an alarm about it is right in that sense.

mod detector;

use thiserror::Error;

use crate::bets::{Bets, Pays};
#[cfg(doc)]
use crate::p_value::ScoreTable;

pub use detector::DriftDetector;

/// Which way the scores went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Drift {
    /// Lower than the calibration scores: frames look less like known images.
    Falling,
    /// Higher than the calibration scores, as of frames that are too alike.
    Rising,
}

impl Drift {
    /// The name in files and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Falling => "falling",
            Self::Rising => "rising",
        }
    }
}

/// How often a drift alarm may be false.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DriftPolicy {
    frames: f64,
    stride: u32,
    assurance: f64,
}

/// Why a drift test is refused.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum DriftError {
    /// Alarms at every frame, or an overflow.
    #[error(
        "{frames} frames for each false alarm at stride {stride}: expected {least} to {most:e} frames for each of the stride",
        least = DriftPolicy::MIN_BETS,
        most = DriftPolicy::MAX_BETS
    )]
    Frames {
        /// As given.
        frames: f64,
        /// As given.
        stride: u32,
    },
    /// No frame would be looked at.
    #[error("stride 0: expected 1 or more")]
    Stride,
    /// Not a probability that a bound can hold with.
    #[error("assurance {0} is out of range: expected more than 0 and less than 1")]
    Assurance(f64),
}

impl DriftPolicy {
    /// The smallest mean run between false alarms, in frames looked at.
    pub const MIN_BETS: f64 = 2.0;

    /// The largest mean run between false alarms, in frames looked at.
    pub const MAX_BETS: f64 = 1e12;

    /// At most one false alarm in `frames` frames on average, one frame in `stride` being looked at, for a share
    /// `assurance` of calibration sets.
    ///
    /// # Errors
    /// If `stride` is 0, `frames / stride` is not in [`MIN_BETS`](Self::MIN_BETS)..=[`MAX_BETS`](Self::MAX_BETS),
    /// or `assurance` is not inside (0, 1).
    pub fn new(frames: f64, stride: u32, assurance: f64) -> Result<Self, DriftError> {
        if stride == 0 {
            return Err(DriftError::Stride);
        }
        if !(Self::MIN_BETS..=Self::MAX_BETS).contains(&(frames / f64::from(stride))) {
            return Err(DriftError::Frames { frames, stride });
        }
        if !(assurance > 0.0 && assurance < 1.0) {
            return Err(DriftError::Assurance(assurance));
        }
        Ok(Self {
            frames,
            stride,
            assurance,
        })
    }

    /// Frames for each false alarm, on average at least.
    pub const fn frames(&self) -> f64 {
        self.frames
    }

    /// One frame in so many is looked at.
    pub const fn stride(&self) -> u32 {
        self.stride
    }

    /// The share of calibration sets that the rate holds for, at least.
    pub const fn assurance(&self) -> f64 {
        self.assurance
    }
}

/// Takes one frame in `stride`, the first one too.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Thinning {
    stride: u32,
    skip: u32,
}

impl Thinning {
    const fn new(stride: u32) -> Self {
        Self { stride, skip: 0 }
    }

    fn takes(&mut self) -> bool {
        let taken = self.skip == 0;
        self.skip = if taken {
            self.stride - 1
        } else {
            self.skip - 1
        };
        taken
    }
}

fn mean(sums: &Pays) -> f64 {
    sums.iter().sum::<f64>() / sums.len() as f64
}

/// The side of the bets that won most.
fn direction(sums: &Pays) -> Drift {
    let (mut best, mut index) = (f64::NEG_INFINITY, 0);
    for (i, &sum) in sums.iter().enumerate() {
        if sum > best {
            (best, index) = (sum, i);
        }
    }
    if Bets::is_falling(index) {
        Drift::Falling
    } else {
        Drift::Rising
    }
}
