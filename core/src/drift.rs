//! Whether the stream of frames still looks like the calibration images: sequential tests on conformal p-values.
//!
//! Both tests bet against the p-values, on low scores and on high ones at once (see [`ScoreTable::tails`]), so frames
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
//! # What the false-alarm rates hold for
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

use thiserror::Error;

use crate::bets::{BETS, Bets};
use crate::p_value::{ScoreTable, Tails};

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
    /// Not a probability of a false alarm.
    #[error("false alarm probability {0} is out of range: expected {min:e} to 0.5", min = 1.0 / DriftPolicy::MAX_BETS)]
    Probability(f64),
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
        check_assurance(assurance)?;
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

fn check_assurance(assurance: f64) -> Result<(), DriftError> {
    if assurance > 0.0 && assurance < 1.0 {
        Ok(())
    } else {
        Err(DriftError::Assurance(assurance))
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

/// Watches a stream for months: a conformal Shiryaev-Roberts detector, which starts again after each alarm.
///
/// Each bet keeps `R := (1 + R) pay`, the sum of what it would have won had it been started at each frame so far;
/// the evidence is the mean of R over the bets, and there is an alarm when it reaches `A = frames / stride`.
/// The evidence and `A` for each alarm so far grow together by at most 1 on average with each frame looked at, so
/// the expected number of false alarms in the first `T` frames is at most `T / frames`, for every `T` in whole strides.
///
/// Shin, Ramdas and Rinaldo, "E-detectors: A Nonparametric Framework for Sequential Change Detection", 2023; on
/// conformal p-values: Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World", second edition, 2022,
/// chapter 8.
///
/// At most 256 bytes; a frame looked at costs 4 powers and some 40 multiplications. R is at least the last pay
/// and at most `14 A` times the largest, so plain `f64` neither under- nor overflows and no logarithms are needed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DriftDetector {
    bets: Bets,
    sums: [f64; BETS],
    limit: f64,
    thinning: Thinning,
}

const _: () = assert!(size_of::<DriftDetector>() <= 256);

impl DriftDetector {
    /// A detector that has seen nothing, for p-values from `table`. Computes the bets' bounds, some 5 million
    /// multiply-adds for a table of 201; the table is not kept.
    pub fn new(table: &ScoreTable<'_>, policy: DriftPolicy) -> Self {
        Self {
            bets: Bets::new(table, policy.assurance),
            sums: [0.0; BETS],
            limit: policy.frames / f64::from(policy.stride),
            thinning: Thinning::new(policy.stride),
        }
    }

    /// Takes the next frame's p-values; tells of a drift once, and starts again. A frame without a score is not a
    /// frame to the detector: do not push it.
    pub fn push(&mut self, tails: Tails) -> Option<Drift> {
        if !self.thinning.takes() {
            return None;
        }
        for (sum, pay) in self.sums.iter_mut().zip(self.bets.pays(tails)) {
            *sum = (1.0 + *sum) * pay;
        }
        if mean(&self.sums) < self.limit {
            return None;
        }
        let drift = direction(&self.sums);
        self.reset();
        Some(drift)
    }

    /// How near an alarm is: the share of the evidence that makes one, in [0, 1).
    pub fn evidence(&self) -> f64 {
        mean(&self.sums) / self.limit
    }

    /// Forgets the evidence, as after a source was lost.
    pub fn reset(&mut self) {
        self.sums = [0.0; BETS];
    }
}

/// Tells once whether a stream drifts at all: a conformal test martingale.
///
/// Each bet's capital is spread over all the frames to start at, `1 / (2.11 (t + 1) ln^2 (t + 1))` of it at frame
/// `t`, and what has not started stays as cash; so the capital of a drift that begins late is not lost before. The
/// evidence is the mean capital, which starts at 1. By Ville's inequality the probability that it **ever** reaches
/// `1 / probability` without a drift is at most `probability`.
///
/// Vovk, Nouretdinov and Gammerman, "Testing Exchangeability On-Line", 2003; Ville's inequality: Shafer et al., "Test
/// Martingales, Bayes Factors and p-Values", 2011.
///
/// At most 280 bytes; a frame looked at costs what it costs [`DriftDetector`]. Capital never falls below the last
/// start, so plain `f64` does not underflow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DriftMartingale {
    bets: Bets,
    capitals: [f64; BETS],
    cash: f64,
    looked_at: u64,
    limit: f64,
    thinning: Thinning,
    found: Option<Drift>,
}

const _: () = assert!(size_of::<DriftMartingale>() <= 280);

