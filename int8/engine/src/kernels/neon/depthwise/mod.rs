//! Depthwise convolutions, sixteen channels at a time.
//!
//! Codes are lowered as they are loaded: a copy of the image would not be read often enough. Windows of 3x3 are bound by
//! vector instructions, of which a third takes sums to codes.

mod any;
mod columns;
mod pack;
mod square;

use std::arch::aarch64::*;

use super::block::Target;
use super::strips::Walk;
use crate::conv::{Chunk, Depthwise, TapWeights};
use crate::view::Window;
use any::any;
use columns::columns;
use square::square;

/// For kernels that lower each code.
pub(super) fn pack(weights: &TapWeights<'_>) -> Vec<Chunk> {
    pack::pack(weights, 128)
}

/// For kernels that do not.
pub(super) fn pack_raised(weights: &TapWeights<'_>) -> Vec<Chunk> {
    pack::pack(weights, 0)
}

/// A convolution and its buffers, which `check` has found to be long enough. Its functions make a row of a block of
/// channels.
struct Rows<'a> {
    conv: &'a Depthwise,
    walk: Walk<'a>,
    target: Target,
}

impl Rows<'_> {
    fn new<'a>(conv: &'a Depthwise, input: &[u8], output: &mut [u8]) -> Rows<'a> {
        conv.check(input, output);
        Rows {
            conv,
            walk: Walk::new(&conv.window, input.as_ptr()),
            target: Target::new(&conv.requant, conv.output, output, None, &[]),
        }
    }

    /// Each row, and each block of channels in it.
    fn each(&self) -> impl Iterator<Item = (usize, usize)> {
        let blocks = self.conv.blocks();
        (0..self.conv.window.rows * blocks).map(move |i| (i / blocks, i % blocks))
    }
}

#[target_feature(enable = "neon")]
pub(super) fn run(conv: &Depthwise, input: &[u8], output: &mut [u8]) {
    let rows = Rows::new(conv, input, output);
    let pairs = pack::pairs(&conv.weights);
    let stride = stride(&conv.window).filter(|_| pairs);
    for (row, block) in rows.each() {
        // SAFETY: row and block exist.
        unsafe {
            match stride {
                Some(1) => square::<1, 1, 2>(&rows, row, block),
                Some(2) => square::<2, 2, 1>(&rows, row, block),
                _ if pairs => any::<true>(&rows, row, block),
                _ => any::<false>(&rows, row, block),
            }
        }
    }
}

/// With dot products.
#[target_feature(enable = "neon,dotprod")]
pub(super) fn run_dot(conv: &Depthwise, input: &[u8], output: &mut [u8]) {
    let rows = Rows::new(conv, input, output);
    let pairs = pack::pairs(&conv.weights);
    let stride = stride(&conv.window);
    for (row, block) in rows.each() {
        // SAFETY: row and block exist.
        unsafe {
            match stride {
                Some(1) => columns::<1, 1, 2>(&rows, row, block),
                Some(2) => columns::<2, 2, 1>(&rows, row, block),
                _ if pairs => any::<true>(&rows, row, block),
                _ => any::<false>(&rows, row, block),
            }
        }
    }
}

/// Of windows of 3x3: by how many taps the next pixel's window is further on.
fn stride(window: &Window) -> Option<usize> {
    let tap = window.runs.get(1)? - window.runs[0];
    let touching = |row: &[usize]| row[1] == row[0] + tap && row[2] == row[1] + tap;
    let square = window.runs.len() == pack::SQUARE && window.runs.chunks(3).all(touching);
    let stride = window.column_step.checked_div(tap)?;
    (square && window.column_step == stride * tap).then_some(stride)
}

/// Sixteen lowered codes.
///
/// # Safety
/// They can be read.
#[inline(always)]
unsafe fn load(codes: *const u8) -> int8x16_t {
    // SAFETY: as promised, and NEON is in the baseline.
    unsafe { vreinterpretq_s8_u8(veorq_u8(vld1q_u8(codes), vdupq_n_u8(0x80))) }
}
