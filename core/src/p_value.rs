use thiserror::Error;

use crate::threshold::{Fitted, Threshold, ThresholdError, rank};

/// What a model file keeps of its calibration scores: some of their order statistics, and how many there were.
///
/// The first of the `m` is the smallest, the last the largest, and [`Ranks`] says which those between are.
/// Everything here is conservative: where the table does not say on which side of a score its neighbours lie, they
/// are counted against the claim. `V` is what holds the values: a slice, an array, a `Vec`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreTable<V> {
    values: V,
    count: usize,
    ranks: Ranks,
}

/// The most calibration scores that a table may stand for.
pub const MAX_COUNT: usize = 1_000_000_000;

/// Which order statistics a table stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Ranks {
    /// Rank `round(i / (m - 1) * (count - 1))` from 0: the usual quantiles.
    #[default]
    Nearest,
    /// Rank `floor(i / (m - 1) * (count + 1))` from 1, within 1 to `count`: just the ranks of the split conformal
    /// thresholds, so that a reject rate of `i / (m - 1)` gets the threshold that all the scores would give it.
    Conformal,
}

/// How far out a score lies on either side of the calibration scores; both in (0, 1].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tails {
    /// [`ScoreTable::p_value`]: small for a score lower than the calibration scores.
    pub lower: f64,
    /// [`ScoreTable::upper_p_value`]: small for a score higher than the calibration scores.
    pub upper: f64,
}

/// Why numbers are not a table of calibration scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TableError {
    /// The smallest and the largest score are the least that a table has.
    #[error("{0} stored scores: expected at least 2")]
    Short(usize),
    /// No calibration scores, or more than the bounds are computed for.
    #[error("{0} calibration scores: expected 1 to {most}", most = MAX_COUNT)]
    Count(usize),
    /// NaN or infinity among the stored scores.
    #[error("stored score {0} is not finite")]
    NotFinite(usize),
    /// The order is wrong from here on.
    #[error("stored score {0} is smaller than the one before it: expected ascending order")]
    NotSorted(usize),
}

impl Ranks {
    /// Both ways.
    pub const ALL: [Self; 2] = [Self::Nearest, Self::Conformal];

    /// The name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::Conformal => "conformal",
        }
    }

    /// The rank from 0, among `count` ascending scores, of the one to store at `index` of `stored`.
    pub fn rank(self, index: usize, stored: usize, count: usize) -> usize {
        let last = stored.saturating_sub(1);
        match self {
            Self::Nearest => {
                let share = index as f64 / last as f64;
                // Half away from zero; nothing is left of NaN but rank 0.
                libm::round(share * count.saturating_sub(1) as f64) as usize
            }
            Self::Conformal => {
                let rank = index as u128 * (count as u128 + 1) / (last as u128).max(1);
                // Fits, for it is at most count.
                rank.clamp(1, (count as u128).max(1)) as usize - 1
            }
        }
    }
}

impl<V: AsRef<[f32]>> ScoreTable<V> {
    /// A table over `values`, shape `[m]`, that stand for `count` calibration scores at [`Ranks::Nearest`].
    ///
    /// # Errors
    /// If there are fewer than 2 values, they are not finite and ascending, or `count` is not in
    /// 1..=[`MAX_COUNT`].
    pub fn new(values: V, count: usize) -> Result<Self, TableError> {
        Self::with_ranks(values, count, Ranks::Nearest)
    }

    /// A table whose values lie at other ranks.
    ///
    /// # Errors
    /// As of [`new`](Self::new).
    pub fn with_ranks(values: V, count: usize, ranks: Ranks) -> Result<Self, TableError> {
        let stored = values.as_ref();
        if stored.len() < 2 {
            return Err(TableError::Short(stored.len()));
        }
        if !(1..=MAX_COUNT).contains(&count) {
            return Err(TableError::Count(count));
        }
        if let Some(i) = stored.iter().position(|v| !v.is_finite()) {
            return Err(TableError::NotFinite(i));
        }
        if let Some(i) = stored.windows(2).position(|w| w[1] < w[0]) {
            return Err(TableError::NotSorted(i + 1));
        }
        Ok(Self {
            values,
            count,
            ranks,
        })
    }

    /// How many calibration scores the table stands for.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The stored scores, ascending.
    pub fn values(&self) -> &[f32] {
        self.values.as_ref()
    }

    /// Rank from 0, among the calibration scores, of stored score `index`.
    pub fn rank(&self, index: usize) -> usize {
        self.ranks.rank(index, self.values().len(), self.count)
    }