impl DriftMartingale {
    /// A test that has seen nothing: alarms without a drift with at most `probability`, ever, for a share
    /// `assurance` of calibration sets.
    ///
    /// # Errors
    /// If `probability` is not in 1e-12..=0.5, `stride` is 0 or `assurance` is not inside (0, 1).
    pub fn new(
        table: &ScoreTable<'_>,
        probability: f64,
        stride: u32,
        assurance: f64,
    ) -> Result<Self, DriftError> {
        if !(1.0 / DriftPolicy::MAX_BETS..=0.5).contains(&probability) {
            return Err(DriftError::Probability(probability));
        }
        if stride == 0 {
            return Err(DriftError::Stride);
        }
        check_assurance(assurance)?;
        Ok(Self {
            bets: Bets::new(table, assurance),
            capitals: [0.0; BETS],
            cash: 1.0,
            looked_at: 0,
            limit: 1.0 / probability,
            thinning: Thinning::new(stride),
            found: None,
        })
    }

    /// Takes the next frame's p-values; the drift, from the frame on at which it was found. A frame without a score
    /// is not a frame to the test: do not push it.
    pub fn push(&mut self, tails: Tails) -> Option<Drift> {
        if self.found.is_some() || !self.thinning.takes() {
            return self.found;
        }
        self.looked_at += 1;
        let start = start(self.looked_at);
        self.cash -= start;
        for (capital, pay) in self.capitals.iter_mut().zip(self.bets.pays(tails)) {
            *capital = (start + *capital) * pay;
        }
        if self.evidence() >= 1.0 {
            self.found = Some(direction(&self.capitals));
        }
        self.found
    }

    /// How near the alarm is: the share of the capital that makes one, more than 0; at least 1 once it was made.
    pub fn evidence(&self) -> f64 {
        (self.cash + mean(&self.capitals)) / self.limit
    }
}

/// The share of the capital that starts to bet at frame `t`, from 1. The shares sum to less than 1.
fn start(t: u64) -> f64 {
    let t = t as f64 + 1.0;
    let log = libm::log(t);
    1.0 / (2.11 * t * log * log)
}

fn mean(sums: &[f64; BETS]) -> f64 {
    sums.iter().sum::<f64>() / BETS as f64
}

/// The side of the bets that won most.
fn direction(sums: &[f64; BETS]) -> Drift {
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

#[cfg(test)]
mod tests {
    use super::{DriftDetector, DriftPolicy, start};
    use crate::p_value::ScoreTable;

    #[test]
    fn no_more_capital_starts_than_there_is() {
        const LAST: u64 = 1_000_000;
        let started: f64 = (1..=LAST).map(start).sum();
        // The rest is less than the integral of 1 / (2.11 t ln^2 t) from LAST on.
        let rest = 1.0 / (2.11 * libm::log(LAST as f64));
        assert!(started + rest < 1.0, "{started} and {rest}");
        assert!(started + rest > 0.999);
    }

    /// A calibration set whose mean p-value is two standard deviations off, as one in twenty is.
    #[test]
    fn an_unlucky_calibration_set_breaks_the_rate_of_plain_bets_only() {
        const N: usize = 2_500;
        const FRAMES: u32 = 300_000;
        const EACH: f64 = 30_000.0;
        let off = 1.0 + 8.0 * libm::sqrt(1.0 / 12.0 / N as f64);
        let mut values = [0.0; 201];
        for (i, v) in values.iter_mut().enumerate() {
            *v = (i as f32 / 200.0 * (N - 1) as f32 + 1.0) / (N + 1) as f32;
        }
        let table = ScoreTable::new(&values, N).unwrap();
        let alarms = |mut detector: DriftDetector| {
            // A golden-ratio sequence would be too even; SplitMix64 by Steele, Lea and Flood is not.
            let mut state = 5u64;
            let mut score = || {
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                let uniform = ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64;
                libm::pow(uniform, off) as f32
            };
            (0..FRAMES)
                .filter(|_| detector.push(table.tails(score())).is_some())
                .count() as f64
        };
        let robust = DriftDetector::new(&table, DriftPolicy::new(EACH, 1, 0.95).unwrap());
        let plain = DriftDetector {
            bets: crate::bets::Bets::PLAIN,
            ..robust
        };
        let stated = f64::from(FRAMES) / EACH;
        let (robust, plain) = (alarms(robust), alarms(plain));
        assert!(plain > 1.5 * stated, "{plain} where {stated} are stated");
        assert!(robust <= stated, "{robust} where {stated} are stated");
    }
}
