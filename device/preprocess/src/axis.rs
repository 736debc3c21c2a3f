//! One axis of the resize: which pixels make an output pixel, and with which whole-number weights.

use std::ops::Range;

/// A triangle filter along one axis: `output` pixels from `input` of the `limit` that the image has.
///
/// Pixel `i` and output `o` lie `raw / (2 * output)` pixels apart, where
/// `raw = (2 * (i - start) + 1) * output - (2 * o + 1) * input`, and the support is `max(input, output) / output`
/// pixels, so that all weights are whole numbers over one denominator. Common factors are left out.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    start: i64,
    limit: i64,
    input: i64,
    output: i64,
    /// Weights are even before they are shifted by this.
    halve: u32,
    outputs: u32,
}

/// Pixels from the centre of one output (the first pixel) to the centre of the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The pixels, of the whole image.
    pub(crate) pixels: Range<usize>,
    /// The weight of the first pixel for the output before; each further pixel has [`Axis::step`] less.
    pub(crate) weight: u64,
}

impl Axis {
    /// `outputs` pixels of the `length` that begin at `start` of an image of `limit`. Pixels of the image outside of
    /// that part count where the filter reaches them, as with Pillow's `box`.
    pub(crate) fn new(start: u32, length: u32, limit: u32, outputs: u32) -> Self {
        let common = gcd(length, outputs);
        let (input, output) = (length / common, outputs / common);
        Self {
            start: start.into(),
            limit: limit.into(),
            input: input.into(),
            output: output.into(),
            halve: input & output & 1,
            outputs,
        }
    }

    /// Output pixels.
    pub(crate) fn outputs(&self) -> usize {
        self.outputs as usize
    }

    /// Whether there are at least as many pixels as outputs.
    pub(crate) fn reduces(&self) -> bool {
        self.input >= self.output
    }

    /// The weight that a pixel at an output's centre has.
    pub(crate) fn peak(&self) -> u64 {
        (2 * self.input.max(self.output)) as u64 >> self.halve
    }

    /// By how much the weight falls from one pixel to the next.
    pub(crate) fn step(&self) -> u64 {
        (2 * self.output) as u64 >> self.halve
    }

    /// The pixels with a weight for `output`, at least one.
    pub(crate) fn window(&self, output: usize) -> Range<usize> {
        let centre = (2 * output as i64 + 1) * self.input;
        let reach = 2 * self.input.max(self.output);
        let first = (centre - reach - self.output).div_euclid(2 * self.output) + 1;
        self.clip(first, self.at_or_after(centre + reach))
    }

    /// The weight of `pixel` for `output`, both of which [`window`](Self::window) has.
    pub(crate) fn weight(&self, pixel: usize, output: usize) -> u64 {
        let reach = 2 * self.input.max(self.output);
        (reach - self.distance(pixel, output).abs()).max(0) as u64 >> self.halve
    }

    /// The sum of an output's weights.
    pub(crate) fn total(&self, output: usize) -> u64 {
        self.window(output)
            .map(|pixel| self.weight(pixel, output))
            .sum()
    }

    /// The pixels before the first output's centre, between each two centres, and after the last: one segment more than
    /// there are outputs. Only for an axis that [`reduces`](Self::reduces): there, a pixel has no weight for further outputs.
    pub(crate) fn segments(&self) -> Vec<Segment> {
        (0..=self.outputs as i64)
            .map(|k| {
                let bound = |k: i64| self.at_or_after((2 * k - 1) * self.input);
                let pixels = self.clip(bound(k), bound(k + 1));
                let raw = (2 * (pixels.start as i64 - self.start) + 1) * self.output
                    - (2 * k - 1) * self.input;
                let weight = (2 * self.input - raw).max(0) as u64 >> self.halve;
                Segment { pixels, weight }
            })
            .collect()
    }

    /// The first pixel, from the start, whose centre is not before `raw`.
    fn at_or_after(&self, raw: i64) -> i64 {
        -(self.output - raw).div_euclid(2 * self.output)
    }

    fn distance(&self, pixel: usize, output: usize) -> i64 {
        (2 * (pixel as i64 - self.start) + 1) * self.output - (2 * output as i64 + 1) * self.input
    }

    fn clip(&self, first: i64, end: i64) -> Range<usize> {
        let place = |pixel: i64| (self.start + pixel).clamp(0, self.limit) as usize;
        place(first)..place(end)
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn weights(axis: &Axis, output: usize) -> Vec<u64> {
        axis.window(output)
            .map(|pixel| axis.weight(pixel, output))
            .collect()
    }

    #[test]
    fn the_triangle_reaches_one_output_to_each_side() {
        let third = Axis::new(0, 9, 9, 3);
        assert_eq!(weights(&third, 0), [2, 3, 2, 1]);
        assert_eq!(weights(&third, 1), [1, 2, 3, 2, 1]);
        let half = Axis::new(0, 8, 8, 4);
        assert_eq!(weights(&half, 1), [1, 3, 3, 1]);
        let twice = Axis::new(0, 2, 2, 4);
        assert_eq!(weights(&twice, 1), [3, 1]);
        let same = Axis::new(3, 4, 9, 4);
        assert_eq!((same.window(2), weights(&same, 2)), (5..6, vec![1]));
    }

    proptest! {
        /// The segments' falling and rising weights are the weights.
        #[test]
        fn segments_hold_each_weight(
            (length, before, after) in (1..600_u32, 0..50_u32, 0..50_u32),
            outputs in 1..600_u32,
        ) {
            let outputs = outputs.min(length);
            let axis = Axis::new(before, length, before + length + after, outputs);
            let mut found = vec![std::collections::BTreeMap::new(); axis.outputs() + 2];
            let segments = axis.segments();
            prop_assert_eq!(segments.len(), axis.outputs() + 1);
            for (k, segment) in segments.into_iter().enumerate() {
                for (j, pixel) in segment.pixels.enumerate() {
                    let falling = segment.weight - j as u64 * axis.step();
                    found[k].insert(pixel, falling);
                    found[k + 1].insert(pixel, axis.peak() - falling);
                }
            }
            for output in 0..axis.outputs() {
                let mine: Vec<_> = found[output + 1].iter().map(|(&p, &w)| (p, w)).filter(|p| p.1 > 0).collect();
                let window = axis.window(output);
                let right: Vec<_> = window.map(|p| (p, axis.weight(p, output))).collect();
                prop_assert_eq!(mine, right);
            }
        }

        /// Just outside of the window nothing has a weight, inside everything.
        #[test]
        fn windows_are_tight(
            (length, before, after) in (1..300_u32, 0..50_u32, 0..50_u32),
            outputs in 1..300_u32,
        ) {
            let axis = Axis::new(before, length, before + length + after, outputs);
            for output in 0..axis.outputs() {
                let window = axis.window(output);
                prop_assert!(!window.is_empty());
                prop_assert!(window.clone().all(|pixel| axis.weight(pixel, output) > 0));
                for outside in [window.start.checked_sub(1), Some(window.end)].into_iter().flatten() {
                    if outside < (before + length + after) as usize {
                        prop_assert_eq!(axis.weight(outside, output), 0);
                    }
                }
            }
        }
    }
}