    /// The conformal p-value of a score, in (0, 1]: small for a frame unlike the calibration images.
    ///
    /// Never smaller than `(1 + #{calibration scores <= score}) / (count + 1)`, the split conformal p-value over
    /// all the scores, and larger by at most [`resolution`](Self::resolution). So `P(p <= t) <= t` for a frame
    /// exchangeable with the calibration frames, over the draw of both. A score below all others gets
    /// `1 / (count + 1)`, and so does NaN.
    ///
    /// Bates et al., "Testing for Outliers with Conformal p-values", 2023, section 1.2.
    pub fn p_value(&self, score: f32) -> f64 {
        if score.is_nan() {
            return self.share(1);
        }
        let above = self.values().partition_point(|&v| v <= score);
        self.share(self.edge(above + 1))
    }

    /// The conformal p-value of the other side, in (0, 1]: small for a score higher than the calibration scores.
    ///
    /// Never smaller than `(1 + #{calibration scores >= score}) / (count + 1)`; as close to it as
    /// [`p_value`](Self::p_value) is. NaN gets 1.
    pub fn upper_p_value(&self, score: f32) -> f64 {
        let below = self.values().partition_point(|&v| v < score);
        self.share(self.count + 1 - self.edge(below))
    }

    /// Both p-values of a score.
    pub fn tails(&self, score: f32) -> Tails {
        Tails {
            lower: self.p_value(score),
            upper: self.upper_p_value(score),
        }
    }

    /// The most that a p-value exceeds that of all the calibration scores by; 0 if all are stored.
    pub fn resolution(&self) -> f64 {
        let gap = (1..self.values().len())
            .map(|i| self.rank(i) - self.rank(i - 1))
            .max()
            .unwrap_or(0);
        self.share(gap.saturating_sub(1))
    }

    /// The threshold for another reject rate: the highest stored score that rejects no larger share than asked.
    ///
    /// Its `rank` is that of the stored score, at most `floor(rate (count + 1))`, so
    /// [`Fitted::expected_reject`] is at most `rate`, and [`Fitted::coverage_bound`] is of the threshold that is
    /// really used. The table's steps cost up to `1 / (m - 1)` of rejects that were allowed; nothing at round rates
    /// with [`Ranks::Conformal`].
    ///
    /// # Errors
    /// If the rate is not inside (0, 1), or so small that even the smallest score rejects more.
    pub fn threshold(&self, reject_rate: f64) -> Result<Fitted, ThresholdError> {
        if !(reject_rate > 0.0 && reject_rate < 1.0) {
            return Err(ThresholdError::RejectRate(reject_rate));
        }
        let allowed = rank(self.count, reject_rate);
        if allowed == 0 {
            return Err(ThresholdError::TooFew {
                have: self.count,
                need: (libm::ceil(1.0 / reject_rate) - 1.0) as usize,
            });
        }
        // Rank 1 is always stored, so there is a fit.
        let index = (0..self.values().len())
            .rev()
            .find(|&i| self.rank(i) < allowed)
            .unwrap_or(0);
        Ok(Fitted {
            threshold: Threshold::new(self.values()[index])?,
            n: self.count,
            rank: self.rank(index) + 1,
        })
    }

    /// The logarithm of the share of calibration scores up to `score`, at most 0; smooth, for ranking frames and
    /// not for a claim. `None` unless `score` is finite.
    ///
    /// Linear in the share between the stored scores. Below the smallest it falls on by 1 for each distance
    /// between the smallest score and the median, so that frames far out keep their order.
    pub fn log_share(&self, score: f32) -> Option<f64> {
        if !score.is_finite() {
            return None;
        }
        let s = f64::from(score);
        let values = self.values();
        let value = |i: usize| f64::from(values[i]);
        let share = |i: usize| self.share(self.rank(i) + 1);
        let above = values.partition_point(|&v| v <= score);
        Some(match above {
            0 => {
                let spread = value(values.len() / 2) - value(0);
                let unit = if spread > 0.0 { spread } else { 1.0 };
                libm::log(share(0)) - (value(0) - s) / unit
            }
            i if i < values.len() => {
                let part = (s - value(i - 1)) / (value(i) - value(i - 1));
                libm::log(share(i - 1) + part * (share(i) - share(i - 1)))
            }
            i => libm::log(share(i - 1)),
        })
    }

    /// Where cell `index` of the table begins, in slots. The calibration scores cut the line into `count + 1`
    /// slots, and the stored ones cut it into `m + 1` cells of slots `edge(j)..edge(j + 1)`.
    pub(crate) fn edge(&self, index: usize) -> usize {
        match index {
            0 => 0,
            i if i <= self.values().len() => self.rank(i - 1) + 1,
            _ => self.count + 1,
        }
    }

    fn share(&self, slots: usize) -> f64 {
        slots as f64 / (self.count + 1) as f64
    }
}
