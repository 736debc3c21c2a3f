//! Windows of any kind, and two taps in each 16-bit lane.

use std::arch::aarch64::*;

use super::super::order::{smlal2, smull2};
use super::pack::Packed;
use super::{Rows, load};

/// `PAIRS`: two products fit in a lane.
///
/// # Safety
/// Row and block exist.
#[inline(never)]
#[target_feature(enable = "neon")]
pub(super) unsafe fn any<const PAIRS: bool>(rows: &Rows<'_>, row: usize, block: usize) {
    let Rows { conv, walk, target } = rows;
    let packed = Packed::new(conv, block);
    for column in 0..conv.window.columns {
        let origin = walk.at(row, column).wrapping_add(packed.block.first);
        let mut sums = packed.block.bias;
        let (taps, last) = walk.runs.as_chunks::<2>();
        for (i, [a, b]) in taps.iter().enumerate() {
            // SAFETY: the taps are in the walk, and the slack makes sixteen bytes readable.
            let (xa, xb) =
                unsafe { (load(origin.wrapping_add(*a)), load(origin.wrapping_add(*b))) };
            let (wa, wb) = (packed.tap(2 * i), packed.tap(2 * i + 1));
            if PAIRS {
                pair(&mut sums, [xa, xb], [wa, wb]);
            } else {
                single(&mut sums, xa, wa);
                single(&mut sums, xb, wb);
            }
        }
        for start in last {
            // SAFETY: as above.
            let x = unsafe { load(origin.wrapping_add(*start)) };
            single(&mut sums, x, packed.tap(walk.runs.len() - 1));
        }
        // SAFETY: the pixel exists.
        unsafe { target.store_plain(&packed.block, sums, row, column) };
    }
}

#[inline(always)]
pub(super) fn pair(sums: &mut [int32x4_t; 4], [a, b]: [int8x16_t; 2], [wa, wb]: [int8x16_t; 2]) {
    // SAFETY: NEON is in the baseline.
    unsafe {
        let low = vmull_s8(vget_low_s8(a), vget_low_s8(wa));
        let high = smull2(a, wa);
        let low = vmlal_s8(low, vget_low_s8(b), vget_low_s8(wb));
        empty(sums, low, smlal2(high, b, wb));
    }
}

#[inline(always)]
pub(super) fn single(sums: &mut [int32x4_t; 4], x: int8x16_t, w: int8x16_t) {
    // SAFETY: NEON is in the baseline.
    let low = unsafe { vmull_s8(vget_low_s8(x), vget_low_s8(w)) };
    empty(sums, low, smull2(x, w));
}

/// Adds the lanes to the sums.
#[inline(always)]
fn empty(sums: &mut [int32x4_t; 4], low: int16x8_t, high: int16x8_t) {
    // SAFETY: NEON is in the baseline.
    unsafe {
        sums[0] = vaddw_s16(sums[0], vget_low_s16(low));
        sums[1] = vaddw_high_s16(sums[1], low);
        sums[2] = vaddw_s16(sums[2], vget_low_s16(high));
        sums[3] = vaddw_high_s16(sums[3], high);
    }
}
