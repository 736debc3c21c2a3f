//! ARMv8.6 matrix products: `usmmla` adds eight exact products of codes and weights to each of the four sums of
//! two pixels and two outputs.
//!
//! Bound by `usmmla`: a tile's step takes 32 of them, and 4 `zip` to bring pixels together in pairs. There is nothing to
//! lower, so the image is read where it lies.

use std::arch::aarch64::*;
use std::arch::asm;

use super::block::{Block, Target};
use super::order::ahead;
use super::strips::Walk;
use super::{add, depthwise};
use crate::conv::{Chunk, Dense, DenseWeights};
use crate::kernels::tiles::cover;
use crate::kernels::{Isa, Kernels};
use crate::requant::BLOCK;

pub(super) fn kernels() -> Option<&'static Kernels> {
    let runs = std::arch::is_aarch64_feature_detected!("i8mm")
        && std::arch::is_aarch64_feature_detected!("dotprod");
    runs.then_some(&KERNELS)
}

// SAFETY of each call: NEON is in the baseline; the table leaves this file only through `kernels`, which has
// detected the rest.
static KERNELS: Kernels = Kernels {
    isa: Isa::NeonI8mm,
    granule: HALF,
    lowered: 0,
    pack_dense,
    dense: |conv, input, output, other| unsafe { dense(conv, input, output, other) },
    pack_depthwise: depthwise::pack_raised,
    depthwise: |conv, input, output| unsafe { depthwise::run_dot(conv, input, output) },
    add: |params, a, b, output| unsafe { add::add(params, a, b, output) },
};

/// Bytes of a run that one vector of codes holds of one pixel, and of each of two.
const STEP: usize = 16;
const HALF: usize = 8;

/// Adds the products of two pixels' eight codes and two outputs' eight weights: pixel by pixel, output by output.
#[inline]
#[target_feature(enable = "neon,i8mm")]
fn usmmla(sums: int32x4_t, x: uint8x16_t, weights: int8x16_t) -> int32x4_t {
    let mut sums = sums;
    // SAFETY: the instruction reads and writes these registers only, and the processor has it.
    unsafe {
        asm!(
            "usmmla {sums:v}.4s, {x:v}.16b, {weights:v}.16b",
            sums = inlateout(vreg) sums,
            x = in(vreg) x,
            weights = in(vreg) weights,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sums
}

/// For each block of outputs and eight bytes of a run: `[output][byte]`.
fn pack_dense(weights: &DenseWeights) -> Vec<Chunk> {
    let mut bytes = Vec::new();
    for block in (0..weights.outputs).step_by(BLOCK) {
        for run in 0..weights.runs {
            for first in (0..weights.run).step_by(HALF) {
                for output in block..block + BLOCK {
                    let half = first..first + HALF;
                    bytes.extend(half.map(|byte| weights.at(output, run, byte) as u8));
                }
            }
        }
    }
    let chunks = bytes.as_chunks().0.iter();
    chunks.map(|chunk| Chunk(*chunk)).collect()
}

#[target_feature(enable = "neon,i8mm")]
fn dense(conv: &Dense, input: &[u8], output: &mut [u8], other: &[u8]) {
    conv.check(input, output, other);
    let kernel = Kernel(conv, Target::of(conv, output, other), input.as_ptr());
    for block in 0..conv.blocks() {
        // SAFETY: `check` has passed.
        unsafe {
            let wide = conv.window.columns >= 8;
            match conv.block_channels(block).div_ceil(4) {
                1 if wide => kernel.vectors::<1, 8, 4>(block),
                2 if wide => kernel.vectors::<2, 8, 4>(block),
                _ => kernel.vectors::<4, 4, 2>(block),
            }
        }
    }
}

struct Kernel<'a>(&'a Dense, Target, *const u8);

impl Kernel<'_> {
    /// The first `4 * V` outputs of a block, in tiles of `P` pixels, which are `PAIRS` pairs.
    ///
    /// # Safety
    /// `check` has passed for the buffers; the block exists.
    #[inline(never)]
    #[target_feature(enable = "neon,i8mm")]
    unsafe fn vectors<const V: usize, const P: usize, const PAIRS: usize>(&self, block: usize) {
        let Kernel(conv, target, input) = self;
        let weights = conv.block_weights(block).as_ptr().cast();
        let block = Block::<V>::new(&conv.requant, block, conv.block_channels(block));
        let target = *target;
        let walk = Walk::new(&conv.window, *input);
        // Known to the compiler, this saves it what it does for empty loops.
        assert!(!walk.runs.is_empty());
        let columns = conv.window.columns;
        for row in 0..conv.window.rows {
            // SAFETY: `cover` keeps the pixels in the row.
            let covered = cover(columns, P, |column| unsafe {
                let sums = sums::<V, P, PAIRS>(walk, &block, weights, row, column);
                target.store(&block, sums, row, column);
            });
            if !covered {
                for column in 0..columns {
                    // SAFETY: the pixel is in the row.
                    unsafe {
                        let sums = sums::<V, 1, 1>(walk, &block, weights, row, column);
                        target.store(&block, sums, row, column);
                    }
                }
            }
        }
    }
}

