/// The scores that the two ends of the bar stand for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BarRange {
    low: f32,
    high: f32,
}

impl BarRange {
    /// A range from `low` to `high`; none unless both are finite and `low < high`.
    pub fn new(low: f32, high: f32) -> Option<Self> {
        (low.is_finite() && high.is_finite() && low < high).then_some(Self { low, high })
    }

    /// The default: the threshold t in the middle, `t - |t|` to `t + |t|`, or -1 to 1 for a threshold of 0. None for a
    /// threshold that is not finite.
    pub fn around(threshold: f32) -> Option<Self> {
        match threshold {
            t if !t.is_finite() => None,
            0.0 => Self::new(-1.0, 1.0),
            t if t > 0.0 => Self::new(0.0, (2.0 * t).min(f32::MAX)),
            t => Self::new((2.0 * t).max(-f32::MAX), 0.0),
        }
    }

    /// Where a score lies, 0 to 1; 0 for NaN.
    fn share(self, score: f32) -> f32 {
        // Halves, so that no difference overflows.
        let share = (score / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        if share > 0.0 { share.min(1.0) } else { 0.0 }
    }
}

/// A bar in whole columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gauge {
    /// Filled columns from the left.
    pub(crate) fill: u16,
    /// The column of the threshold.
    pub(crate) mark: Option<u16>,
    /// Whether the score reached the threshold.
    pub(crate) reached: bool,
}

impl Gauge {
    /// A bar of `columns`. The fill ends `clear` columns or more before the mark if the score is below the threshold,
    /// and as far behind it if it is not, however close they are.
    pub(crate) fn new(
        range: Option<BarRange>,
        score: Option<f32>,
        threshold: Option<f32>,
        columns: u16,
        clear: u16,
    ) -> Self {
        let range = range.or(threshold.and_then(BarRange::around));
        let column = |value: f32| {
            range.map_or(0, |range| {
                (range.share(value) * f32::from(columns) + 0.5) as u16
            })
        };
        let reached =
            matches!((score, threshold), (Some(score), Some(threshold)) if score >= threshold);
        let fill = score.map_or(0, column);
        let threshold = threshold.filter(|threshold| range.is_some() && !threshold.is_nan());
        let last = columns.saturating_sub(clear + 2);
        let Some(threshold) = threshold.filter(|_| last > clear) else {
            return Self {
                fill,
                mark: None,
                reached,
            };
        };
        let mark = column(threshold).clamp(clear + 1, last);
        let fill = match score {
            Some(_) if reached => fill.max(mark + clear + 1).min(columns),
            Some(_) => fill.min(mark - clear),
            None => 0,
        };
        Self {
            fill,
            mark: Some(mark),
            reached,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ANY: prop::num::f32::Any = prop::num::f32::ANY;

    #[test]
    fn the_threshold_is_in_the_middle() {
        for threshold in [0.7, -3.0, 0.0, 1e-30, f32::MAX / 4.0] {
            let gauge = Gauge::new(None, Some(threshold), Some(threshold), 100, 2);
            assert_eq!((gauge.mark, gauge.reached), (Some(50), true), "{threshold}");
        }
    }

    #[test]
    fn a_range_is_checked() {
        assert_eq!(BarRange::new(1.0, 1.0), None);
        assert_eq!(BarRange::new(f32::NAN, 1.0), None);
        assert_eq!(BarRange::new(0.0, f32::INFINITY), None);
        assert!(BarRange::new(f32::MIN, f32::MAX).is_some());
        assert_eq!(BarRange::around(f32::NAN), None);
    }

    #[test]
    fn a_share_of_the_range() {
        let range = BarRange::new(-1.0, 3.0);
        for (score, fill) in [
            (-2.0, 0),
            (-1.0, 0),
            (1.0, 50),
            (3.0, 100),
            (f32::INFINITY, 100),
            (f32::NAN, 0),
        ] {
            assert_eq!(
                Gauge::new(range, Some(score), None, 100, 2).fill,
                fill,
                "{score}"
            );
        }
    }

    proptest! {
        #[test]
        fn the_fill_passes_the_mark_iff_the_score_does(
            (low, high, score, threshold) in (ANY, ANY, ANY, ANY),
            columns in 0_u16..500,
            clear in 1_u16..9,
        ) {
            let gauge = Gauge::new(BarRange::new(low, high), Some(score), Some(threshold), columns, clear);
            prop_assert!(gauge.fill <= columns);
            prop_assert_eq!(gauge.reached, score >= threshold);
            if let Some(mark) = gauge.mark {
                prop_assert!(mark > clear && mark + clear < columns);
                if gauge.reached {
                    prop_assert!(gauge.fill > mark + clear);
                } else {
                    prop_assert!(gauge.fill + clear <= mark);
                }
            }
        }
    }
}
