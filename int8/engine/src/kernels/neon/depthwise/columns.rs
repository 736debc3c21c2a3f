//! Windows of 3x3 by dot products: the three codes of a column are brought side by side once, and serve all windows that
//! the column is in.

use std::arch::aarch64::*;

use super::super::order::sdot;
use super::pack::Packed;
use super::{Rows, load};

/// As for `square`, but for any weights.
///
/// # Safety
/// Row and block exist; `stride` is `STRIDE`.
#[inline(never)]
#[target_feature(enable = "neon,dotprod")]
pub(super) unsafe fn columns<const STRIDE: usize, const SECOND: usize, const THIRD: usize>(
    rows: &Rows<'_>,
    row: usize,
    block: usize,
) {
    let Rows { conv, walk, target } = rows;
    let (columns, target) = (conv.window.columns, *target);
    let packed = Packed::new(conv, block);
    let weights = [packed.column(0), packed.column(1), packed.column(2)];
    let block = packed.block;
    let tap = walk.runs[1] - walk.runs[0];
    let origin = walk.at(row, 0).wrapping_add(block.first);
    let mut starts = [0, 3, 6].map(|first| origin.wrapping_add(walk.runs[first]));
    // SAFETY: the taps of the row's pixels are in the walk, and the slack makes sixteen bytes readable.
    let mut x = unsafe {
        [
            next(&mut starts, tap),
            next(&mut starts, tap),
            next(&mut starts, tap),
        ]
    };
    let mut column = 0;
    macro_rules! pixel {
        ($first:expr) => {
            let mut sums = block.bias;
            let slot = |c: usize| &x[($first + c) % 3];
            let (a, b, c) = (slot(0), slot(1), slot(2));
            for v in 0..4 {
                sums[v] = sdot(sums[v], a[v], weights[0][v]);
                sums[v] = sdot(sums[v], b[v], weights[1][v]);
                sums[v] = sdot(sums[v], c[v], weights[2][v]);
            }
            // SAFETY: the pixel exists.
            unsafe { target.store_plain(&block, sums, row, column) };
            column += 1;
            if column == columns {
                return;
            }
            for new in 0..STRIDE {
                // SAFETY: as above.
                x[($first + new) % 3] = unsafe { next(&mut starts, tap) };
            }
        };
    }
    loop {
        pixel!(0);
        pixel!(SECOND);
        pixel!(THIRD);
    }
}

/// The next column of three rows: of each channel the three codes, and one of them again, for which the weight is 0.
///
/// # Safety
/// Sixteen codes of each row can be read.
#[inline(always)]
unsafe fn next(rows: &mut [*const u8; 3], tap: usize) -> [int8x16_t; 4] {
    // SAFETY: as promised, and NEON is in the baseline.
    unsafe {
        let [a, b, c] = [load(rows[0]), load(rows[1]), load(rows[2])];
        for row in rows {
            *row = row.wrapping_add(tap);
        }
        let wide = |x: int8x16_t| vreinterpretq_s16_s8(x);
        let (low, high) = (wide(vzip1q_s8(a, b)), wide(vzip2q_s8(a, b)));
        let (low_c, high_c) = (wide(vzip1q_s8(c, c)), wide(vzip2q_s8(c, c)));
        [
            vreinterpretq_s8_s16(vzip1q_s16(low, low_c)),
            vreinterpretq_s8_s16(vzip2q_s16(low, low_c)),
            vreinterpretq_s8_s16(vzip1q_s16(high, high_c)),
            vreinterpretq_s8_s16(vzip2q_s16(high, high_c)),
        ]
    }
}
