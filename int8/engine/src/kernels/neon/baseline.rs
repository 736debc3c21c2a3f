//! NEON: `smull` and `smlal` make eight exact products of signed bytes, `sadalp` adds them to sums.
//!
//! A lane of 16 bits holds two products of a lowered code (-128 to 127) and a weight unless both weights are
//! -128, and three where the weights' magnitudes add up to 255 or less. So a lane takes three products before
//! `sadalp` empties it: 8 vector instructions for 48 products. Where the weights forbid it, which packing finds
//! out step by step, it takes two (9 instructions), or one (12).
//!
//! An in-order core is bound by its one vector instruction a cycle: of the 8 products that `smlal` alone would make,
//! 6 are left. One with a second pipe for `sadalp` is bound by the multiplications only.
//!
//! What does not help:
//! - four products in a lane: trained weights allow them in a sixth to five sixths of the steps, three in three
//!   quarters to nearly all, which comes to the same number of `sadalp`;
//! - a lane for each output, which needs no sum over lanes in the end, but a `dup` for each two codes;
//! - lowering codes in the tile: an instruction for each ten, and in strips it is one for each hundreds.

use std::arch::aarch64::*;

use super::block::{Four, Target};
use super::steps::{GROUP, LONG, PIXELS, SHORT, Sums, one, three, two};
use super::strips::{Strip, Walk, strips};
use super::{add, depthwise};
use crate::conv::{Chunk, Dense, DenseWeights};
use crate::kernels::tiles::cover;
use crate::kernels::{Isa, Kernels};
use crate::requant::BLOCK;

// SAFETY of each call: NEON is in the baseline.
pub(super) static KERNELS: Kernels = Kernels {
    isa: Isa::Neon,
    granule: SHORT,
    lowered: 128,
    pack_dense,
    dense: |conv, input, output, other| unsafe { dense(conv, input, output, other) },
    pack_depthwise: depthwise::pack,
    depthwise: |conv, input, output| unsafe { depthwise::run(conv, input, output) },
    add: |params, a, b, output| unsafe { add::add(params, a, b, output) },
};

/// Products that half a vector adds to a lane.
const HALF: usize = SHORT / 2;

/// How many products a lane may hold in a step, as packed weights have it.
const THREE: u8 = 0;
const TWO: u8 = 1;
const ONE: u8 = 2;

/// The steps of a group of outputs.
#[derive(Clone, Copy)]
struct Steps {
    runs: usize,
    /// In a run.
    long: usize,
    short: usize,
}

impl Steps {
    fn new(runs: usize, run: usize) -> Steps {
        let run = run.next_multiple_of(SHORT);
        Steps {
            runs,
            long: run / LONG,
            short: run % LONG / SHORT,
        }
    }

    /// Chunks of the kinds of chain, one byte a step.
    fn chain_chunks(self) -> usize {
        (self.runs * (self.long + self.short)).div_ceil(size_of::<Chunk>())
    }

    fn chunks(self) -> usize {
        let bytes = self.runs * (self.long * LONG + self.short * SHORT) * GROUP;
        self.chain_chunks() + bytes / size_of::<Chunk>()
    }
}

/// For each group of outputs: the chains of its steps, then for each step and output the step's bytes.
fn pack_dense(weights: &DenseWeights) -> Vec<Chunk> {
    let steps = Steps::new(weights.runs, weights.run);
    let mut packed = Vec::new();
    for first in (0..weights.outputs.next_multiple_of(BLOCK)).step_by(GROUP) {
        let mut chains = Vec::new();
        let mut bytes = Vec::new();
        for run in 0..steps.runs {
            let mut at = 0;
            for step in 0..steps.long + steps.short {
                let len = if step < steps.long { LONG } else { SHORT };
                let start = bytes.len();
                for output in first..first + GROUP {
                    bytes.extend((at..at + len).map(|byte| weights.at(output, run, byte)));
                }
                chains.push(chain(&bytes[start..], len));
                at += len;
            }
        }
        chains.resize(steps.chain_chunks() * size_of::<Chunk>(), 0);
        let bytes = chains
            .into_iter()
            .chain(bytes.into_iter().map(|w| w as u8))
            .collect::<Vec<_>>();
        packed.extend(bytes.as_chunks().0.iter().map(|chunk| Chunk(*chunk)));
    }
    packed
}

/// The longest chain that cannot overflow, over a step of `len` bytes for each output.
fn chain(weights: &[i8], len: usize) -> u8 {
    let fits = |products: usize| {
        weights.chunks_exact(len).all(|weights| {
            weights.chunks_exact(products * HALF).all(|links| {
                (0..HALF).all(|lane| {
                    let lane = links.iter().skip(lane).step_by(HALF);
                    // 128 * 255 fits in 16 bits.
                    lane.map(|w| w.unsigned_abs() as u32).sum::<u32>() <= 255
                })
            })
        })
    };
    if len == LONG && fits(3) {
        THREE
    } else if fits(2) {
        TWO
    } else {
        ONE
    }
}

#[target_feature(enable = "neon")]
fn dense(conv: &Dense, input: &[u8], output: &mut [u8], other: &[u8]) {
    conv.check(input, output, other);
    let target = Target::of(conv, output, other);
    strips(conv, input, |strip| {
        for group in 0..conv.channels().div_ceil(GROUP) {
            // SAFETY: `check` has passed, and the strip is a part of the output.
            unsafe { tiles(conv, target, strip, group) };
        }
    });
}

