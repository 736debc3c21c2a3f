//! Avx2: the portable bodies, compiled for its vectors.
#![allow(
    unsafe_code,
    reason = "functions of an instruction set are called after it was detected"
)]

use super::{Isa, Kernels, portable};
use crate::add::AddParams;
use crate::conv::{Dense, Depthwise};

/// The kernels, where the processor runs them.
pub(super) fn kernels() -> Option<&'static Kernels> {
    let runs = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    runs.then_some(&KERNELS)
}

// SAFETY of each call: the table leaves this file only through `kernels`, which has detected the
// features that the functions are compiled for.
pub(super) static KERNELS: Kernels = Kernels {
    isa: Isa::Avx2,
    dense: |conv, input, output, other| unsafe { dense(conv, input, output, other) },
    depthwise: |conv, input, output| unsafe { depthwise(conv, input, output) },
    add: |params, a, b, output| unsafe { add(params, a, b, output) },
    ..portable::KERNELS
};

#[target_feature(enable = "avx2,fma")]
fn dense(conv: &Dense, input: &[u8], output: &mut [u8], other: &[u8]) {
    portable::dense::<4>(conv, input, output, other);
}

#[target_feature(enable = "avx2,fma")]
fn depthwise(conv: &Depthwise, input: &[u8], output: &mut [u8]) {
    portable::depthwise(conv, input, output);
}

#[target_feature(enable = "avx2,fma")]
fn add(params: &AddParams, a: &[u8], b: &[u8], output: &mut [u8]) {
    portable::add(params, a, b, output);
}
