//! ARMv8.2 dot products: `sdot` adds four exact products of signed bytes to each of four sums.
//!
//! Bound by `sdot`, of which a core makes one or two a cycle: a tile's step takes 64 of them and 17 other
//! instructions. Lowering codes in the tile would add one for each 16, and strips are there for the cache anyway.

use std::arch::aarch64::*;
use std::arch::asm;

use super::block::{Block, Target};
use super::order::ahead;
use super::strips::{Strip, Walk, strips};
use super::{add, depthwise};
use crate::conv::Dense;
use crate::kernels::portable::{self, QUAD};
use crate::kernels::tiles::cover;
use crate::kernels::{Isa, Kernels};
use crate::requant::BLOCK;

pub(super) fn kernels() -> Option<&'static Kernels> {
    std::arch::is_aarch64_feature_detected!("dotprod").then_some(&KERNELS)
}

// SAFETY of each call: NEON is in the baseline; the table leaves this file only through `kernels`, which has
// detected the rest.
static KERNELS: Kernels = Kernels {
    isa: Isa::NeonDot,
    granule: QUAD,
    lowered: 128,
    pack_dense: portable::pack_dense,
    dense: |conv, input, output, other| unsafe { dense(conv, input, output, other) },
    pack_depthwise: depthwise::pack,
    depthwise: |conv, input, output| unsafe { depthwise::run_dot(conv, input, output) },
    add: |params, a, b, output| unsafe { add::add(params, a, b, output) },
};

/// Bytes of a run that one vector of codes holds.
const STEP: usize = 16;

/// Adds the products of four codes of `x`, those of `LANE`, and four weights of each of four outputs.
#[inline]
#[target_feature(enable = "neon,dotprod")]
fn sdot<const LANE: usize>(sums: int32x4_t, weights: int8x16_t, x: int8x16_t) -> int32x4_t {
    let mut sums = sums;
    // SAFETY: the instruction reads and writes these registers only, and the processor has it.
    unsafe {
        asm!(
            "sdot {sums:v}.4s, {weights:v}.16b, {x:v}.4b[{lane}]",
            sums = inlateout(vreg) sums,
            weights = in(vreg) weights,
            x = in(vreg) x,
            lane = const LANE,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sums
}

#[target_feature(enable = "neon,dotprod")]
fn dense(conv: &Dense, input: &[u8], output: &mut [u8], other: &[u8]) {
    conv.check(input, output, other);
    let kernel = Kernel(conv, Target::of(conv, output, other));
    strips(conv, input, |strip| {
        for block in 0..conv.blocks() {
            // SAFETY: `check` has passed, and the strip is a part of the output.
            unsafe { kernel.block(strip, block) };
        }
    });
}

struct Kernel<'a>(&'a Dense, Target);

impl Kernel<'_> {
    /// # Safety
    /// `check` has passed for the buffers; the strip is a part of the output; the block exists.
    #[target_feature(enable = "neon,dotprod")]
    unsafe fn block(&self, strip: &Strip<'_>, block: usize) {
        // SAFETY: as promised.
        unsafe {
            let wide = strip.columns.len() >= 8;
            match self.0.block_channels(block).div_ceil(4) {
                _ if !strip.lowered => self.vectors::<4, 1, true>(strip, block),
                1 if wide => self.vectors::<1, 8, false>(strip, block),
                2 if wide => self.vectors::<2, 8, false>(strip, block),
                _ => self.vectors::<4, 4, false>(strip, block),
            }
        }
    }

    /// The first `4 * V` outputs of a block, in tiles of `P` pixels. `LOWER`: the strip's codes are not lowered yet.
    ///
    /// # Safety
    /// As for `block`.
    #[inline(never)]
    #[target_feature(enable = "neon,dotprod")]
    unsafe fn vectors<const V: usize, const P: usize, const LOWER: bool>(
        &self,
        strip: &Strip<'_>,
        block: usize,
    ) {
        let Kernel(conv, target) = self;
        let weights = conv.block_weights(block).as_ptr().cast();
        let block = Block::<V>::new(&conv.requant, block, conv.block_channels(block));
        let target = *target;
        let walk = strip.walk;
        // Known to the compiler, this saves it what it does for empty loops.
        assert!(!walk.runs.is_empty());
        let columns = strip.columns.len();
        for row in strip.rows.clone() {
            // SAFETY: `cover` keeps the pixels in the strip.
            let covered = cover(columns, P, |column| unsafe {
                let column = strip.columns.start + column;
                let sums = sums::<V, P, LOWER>(walk, &block, weights, row, column);
                target.store(&block, sums, row, column);
            });
            if !covered {
                for column in strip.columns.clone() {
                    // SAFETY: the pixel is in the strip.
                    unsafe {
                        let sums = sums::<V, 1, LOWER>(walk, &block, weights, row, column);
                        target.store(&block, sums, row, column);
                    }
                }
            }
        }
    }
}