/// A group of outputs.
struct Group {
    outputs: Four,
    steps: Steps,
    chains: *const u8,
    weights: *const i8,
    /// In the first lane.
    bias: Sums,
}

impl Group {
    #[inline]
    #[target_feature(enable = "neon")]
    fn new(conv: &Dense, group: usize) -> Group {
        let first = group * GROUP;
        let bias = &conv.requant.bias(first / BLOCK)[first % BLOCK..][..GROUP];
        let steps = Steps::new(conv.window.runs.len(), conv.window.run);
        let packed = &conv.weights[group * steps.chunks()..][..steps.chunks()];
        Group {
            outputs: Four::new(conv, first),
            steps,
            chains: packed.as_ptr().cast(),
            weights: packed[steps.chain_chunks()..].as_ptr().cast(),
            bias: std::array::from_fn(|o| vsetq_lane_s32::<0>(bias[o], vdupq_n_s32(0))),
        }
    }
}

/// # Safety
/// `check` has passed for the target's buffers; the strip is a part of the output; the group exists.
#[inline(never)]
#[target_feature(enable = "neon")]
unsafe fn tiles(conv: &Dense, target: Target, strip: &Strip<'_>, group: usize) {
    let group = Group::new(conv, group);
    let walk = strip.walk;
    // Known to the compiler, this saves it what it does for empty loops.
    assert!(!walk.runs.is_empty());
    let columns = strip.columns.len();
    for row in strip.rows.clone() {
        // SAFETY: `cover` keeps the pixels in the strip.
        let covered = strip.lowered
            && cover(columns, PIXELS, |column| unsafe {
                let column = strip.columns.start + column;
                let sums = four_pixels(walk, &group, row, column);
                target.store_four(&group.outputs, sums.map(|sums| reduce(sums)), row, column);
            });
        if covered {
            continue;
        }
        for column in strip.columns.clone() {
            // SAFETY: the pixel is in the strip.
            unsafe {
                let sums = if strip.lowered {
                    one_pixel::<false>(walk, &group, row, column)
                } else {
                    one_pixel::<true>(walk, &group, row, column)
                };
                target.store_one(&group.outputs, reduce(sums), row, column);
            }
        }
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn reduce([a, b, c, d]: Sums) -> int32x4_t {
    vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d))
}

/// # Safety
/// As for `tiles`; the pixels are in the strip, whose codes are lowered.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn four_pixels(walk: Walk<'_>, group: &Group, row: usize, column: usize) -> [Sums; PIXELS] {
    let mut sums = [group.bias; PIXELS];
    let mut chains = group.chains;
    let mut weights = group.weights;
    let origin = walk.at(row, column);
    for start in walk.runs {
        let from = origin.wrapping_add(*start);
        let mut pixels = [from; PIXELS];
        for p in 1..PIXELS {
            pixels[p] = pixels[p - 1].wrapping_add(walk.column_step);
        }
        // SAFETY: the steps of a run end with the run, and those of all runs with the weights and their chains.
        unsafe {
            for _ in 0..group.steps.long {
                match chains.read() {
                    THREE => three(&mut sums, &mut pixels, weights),
                    TWO => {
                        for at in [0, SHORT, 2 * SHORT] {
                            two::<LONG>(&mut sums, &mut pixels, weights.add(at));
                        }
                    }
                    _ => singly(&mut sums, &mut pixels, weights, LONG),
                }
                chains = chains.add(1);
                weights = weights.add(LONG * GROUP);
            }
            for _ in 0..group.steps.short {
                if chains.read() == TWO {
                    two::<SHORT>(&mut sums, &mut pixels, weights);
                } else {
                    singly(&mut sums, &mut pixels, weights, SHORT);
                }
                chains = chains.add(1);
                weights = weights.add(SHORT * GROUP);
            }
        }
    }
    sums
}

/// # Safety
/// As for `one`, for each pixel.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn singly(
    sums: &mut [Sums; PIXELS],
    pixels: &mut [*const u8; PIXELS],
    weights: *const i8,
    len: usize,
) {
    for p in 0..PIXELS {
        // SAFETY: as promised.
        sums[p] = unsafe { one::<false>(sums[p], pixels[p], weights, len) };
        pixels[p] = pixels[p].wrapping_add(len);
    }
}

/// # Safety
/// As for `tiles`; the pixel is in the strip. `LOWER`: its codes are not lowered yet.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn one_pixel<const LOWER: bool>(
    walk: Walk<'_>,
    group: &Group,
    row: usize,
    column: usize,
) -> Sums {
    let mut sums = group.bias;
    let mut weights = group.weights;
    let origin = walk.at(row, column);
    for start in walk.runs {
        let mut pixel = origin.wrapping_add(*start);
        for step in 0..group.steps.long + group.steps.short {
            let len = if step < group.steps.long { LONG } else { SHORT };
            // SAFETY: the steps of a run end with the run, and those of all runs with the weights.
            unsafe {
                sums = one::<LOWER>(sums, pixel, weights, len);
                weights = weights.add(len * GROUP);
            }
            pixel = pixel.wrapping_add(len);
        }
    }
    sums
}
