//! Across the columns that are left: each output's window of lanes by its weights.

use crate::axis::Axis;
use crate::planes::Plane;

use super::lane::{Lane, Sum};
use super::vertical::{BLOCK, Source};

/// Lanes that are multiplied at a time: whole groups of 1, 2 and 4 bytes.
const LANES: usize = 16;

/// As [`LANES`], for groups of 3.
const LANES_OF_3: usize = 24;

/// Sums that are left of [`LANES`].
const FOLDED: usize = 8;

/// Sums that are left of [`LANES_OF_3`], the most there are.
pub(super) const FOLDED_OF_3: usize = 12;

/// Each output's window in the lanes of one plane.
#[derive(Debug, Clone)]
pub(crate) struct Across {
    /// The first lane of each window and the end of its weights.
    windows: Vec<(usize, usize)>,
    /// One a lane, zero where a lane is outside of the window or is there twice.
    weights: Vec<u32>,
    /// The channel of each byte of a group.
    channels: Vec<usize>,
    slots: usize,
}

impl Across {
    /// `None` if the plane is narrower than a block.
    pub(crate) fn new(plane: &Plane, columns: &Axis) -> Option<(Self, Source)> {
        let width = plane.samples.len();
        let lanes = if width == 3 { LANES_OF_3 } else { LANES };
        // Windows move to the right.
        let begin = columns.window(0).start / plane.group * width;
        let last = columns.window(columns.outputs() - 1).end;
        let len = last.div_ceil(plane.group) * width - begin;
        if len < BLOCK {
            return None;
        }
        let blocks = len.div_ceil(BLOCK);
        let slot_of = |byte: usize| {
            let last = (blocks - 1) * BLOCK;
            if byte < last {
                byte
            } else {
                last + byte - (len - BLOCK)
            }
        };
        let (mut windows, mut weights) = (Vec::new(), Vec::new());
        for output in 0..columns.outputs() {
            let window = columns.window(output);
            let first = window.start / plane.group * width - begin;
            let end = window.end.div_ceil(plane.group) * width - begin;
            let slot = slot_of(first);
            let base = weights.len();
            weights.resize(
                base + (slot_of(end - 1) + 1 - slot).next_multiple_of(lanes),
                0,
            );
            for pixel in window {
                let group = pixel / plane.group;
                let weight = u32::try_from(columns.weight(pixel, output)).ok()?;
                for (byte, sample) in plane.samples.iter().enumerate() {
                    if sample.covers(pixel % plane.group) {
                        weights[base + slot_of(group * width + byte - begin) - slot] += weight;
                    }
                }
            }
            windows.push((slot, weights.len()));
        }
        let across = Self {
            windows,
            weights,
            channels: plane.samples.iter().map(|sample| sample.channel).collect(),
            // The last window may end behind the last lane.
            slots: blocks * BLOCK + lanes,
        };
        let source = Source {
            first: plane.offset + begin,
            len,
            stride: plane.stride,
            row_shift: plane.row_shift,
        };
        Some((across, source))
    }

    /// Lanes of a row.
    pub(crate) fn slots(&self) -> usize {
        self.slots
    }

    /// The sums of this plane's channels, for each output of a row.
    #[inline(always)]
    pub(crate) fn run<V: Lane, A: Sum<V>>(
        &self,
        row: &[V],
        folded: &mut [A],
        [a, b, c]: &mut [Vec<A>; 3],
    ) {
        match *self.channels {
            [0, 1, 2] => {
                let folded = folded.as_chunks_mut::<FOLDED_OF_3>().0;
                self.each::<V, A, LANES_OF_3, FOLDED_OF_3>(row, folded);
                for (((a, b), c), f) in a.iter_mut().zip(b).zip(c).zip(folded) {
                    *a = f[0].plus(f[3]).plus(f[6].plus(f[9]));
                    *b = f[1].plus(f[4]).plus(f[7].plus(f[10]));
                    *c = f[2].plus(f[5]).plus(f[8].plus(f[11]));
                }
            }
            ref channels => {
                let folded = folded.as_chunks_mut::<FOLDED>().0;
                self.each::<V, A, LANES, FOLDED>(row, folded);
                match *channels {
                    [0, 1, 0, 2] => {
                        for (((a, b), c), f) in a.iter_mut().zip(b).zip(c).zip(folded) {
                            *a = f[0].plus(f[2]).plus(f[4].plus(f[6]));
                            (*b, *c) = (f[1].plus(f[5]), f[3].plus(f[7]));
                        }
                    }
                    [1, 2] => {
                        for ((b, c), f) in b.iter_mut().zip(c).zip(folded) {
                            *b = f[0].plus(f[2]).plus(f[4].plus(f[6]));
                            *c = f[1].plus(f[3]).plus(f[5].plus(f[7]));
                        }
                    }
                    _ => {
                        let sums = match *channels {
                            [1] => b,
                            [2] => c,
                            _ => a,
                        };
                        for (sum, f) in sums.iter_mut().zip(folded) {
                            let low = f[0].plus(f[1]).plus(f[2].plus(f[3]));
                            *sum = low.plus(f[4].plus(f[5]).plus(f[6].plus(f[7])));
                        }
                    }
                }
            }
        }
    }

    /// Each window's products, summed over every `F`th lane. They are left in memory as they lie in registers.
    #[inline(always)]
    fn each<V: Lane, A: Sum<V>, const N: usize, const F: usize>(
        &self,
        row: &[V],
        folded: &mut [[A; F]],
    ) {
        let mut begin = 0;
        for (&(slot, end), folded) in self.windows.iter().zip(folded) {
            let weights = &self.weights[begin..end];
            let (lanes, _) = row[slot..slot + weights.len()].as_chunks::<N>();
            let (weights, _) = weights.as_chunks::<N>();
            let mut sums = [A::default(); N];
            for (lanes, weights) in lanes.iter().zip(weights) {
                for i in 0..N {
                    sums[i] = sums[i].plus_product(lanes[i], weights[i]);
                }
            }
            let mut left = [A::default(); F];
            for i in 0..N {
                left[i % F] = left[i % F].plus(sums[i]);
            }
            *folded = left;
            begin = end;
        }
    }
}