/// # Safety
/// As for `block`; the pixels are in the strip.
#[inline]
#[target_feature(enable = "neon,dotprod")]
unsafe fn sums<const V: usize, const P: usize, const LOWER: bool>(
    walk: Walk<'_>,
    block: &Block<V>,
    weights: *const i8,
    row: usize,
    column: usize,
) -> [[int32x4_t; V]; P] {
    let mut sums = [block.bias; P];
    let mut weights = weights;
    let origin = walk.at(row, column);
    for start in walk.runs {
        let mut from = origin.wrapping_add(*start);
        for _ in 0..walk.run / STEP {
            let mut x = [vdupq_n_s8(0); P];
            for p in 0..P {
                let from = from.wrapping_add(p * walk.column_step);
                // SAFETY: the step is in the run of a pixel of the strip.
                x[p] = lower::<LOWER>(unsafe { vld1q_u8(from) });
            }
            // SAFETY: a step has sixteen weights for each output.
            unsafe {
                let a = load_quad(weights);
                let mut b = load_quad(weights.add(QUAD * BLOCK));
                ahead(&mut b, &mut sums[0][0]);
                quad::<0, V, P>(&mut sums, a, &x);
                let mut c = load_quad(weights.add(2 * QUAD * BLOCK));
                ahead(&mut c, &mut sums[0][0]);
                quad::<1, V, P>(&mut sums, b, &x);
                let mut d = load_quad(weights.add(3 * QUAD * BLOCK));
                ahead(&mut d, &mut sums[0][0]);
                quad::<2, V, P>(&mut sums, c, &x);
                quad::<3, V, P>(&mut sums, d, &x);
                weights = weights.add(STEP * BLOCK);
            }
            from = from.wrapping_add(STEP);
        }
        for _ in 0..walk.run % STEP / QUAD {
            let mut x = [vdupq_n_s8(0); P];
            for p in 0..P {
                let from = from.wrapping_add(p * walk.column_step).cast::<u32>();
                // SAFETY: as above, of four bytes.
                let four = vdupq_n_u32(unsafe { from.read_unaligned() });
                x[p] = lower::<LOWER>(vreinterpretq_u8_u32(four));
            }
            // SAFETY: as above, four weights.
            unsafe {
                quad::<0, V, P>(&mut sums, load_quad(weights), &x);
                weights = weights.add(QUAD * BLOCK);
            }
            from = from.wrapping_add(QUAD);
        }
    }
    sums
}

#[inline]
#[target_feature(enable = "neon")]
fn lower<const LOWER: bool>(codes: uint8x16_t) -> int8x16_t {
    vreinterpretq_s8_u8(if LOWER {
        veorq_u8(codes, vdupq_n_u8(0x80))
    } else {
        codes
    })
}

/// Four weights of each of `4 * V` outputs.
///
/// # Safety
/// They can be read.
#[inline]
#[target_feature(enable = "neon,dotprod")]
unsafe fn load_quad<const V: usize>(weights: *const i8) -> [int8x16_t; V] {
    let mut vectors = [vdupq_n_s8(0); V];
    for v in 0..V {
        // SAFETY: as promised.
        vectors[v] = unsafe { vld1q_s8(weights.add(v * 16)) };
    }
    vectors
}

/// Four codes of each pixel, with their weights.
#[inline]
#[target_feature(enable = "neon,dotprod")]
fn quad<const LANE: usize, const V: usize, const P: usize>(
    sums: &mut [[int32x4_t; V]; P],
    weights: [int8x16_t; V],
    x: &[int8x16_t; P],
) {
    for v in 0..V {
        for p in 0..P {
            sums[p][v] = sdot::<LANE>(sums[p][v], weights[v], x[p]);
        }
    }
}
