//! Depthwise: sixteen channels at a time, two taps in each 16-bit lane before it is emptied.
//!
//! Codes are lowered here, whatever the instruction set; for one whose bias is not made for that, packing
//! adds what is missing.

use std::arch::aarch64::*;

use super::block::{Block, Target};
use super::order::{smlal2, smull2};
use super::strips::Walk;
use crate::conv::{Chunk, Depthwise, TapWeights};
use crate::requant::BLOCK;
use crate::view::Window;

/// For kernels that lower each code.
pub(super) fn pack(weights: &TapWeights<'_>) -> Vec<Chunk> {
    packed(weights, 0)
}

/// For kernels that do not.
pub(super) fn pack_raised(weights: &TapWeights<'_>) -> Vec<Chunk> {
    packed(weights, 128)
}

/// A first byte that says whether two products fit in a lane. Then, for each block, what is added to its
/// bias, and sixteen weights for each tap.
fn packed(weights: &TapWeights<'_>, lowered: i32) -> Vec<Chunk> {
    let pairs = (0..weights.channels).all(|channel| {
        (0..weights.taps).step_by(2).all(|tap| {
            let pair = [tap, tap + 1].map(|tap| weights.at(channel, tap));
            pair != [i8::MIN; 2]
        })
    });
    let mut bytes = vec![pairs as u8];
    bytes.resize(size_of::<Chunk>(), 0);
    for first in (0..weights.channels).step_by(BLOCK) {
        for channel in first..first + BLOCK {
            let sum = (0..weights.taps).fold(0i32, |sum, tap| {
                sum.wrapping_add(weights.at(channel, tap) as i32)
            });
            bytes.extend(sum.wrapping_mul(lowered).to_le_bytes());
        }
        for tap in 0..weights.taps.next_multiple_of(4) {
            bytes.extend((first..first + BLOCK).map(|channel| weights.at(channel, tap) as u8));
        }
    }
    let chunks = bytes.as_chunks().0.iter();
    chunks.map(|chunk| Chunk(*chunk)).collect()
}

#[target_feature(enable = "neon")]
pub(super) fn run(conv: &Depthwise, input: &[u8], output: &mut [u8]) {
    conv.check(input, output);
    let pairs = conv.weights[0].0[0] != 0;
    let walk = Walk::new(&conv.window, input.as_ptr());
    let target = Target::new(&conv.requant, conv.output, output, None, &[]);
    let stride = stride(&conv.window).filter(|_| pairs);
    for row in 0..conv.window.rows {
        for block in 0..conv.blocks() {
            // SAFETY: `check` has passed; the row and the block exist.
            unsafe {
                match stride {
                    Some(1) => square::<1, 1, 2>(conv, walk, target, row, block),
                    Some(2) => square::<2, 2, 1>(conv, walk, target, row, block),
                    _ if pairs => any::<true>(conv, walk, target, row, block),
                    _ => any::<false>(conv, walk, target, row, block),
                }
            }
        }
    }
}

/// Of windows of 3x3: by how many taps the next pixel's window is further on.
fn stride(window: &Window) -> Option<usize> {
    let tap = window.runs.get(1)? - window.runs[0];
    let square = window.runs.len() == 9
        && window
            .runs
            .chunks(3)
            .all(|row| row[1] == row[0] + tap && row[2] == row[1] + tap);
    let stride = window.column_step.checked_div(tap)?;
    (square && window.column_step == stride * tap).then_some(stride)
}

/// Outputs and weights of a block. The bias includes what packing has added.
#[inline]
#[target_feature(enable = "neon")]
fn block(conv: &Depthwise, block: usize) -> (Block<4>, *const i8) {
    let chunks = 1 + conv.window.runs.len().div_ceil(4);
    let packed = &conv.weights[1 + block * chunks..][..chunks];
    let more = packed[0].0.as_ptr().cast::<i32>();
    let count = (conv.channels() - block * BLOCK).min(BLOCK);
    let mut block = Block::new(&conv.requant, block, count);
    for v in 0..4 {
        // SAFETY: a chunk is sixteen integers.
        block.bias[v] = vaddq_s32(block.bias[v], unsafe { vld1q_s32(more.add(4 * v)) });
    }
    (block, packed[1..].as_ptr().cast())
}

/// Sixteen lowered codes.
///
/// # Safety
/// They can be read.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn load(codes: *const u8) -> int8x16_t {
    // SAFETY: as promised.
    vreinterpretq_s8_u8(veorq_u8(unsafe { vld1q_u8(codes) }, vdupq_n_u8(0x80)))
}

