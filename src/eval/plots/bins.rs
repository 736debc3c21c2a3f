/// Bins of equal width over a range of scores; the outer two also take what lies beyond it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bins {
    low: f64,
    width: f64,
}

/// Of the frames of a set, the share at either end that may lie outside of the range.
const TAIL: f64 = 0.002;

impl Bins {
    pub(super) const COUNT: usize = 60;

    /// Over all but the tails of every set, each of finite scores, and over `include`.
    pub(super) fn over<'a>(sets: impl Iterator<Item = &'a [f32]>, include: Option<f32>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for set in sets.filter(|s| !s.is_empty()) {
            let mut sorted = set.to_vec();
            sorted.sort_unstable_by(f32::total_cmp);
            let cut = (sorted.len() as f64 * TAIL) as usize;
            low = low.min(f64::from(sorted[cut]));
            high = high.max(f64::from(sorted[sorted.len() - 1 - cut]));
        }
        if let Some(score) = include.map(f64::from) {
            (low, high) = (low.min(score), high.max(score));
        }
        if !(low.is_finite() && high.is_finite()) {
            (low, high) = (0.0, 1.0);
        }
        // One value alone still needs a width.
        if high - low <= low.abs().max(high.abs()) * 1e-6 {
            let half = low.abs().max(1.0) * 0.05;
            (low, high) = (low - half, high + half);
        }
        Self {
            low,
            width: (high - low) / Self::COUNT as f64,
        }
    }

    pub(super) fn range(&self) -> std::ops::Range<f64> {
        self.low..self.low + self.width * Self::COUNT as f64
    }

    /// The share of the set's frames in each bin; sums to 1.
    pub(super) fn shares(&self, scores: &[f32]) -> [f64; Self::COUNT] {
        let mut counts = [0usize; Self::COUNT];
        for &score in scores {
            // The cast saturates, so that what lies below falls into the first.
            let bin = ((f64::from(score) - self.low) / self.width) as usize;
            counts[bin.min(Self::COUNT - 1)] += 1;
        }
        counts.map(|c| c as f64 / scores.len() as f64)
    }

    /// The corners of a histogram's outline, from the left.
    pub(super) fn outline(&self, shares: &[f64; Self::COUNT]) -> Vec<(f64, f64)> {
        let edge = |i: usize| self.low + self.width * i as f64;
        let corners = shares
            .iter()
            .enumerate()
            .flat_map(|(i, &s)| [(edge(i), s), (edge(i + 1), s)]);
        std::iter::once((edge(0), 0.0))
            .chain(corners)
            .chain(std::iter::once((edge(Self::COUNT), 0.0)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Bins;

    #[test]
    fn every_frame_is_in_a_bin_and_outliers_in_the_outer_two() {
        let mut scores: Vec<f32> = (0..10_000).map(|i| i as f32 / 10_000.0).collect();
        scores.extend([-1e6, 1e6]);
        let bins = Bins::over([scores.as_slice()].into_iter(), None);
        assert!(
            bins.range().start > -0.1 && bins.range().end < 1.1,
            "{bins:?}"
        );
        let shares = bins.shares(&scores);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let middle = 1.0 / Bins::COUNT as f64;
        assert!(
            shares[1..59].iter().all(|s| (s - middle).abs() < 1e-3),
            "{shares:?}"
        );
        assert!(shares[0] > middle && shares[59] > middle);
    }

    #[test]
    fn the_range_reaches_the_threshold() {
        let bins = Bins::over([[0.0f32, 1.0].as_slice()].into_iter(), Some(3.0));
        assert_eq!(bins.range(), 0.0..3.0);
    }

    #[test]
    fn a_single_value_lies_inside() {
        for value in [0.0, 1.0, -3e38, 3e38, 1e-40] {
            let bins = Bins::over([[value, value].as_slice()].into_iter(), None);
            assert!(bins.range().contains(&f64::from(value)), "{bins:?}");
            assert!((bins.shares(&[value])[29..=30].iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_outline_encloses_all_frames() {
        let scores = [0.0, 0.1, 0.1, 0.9, 1.0];
        let bins = Bins::over([scores.as_slice()].into_iter(), None);
        let corners = bins.outline(&bins.shares(&scores));
        let area: f64 = corners.windows(2).map(|w| (w[1].0 - w[0].0) * w[1].1).sum();
        assert!((area - bins.range().end / 60.0).abs() < 1e-12, "{area}");
    }
}