/// # Safety
/// As for `vectors`; the pixels exist.
#[inline]
#[target_feature(enable = "neon,i8mm")]
unsafe fn sums<const V: usize, const P: usize, const PAIRS: usize>(
    walk: Walk<'_>,
    block: &Block<V>,
    weights: *const i8,
    row: usize,
    column: usize,
) -> [[int32x4_t; V]; P] {
    const { assert!(PAIRS == P.div_ceil(2)) };
    // Of each pair of pixels, the first and the second half of the pairs of outputs.
    let mut sums = [[[vdupq_n_s32(0); V]; 2]; PAIRS];
    for f in 0..2 * V {
        let bias = vreinterpretq_s64_s32(block.bias[f / 2]);
        let bias = if f % 2 == 0 {
            vdupq_laneq_s64::<0>(bias)
        } else {
            vdupq_laneq_s64::<1>(bias)
        };
        for sums in &mut sums {
            sums[f / V][f % V] = vreinterpretq_s32_s64(bias);
        }
    }
    let mut weights = weights;
    let origin = walk.at(row, column);
    for start in walk.runs {
        let mut from = origin.wrapping_add(*start);
        // A tile of one pixel has it twice.
        let step = |p: usize| p.min(P - 1) * walk.column_step;
        for _ in 0..walk.run / STEP {
            let mut low = [vdupq_n_u8(0); PAIRS];
            let mut high = low;
            for pair in 0..PAIRS {
                // SAFETY: the step is in the runs of both pixels.
                let (a, b) = unsafe {
                    let a = vld1q_u8(from.wrapping_add(step(2 * pair)));
                    (a, vld1q_u8(from.wrapping_add(step(2 * pair + 1))))
                };
                let (a, b) = (vreinterpretq_u64_u8(a), vreinterpretq_u64_u8(b));
                low[pair] = vreinterpretq_u8_u64(vzip1q_u64(a, b));
                high[pair] = vreinterpretq_u8_u64(vzip2q_u64(a, b));
            }
            // SAFETY: a step has sixteen weights for each output.
            unsafe {
                let a = load_weights::<V>(weights);
                let mut b = load_weights(weights.add(V * 16));
                ahead(&mut b, &mut sums[0][0][0]);
                products(&mut sums, 0, &low, a);
                let mut a = load_weights(weights.add(HALF * BLOCK));
                ahead(&mut a, &mut sums[0][1][0]);
                products(&mut sums, 1, &low, b);
                let mut b = load_weights(weights.add(HALF * BLOCK + V * 16));
                ahead(&mut b, &mut sums[0][0][0]);
                products(&mut sums, 0, &high, a);
                products(&mut sums, 1, &high, b);
                weights = weights.add(STEP * BLOCK);
            }
            from = from.wrapping_add(STEP);
        }
        if !walk.run.is_multiple_of(STEP) {
            let mut x = [vdupq_n_u8(0); PAIRS];
            for pair in 0..PAIRS {
                // SAFETY: as above, of eight bytes.
                x[pair] = unsafe {
                    let a = vld1_u8(from.wrapping_add(step(2 * pair)));
                    vcombine_u8(a, vld1_u8(from.wrapping_add(step(2 * pair + 1))))
                };
            }
            // SAFETY: as above.
            unsafe {
                products(&mut sums, 0, &x, load_weights(weights));
                products(&mut sums, 1, &x, load_weights(weights.add(V * 16)));
                weights = weights.add(HALF * BLOCK);
            }
        }
    }
    let mut pixels = [block.bias; P];
    for p in 0..P {
        for v in 0..V {
            let two = |f: usize| vreinterpretq_s64_s32(sums[p / 2][f / V][f % V]);
            pixels[p][v] = vreinterpretq_s32_s64(if p % 2 == 0 {
                vzip1q_s64(two(2 * v), two(2 * v + 1))
            } else {
                vzip2q_s64(two(2 * v), two(2 * v + 1))
            });
        }
    }
    pixels
}

/// Eight weights of each of `2 * V` outputs.
///
/// # Safety
/// They can be read.
#[inline]
#[target_feature(enable = "neon,i8mm")]
unsafe fn load_weights<const V: usize>(weights: *const i8) -> [int8x16_t; V] {
    let mut vectors = [vdupq_n_s8(0); V];
    for v in 0..V {
        // SAFETY: as promised.
        vectors[v] = unsafe { vld1q_s8(weights.add(v * 16)) };
    }
    vectors
}

/// Eight codes of each pixel, with their weights for half of the outputs.
#[inline]
#[target_feature(enable = "neon,i8mm")]
fn products<const V: usize, const PAIRS: usize>(
    sums: &mut [[[int32x4_t; V]; 2]; PAIRS],
    half: usize,
    x: &[uint8x16_t; PAIRS],
    weights: [int8x16_t; V],
) {
    for v in 0..V {
        for pair in 0..PAIRS {
            sums[pair][half][v] = usmmla(sums[pair][half][v], x[pair], weights[v]);
        }
    }
}
