//! The range of each layer's activations, from calibration images: what 8 bits have to cover.

use std::fmt;

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::fold::Folded;

/// Bins of a layer's histogram.
const BINS: usize = 2048;
/// Images run at once; every layer's output is held meanwhile.
const BATCH: i64 = 100;
/// Shares of the full range that [`RangeMethod::Mse`] tries on each side.
const SHARES: usize = 100;

/// How a range is taken from a layer's histogram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum RangeMethod {
    /// Everything that was seen.
    MinMax,
    /// All but a share `1 - keep` of the values on each side that is clipped.
    Percentile {
        /// In (0.5, 1].
        keep: f64,
    },
    /// The clip with the least squared error of 8-bit codes over the histogram, one factor for both sides.
    Mse,
}

impl fmt::Display for RangeMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MinMax => write!(f, "min-max"),
            Self::Percentile { keep } => write!(f, "percentile {}", keep * 100.0),
            Self::Mse => write!(f, "mse"),
        }
    }
}

/// A layer's activations: how many fell in each of equal bins between the smallest and the largest.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// The smallest value seen.
    pub low: f32,
    /// The largest value seen.
    pub high: f32,
    /// Counts.
    pub bins: Vec<f64>,
}

impl Histogram {
    /// The range `[low, high]` that `method` covers; it holds 0, as padding and relu need.
    pub fn range(&self, method: RangeMethod) -> (f32, f32) {
        let (low, high) = match method {
            RangeMethod::MinMax => (self.low, self.high),
            RangeMethod::Percentile { keep } => {
                (self.tail(1.0 - keep, false), self.tail(1.0 - keep, true))
            }
            RangeMethod::Mse => self.least_error(),
        };
        (low.min(0.0), high.max(0.0))
    }

    fn width(&self) -> f64 {
        (f64::from(self.high) - f64::from(self.low)) / self.bins.len() as f64
    }

    /// The edge beyond which a share of at most `share` of the values lies, above or below.
    fn tail(&self, share: f64, above: bool) -> f32 {
        let allowed = share * self.bins.iter().sum::<f64>();
        let n = self.bins.len();
        let mut beyond = 0.0;
        for i in 0..n {
            beyond += self.bins[if above { n - 1 - i } else { i }];
            if beyond > allowed {
                let edge = i as f64 * self.width();
                return if above {
                    (f64::from(self.high) - edge) as f32
                } else {
                    (f64::from(self.low) + edge) as f32
                };
            }
        }
        if above { self.high } else { self.low }
    }

    fn least_error(&self) -> (f32, f32) {
        let scaled = |i: usize| {
            let share = (i as f32 + 1.0) / SHARES as f32;
            (self.low * share, self.high * share)
        };
        (0..SHARES)
            .map(scaled)
            .map(|(low, high)| (self.error(low.min(0.0), high.max(0.0)), (low, high)))
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map_or((self.low, self.high), |(_, range)| range)
    }

    /// Squared error of the codes of `[low, high]`: a step's uniform error inside, the distance outside.
    fn error(&self, low: f32, high: f32) -> f64 {
        let (low, high) = (f64::from(low), f64::from(high));
        let step = (high - low) / 255.0;
        let width = self.width();
        self.bins
            .iter()
            .enumerate()
            .map(|(i, count)| {
                let x = f64::from(self.low) + (i as f64 + 0.5) * width;
                let outside = (low - x).max(x - high).max(0.0);
                count * (outside * outside + step * step / 12.0)
            })
            .sum()
    }
}

/// Histograms of every layer of `folded` over `images`, f32 `[N, 3, H, W]`, in the layers' order.
///
/// # Errors
/// A layer whose activations are not finite.
pub fn observe(folded: &Folded, images: &Tensor) -> Result<Vec<Histogram>, String> {
    let n = images.size()[0];
    let batches = || {
        (0..n)
            .step_by(BATCH as usize)
            .map(|at| images.narrow(0, at, BATCH.min(n - at)))
    };
    let mut histograms: Vec<Histogram> = folded
        .layers
        .iter()
        .map(|_| Histogram {
            low: f32::INFINITY,
            high: f32::NEG_INFINITY,
            bins: vec![0.0; BINS],
        })
        .collect();
    for batch in batches() {
        for (h, x) in histograms.iter_mut().zip(folded.run(&batch).layers) {
            h.low = h.low.min(x.min().double_value(&[]) as f32);
            h.high = h.high.max(x.max().double_value(&[]) as f32);
        }
    }
    for (i, h) in histograms.iter_mut().enumerate() {
        if !(h.low.is_finite() && h.high.is_finite()) {
            return Err(format!(
                "layer {i}: activations from {} to {}",
                h.low, h.high
            ));
        }
        // A layer that gives one value still needs bins of some width.
        h.high = h.high.max(h.low + f32::EPSILON);
    }
    for batch in batches() {
        for (h, x) in histograms.iter_mut().zip(folded.run(&batch).layers) {
            let bin = ((x - f64::from(h.low)) / h.width()).clamp(0.0, BINS as f64 - 1.0);
            let counts = bin
                .to_kind(Kind::Int64)
                .reshape([-1])
                .bincount(None::<Tensor>, BINS as i64);
            let counts = Vec::<i64>::try_from(&counts).map_err(|e| e.to_string())?;
            for (sum, count) in h.bins.iter_mut().zip(counts) {
                *sum += count as f64;
            }
        }
    }
    Ok(histograms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(low: f32, high: f32, bins: &[f64]) -> Histogram {
        Histogram {
            low,
            high,
            bins: bins.to_vec(),
        }
    }

    #[test]
    fn every_range_holds_zero() {
        let h = histogram(2.0, 10.0, &[1.0; 8]);
        for method in [
            RangeMethod::MinMax,
            RangeMethod::Mse,
            RangeMethod::Percentile { keep: 0.9 },
        ] {
            assert!(h.range(method).0 <= 0.0, "{method}");
        }
    }

    #[test]
    fn a_percentile_drops_at_most_its_share() {
        // 100 values, one a bin: keeping 95% drops five on each side.
        let h = histogram(-50.0, 50.0, &[1.0; 100]);
        assert_eq!(
            h.range(RangeMethod::Percentile { keep: 0.95 }),
            (-45.0, 45.0)
        );
        assert_eq!(
            h.range(RangeMethod::Percentile { keep: 1.0 }),
            (-50.0, 50.0)
        );
    }

    #[test]
    fn a_lone_outlier_is_worth_clipping() {
        let mut bins = vec![0.0; 1000];
        bins[..10].fill(1e6);
        bins[999] = 1.0;
        let (_, high) = histogram(0.0, 100.0, &bins).range(RangeMethod::Mse);
        assert!((1.0..10.0).contains(&high), "{high}");
        // Where every value weighs the same, clipping costs more than it gives.
        let (_, high) = histogram(0.0, 100.0, &[1.0; 1000]).range(RangeMethod::Mse);
        assert!(high >= 99.0, "{high}");
    }
}