/// A row of windows of 3x3, each `STRIDE` taps further on. The nine weights of a channel stay in registers, and so do
/// the codes that the next pixel needs again.
///
/// # Safety
/// `check` has passed for the buffers; row and block exist; two products fit in a lane.
#[inline(never)]
#[target_feature(enable = "neon")]
unsafe fn square<const STRIDE: usize, const SECOND: usize, const THIRD: usize>(
    conv: &Depthwise,
    walk: Walk<'_>,
    target: Target,
    row: usize,
    block: usize,
) {
    let (block, weights) = self::block(conv, block);
    // SAFETY: a block has sixteen weights for each tap.
    let weights: [_; 9] = std::array::from_fn(|tap| unsafe { vld1q_s8(weights.add(tap * BLOCK)) });
    let starts = [walk.runs[0], walk.runs[3], walk.runs[6]];
    let tap = walk.runs[1] - walk.runs[0];
    let origin = walk.at(row, 0).wrapping_add(block.first);
    let rows = starts.map(|start| origin.wrapping_add(start));
    // SAFETY: the taps of the row's pixels are in the walk, and the slack makes sixteen bytes readable.
    let load = |r: usize, c: usize| unsafe { load(rows[r].wrapping_add(c * tap)) };
    let mut x: [[_; 3]; 3] = std::array::from_fn(|r| std::array::from_fn(|c| load(r, c)));
    let mut column = 0;
    // Three pixels later the columns of codes are in the same registers again.
    macro_rules! pixel {
        ($first:expr) => {
            // SAFETY: the pixel exists.
            unsafe {
                let sums = window::<$first>(&x, &weights, block.bias);
                target.store_plain(&block, sums, row, column);
            }
            column += 1;
            if column == conv.window.columns {
                return;
            }
            for r in 0..3 {
                for new in 0..STRIDE {
                    x[r][($first + new) % 3] = load(r, (column - 1) * STRIDE + 3 + new);
                }
            }
        };
    }
    loop {
        pixel!(0);
        pixel!(SECOND);
        pixel!(THIRD);
    }
}

/// The sums of a window of 3x3 whose first column is `x[_][FIRST]`.
///
/// # Safety
/// Two products fit in a lane.
#[inline(always)]
unsafe fn window<const FIRST: usize>(
    x: &[[int8x16_t; 3]; 3],
    weights: &[int8x16_t; 9],
    bias: [int32x4_t; 4],
) -> [int32x4_t; 4] {
    let mut sums = bias;
    let x = |tap: usize| x[tap / 3][(FIRST + tap) % 3];
    // SAFETY: NEON is in the baseline.
    unsafe {
        pair(&mut sums, x(0), weights[0], x(1), weights[1]);
        pair(&mut sums, x(2), weights[2], x(3), weights[3]);
        pair(&mut sums, x(4), weights[4], x(5), weights[5]);
        pair(&mut sums, x(6), weights[6], x(7), weights[7]);
        single(&mut sums, x(8), weights[8]);
    }
    sums
}

/// A row of any windows. `PAIRS`: two products fit in a lane.
///
/// # Safety
/// `check` has passed for the buffers; row and block exist.
#[inline(never)]
#[target_feature(enable = "neon")]
unsafe fn any<const PAIRS: bool>(
    conv: &Depthwise,
    walk: Walk<'_>,
    target: Target,
    row: usize,
    block: usize,
) {
    let (block, first) = self::block(conv, block);
    for column in 0..conv.window.columns {
        let origin = walk.at(row, column).wrapping_add(block.first);
        let mut sums = block.bias;
        let mut weights = first;
        // SAFETY: the taps are in the walk, and the slack makes sixteen bytes readable; a block has sixteen weights
        // for each tap; the pixel exists.
        unsafe {
            let (taps, last) = walk.runs.as_chunks::<2>();
            for [a, b] in taps {
                let (a, b) = (load(origin.wrapping_add(*a)), load(origin.wrapping_add(*b)));
                let (wa, wb) = (vld1q_s8(weights), vld1q_s8(weights.add(BLOCK)));
                weights = weights.add(2 * BLOCK);
                if PAIRS {
                    pair(&mut sums, a, wa, b, wb);
                } else {
                    single(&mut sums, a, wa);
                    single(&mut sums, b, wb);
                }
            }
            for start in last {
                let x = load(origin.wrapping_add(*start));
                single(&mut sums, x, vld1q_s8(weights));
            }
            target.store_plain(&block, sums, row, column);
        }
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn pair(sums: &mut [int32x4_t; 4], a: int8x16_t, wa: int8x16_t, b: int8x16_t, wb: int8x16_t) {
    let low = vmull_s8(vget_low_s8(a), vget_low_s8(wa));
    let high = smull2(a, wa);
    let low = vmlal_s8(low, vget_low_s8(b), vget_low_s8(wb));
    empty(sums, low, smlal2(high, b, wb));
}

#[inline]
#[target_feature(enable = "neon")]
fn single(sums: &mut [int32x4_t; 4], x: int8x16_t, w: int8x16_t) {
    let low = vmull_s8(vget_low_s8(x), vget_low_s8(w));
    empty(sums, low, smull2(x, w));
}

/// Adds the lanes to the sums.
#[inline]
#[target_feature(enable = "neon")]
fn empty(sums: &mut [int32x4_t; 4], low: int16x8_t, high: int16x8_t) {
    sums[0] = vaddw_s16(sums[0], vget_low_s16(low));
    sums[1] = vaddw_high_s16(sums[1], low);
    sums[2] = vaddw_s16(sums[2], vget_low_s16(high));
    sums[3] = vaddw_high_s16(sums[3], high);
}
