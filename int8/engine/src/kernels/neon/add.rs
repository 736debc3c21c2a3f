//! QLinearAdd on its own. Bound by the conversions: 37 vector instructions for 16 codes.

use std::arch::aarch64::*;

use super::finish::Sum;
use crate::add::AddParams;

const WIDTH: usize = 16;

#[target_feature(enable = "neon")]
pub(super) fn add(params: &AddParams, a: &[u8], b: &[u8], output: &mut [u8]) {
    let sum = Sum::new(params);
    let (a, a_rest) = a.as_chunks::<WIDTH>();
    let (b, b_rest) = b.as_chunks::<WIDTH>();
    let (output, rest) = output.as_chunks_mut::<WIDTH>();
    for ((a, b), codes) in a.iter().zip(b).zip(output) {
        // SAFETY: each is sixteen bytes.
        unsafe {
            let sums = sum.codes(vld1q_u8(a.as_ptr()), vld1q_u8(b.as_ptr()));
            vst1q_u8(codes.as_mut_ptr(), sums);
        }
    }
    for ((a, b), code) in a_rest.iter().zip(b_rest).zip(rest) {
        *code = params.code(*a, *b);
    }
}
