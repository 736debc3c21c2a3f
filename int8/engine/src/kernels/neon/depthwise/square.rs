//! Windows of 3x3 whose weights stay in registers, as do the codes that the next pixel needs again.

use std::arch::aarch64::*;

use super::any::{pair, single};
use super::pack::Packed;
use super::{Rows, load};

/// Each window is `STRIDE` taps further on. The first columns of three windows in a row are in the slots 0,
/// `SECOND` and `THIRD`.
///
/// # Safety
/// Row and block exist; `stride` is `STRIDE`; two products fit in a lane.
#[inline(never)]
#[target_feature(enable = "neon")]
pub(super) unsafe fn square<const STRIDE: usize, const SECOND: usize, const THIRD: usize>(
    rows: &Rows<'_>,
    row: usize,
    block: usize,
) {
    let Rows { conv, walk, target } = rows;
    let (columns, target) = (conv.window.columns, *target);
    let packed = Packed::new(conv, block);
    let weights: [_; 9] = std::array::from_fn(|tap| packed.tap(tap));
    let block = packed.block;
    let tap = walk.runs[1] - walk.runs[0];
    let origin = walk.at(row, 0).wrapping_add(block.first);
    let starts = [0, 3, 6].map(|first| origin.wrapping_add(walk.runs[first]));
    // SAFETY: the taps of the row's pixels are in the walk, and the slack makes sixteen bytes readable.
    let load = |r: usize, c: usize| unsafe { load(starts[r].wrapping_add(c * tap)) };
    let mut x: [[_; 3]; 3] = std::array::from_fn(|r| std::array::from_fn(|c| load(r, c)));
    let mut column = 0;
    macro_rules! pixel {
        ($first:expr) => {
            let sums = window::<$first>(&x, &weights, block.bias);
            // SAFETY: the pixel exists.
            unsafe { target.store_plain(&block, sums, row, column) };
            column += 1;
            if column == columns {
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

/// The sums of the window whose first column is in slot `FIRST`.
#[inline(always)]
fn window<const FIRST: usize>(
    x: &[[int8x16_t; 3]; 3],
    weights: &[int8x16_t; 9],
    bias: [int32x4_t; 4],
) -> [int32x4_t; 4] {
    let mut sums = bias;
    let x = |tap: usize| x[tap / 3][(FIRST + tap) % 3];
    let w = |tap: usize| weights[tap];
    pair(&mut sums, [x(0), x(1)], [w(0), w(1)]);
    pair(&mut sums, [x(2), x(3)], [w(2), w(3)]);
    pair(&mut sums, [x(4), x(5)], [w(4), w(5)]);
    pair(&mut sums, [x(6), x(7)], [w(6), w(7)]);
    single(&mut sums, x(8), w(8));
    sums
}
