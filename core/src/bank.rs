use crate::features::{Features, FeaturesError};
use crate::rows::{self, RowsError};

/// Feature vectors of known images, each divided by its norm and quantized: `unit = scale * code`, shape
/// `[rows, channels]`.
///
/// Costs a byte a number in the model and `rows channels` integer multiply-adds a frame: 1,000 rows of 64 channels are
/// 64 kB and 64,000 multiply-adds, where ResNet-20 takes about 41 million. `C` is what holds
/// the codes: a slice, an array, a `Vec`. 2 kB of stack while it scores.
/// Choose k well below the rows of a class: beyond them the nearest rows are of other classes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeatureBank<C> {
    codes: C,
    channels: usize,
    scale: f32,
    k: usize,
}

/// The widest features, in channels. A query is quantized into a buffer of this many bytes on the stack.
pub const MAX_CHANNELS: usize = 2048;

/// The most neighbours that are kept while a bank is read.
pub const MAX_K: usize = 64;

impl<C: AsRef<[i8]>> FeatureBank<C> {
    /// A bank that scores by the `k`-th nearest row, from 1.
    ///
    /// # Errors
    /// If the numbers are not whole rows of at most [`MAX_CHANNELS`] channels, `k` is not in
    /// 1..=[`MAX_K`] or exceeds the rows, a row is zero, or `scale` is not positive and finite.
    pub fn new(codes: C, channels: usize, scale: f32, k: usize) -> Result<Self, RowsError> {
        let numbers = codes.as_ref();
        let count = rows::count(numbers.len(), channels)?;
        if channels > MAX_CHANNELS {
            return Err(RowsError::TooWide {
                have: channels,
                most: MAX_CHANNELS,
            });
        }
        let most = count.min(MAX_K);
        if !(1..=most).contains(&k) {
            return Err(RowsError::Neighbour {
                k,
                rows: count,
                most,
            });
        }
        if !(scale.is_finite() && scale > 0.0) {
            return Err(RowsError::Scale(scale));
        }
        rows::none_zero(numbers, channels)?;
        Ok(Self {
            codes,
            channels,
            scale,
            k,
        })
    }

    /// Rows of the bank.
    pub fn len(&self) -> usize {
        self.codes.as_ref().len() / self.channels
    }

    /// Never: a bank has a row at least.
    pub fn is_empty(&self) -> bool {
        self.codes.as_ref().is_empty()
    }

    /// `-||u - v_k||` in [-2, 0], where `u` is the unit vector of the features and `v_k` the `k`-th nearest row.
    /// Higher for in-distribution.
    ///
    /// The dot products are of integers. Rounding both sides moves the cosine `u . v` by at most
    /// `(scale sqrt(c) + step sqrt(c) (1 + scale sqrt(c) / 2)) / 2` with `c` channels and `step = max |u| / 127`.
    ///
    /// Sun et al., "Out-of-Distribution Detection with Deep Nearest Neighbors", 2022, section 3.
    ///
    /// # Errors
    /// If the features are of another width or all zero.
    pub fn score(&self, features: &Features<'_>) -> Result<f32, FeaturesError> {
        let norm = features.direction(self.channels)?;
        let h = features.as_slice();
        let step = features.largest() / norm / 127.0;
        let mut buffer = [0i8; MAX_CHANNELS];
        let query = &mut buffer[..self.channels];
        rows::encode(h, norm * step, query);

        let mut nearest = [i32::MIN; MAX_K];
        let nearest = &mut nearest[..self.k];
        for row in self.codes.as_ref().chunks_exact(self.channels) {
            keep(nearest, dot(query, row));
        }
        let kth = nearest[self.k - 1];
        let cosine = f64::from(kth) * step * f64::from(self.scale);
        // A row's rounded length may differ from 1 a little, so the cosine may leave its range.
        Ok(-libm::sqrt(2.0 - 2.0 * cosine.clamp(-1.0, 1.0)) as f32)
    }
}

impl FeatureBank<()> {
    /// Writes the codes of one row: `round(h / ||h|| / scale)`, saturated to -127..=127. The `scale` that
    /// saturates none is `max |h| / ||h|| / 127` over the bank's vectors.
    ///
    /// # Errors
    /// If the features do not have the length of `codes`, or are all zero.
    pub fn encode(
        features: &Features<'_>,
        scale: f32,
        codes: &mut [i8],
    ) -> Result<(), FeaturesError> {
        let norm = features.direction(codes.len())?;
        rows::encode(features.as_slice(), norm * f64::from(scale), codes);
        Ok(())
    }
}

/// At most 2048 * 128 * 127 in size, far inside `i32`.
fn dot(a: &[i8], b: &[i8]) -> i32 {
    a.iter()
        .zip(b)
        .map(|(&a, &b)| i32::from(a) * i32::from(b))
        .sum()
}

/// Keeps the largest, in descending order.
fn keep(largest: &mut [i32], value: i32) {
    let Some(last) = largest.len().checked_sub(1) else {
        return;
    };
    if value <= largest[last] {
        return;
    }
    let place = largest.partition_point(|&v| v >= value);
    largest.copy_within(place..last, place + 1);
    largest[place] = value;
}
