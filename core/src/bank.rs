use crate::features::{Features, FeaturesError};
use crate::rows::{self, RowsError};

/// Feature vectors of known images, each divided by its norm and quantized: `unit = scale * code`, shape
/// `[rows, channels]`.
///
/// Costs a byte a number in the model and `rows channels` integer multiply-adds a frame: 1,000 rows of 64 channels are
/// 64 kB and 64,000 multiply-adds, where ResNet-20 takes about 41 million. A view; 2 kB of stack while it scores.
/// Choose k well below the rows of a class: beyond them the nearest rows are of other classes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeatureBank<'a> {
    rows: &'a [i8],
    channels: usize,
    scale: f32,
    k: usize,
}

impl<'a> FeatureBank<'a> {
    /// The widest features, in channels. A query is quantized into a buffer of this many bytes on the stack.
    pub const MAX_CHANNELS: usize = 2048;

    /// The most neighbours that are kept while a bank is read.
    pub const MAX_K: usize = 64;

    /// A bank that scores by the `k`-th nearest row, from 1.
    ///
    /// # Errors
    /// If the numbers are not whole rows of at most [`MAX_CHANNELS`](Self::MAX_CHANNELS) channels, `k` is not in
    /// 1..=[`MAX_K`](Self::MAX_K) or exceeds the rows, a row is zero, or `scale` is not positive and finite.
    pub fn new(rows: &'a [i8], channels: usize, scale: f32, k: usize) -> Result<Self, RowsError> {
        let count = rows::count(rows.len(), channels)?;
        if channels > Self::MAX_CHANNELS {
            return Err(RowsError::TooWide {
                have: channels,
                most: Self::MAX_CHANNELS,
            });
        }
        let most = count.min(Self::MAX_K);
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
        if let Some(i) = rows
            .chunks_exact(channels)
            .position(|row| row.iter().all(|&v| v == 0))
        {
            return Err(RowsError::Zero(i));
        }
        Ok(Self {
            rows,
            channels,
            scale,
            k,
        })
    }

    /// Rows of the bank.
    pub const fn len(&self) -> usize {
        self.rows.len() / self.channels
    }

    /// Never: a bank has a row at least.
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Multiply-adds of one [`score`](Self::score): `rows channels` of `i8` into `i32`, and a few per channel to
    /// quantize the query.
    pub const fn multiply_adds(&self) -> usize {
        self.rows.len()
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
        let largest = h
            .iter()
            .fold(0.0f64, |m, &v| m.max(libm::fabs(f64::from(v))));
        let step = largest / norm / 127.0;
        let mut buffer = [0i8; Self::MAX_CHANNELS];
        let query = &mut buffer[..self.channels];
        encode(h, norm * step, query);

        let mut nearest = [i32::MIN; Self::MAX_K];
        let nearest = &mut nearest[..self.k];
        for row in self.rows.chunks_exact(self.channels) {
            keep(nearest, dot(query, row));
        }
        let kth = nearest[self.k - 1];
        let cosine = f64::from(kth) * step * f64::from(self.scale);
        // A row's rounded length may differ from 1 a little, so the cosine may leave its range.
        Ok(-libm::sqrt(2.0 - 2.0 * cosine.clamp(-1.0, 1.0)) as f32)
    }

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
        encode(features.as_slice(), norm * f64::from(scale), codes);
        Ok(())
    }
}

fn encode(h: &[f32], unit: f64, codes: &mut [i8]) {
    for (code, &v) in codes.iter_mut().zip(h) {
        // The cast sends NaN to 0; there is none unless the scale is unusable.
        *code = libm::rint(f64::from(v) / unit).clamp(-127.0, 127.0) as i8;
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
