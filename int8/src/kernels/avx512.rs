//! AVX-512: the portable bodies, compiled for 64-byte vectors.
#![allow(
    unsafe_code,
    reason = "functions of an instruction set are called after it was detected"
)]

use super::{AddParams, Dense, Depthwise, Kernels, portable};

/// The kernels, where the processor runs them.
pub(crate) fn kernels() -> Option<&'static Kernels> {
    let runs = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("fma");
    runs.then_some(&KERNELS)
}

// SAFETY of each call: the table is reached only through `kernels`, here and where it is extended,
// which has detected the features that the functions are compiled for.
pub(super) static KERNELS: Kernels = Kernels {
    name: "avx512",
    dense: |conv, input, output| unsafe { dense(conv, input, output) },
    depthwise: |conv, input, output| unsafe { depthwise(conv, input, output) },
    add_u8: |params, a, b, output| unsafe { add_u8(params, a, b, output) },
    add_s8: |params, a, b, output| unsafe { add_s8(params, a, b, output) },
};

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
fn dense(conv: &Dense, input: &[u8], output: &mut [u8]) {
    portable::dense::<8>(conv, input, output);
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
fn depthwise(conv: &Depthwise, input: &[u8], output: &mut [u8]) {
    portable::depthwise(conv, input, output);
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
fn add_u8(params: &AddParams, a: &[u8], b: &[u8], output: &mut [u8]) {
    portable::add_u8(params, a, b, output);
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
fn add_s8(params: &AddParams, a: &[u8], b: &[u8], output: &mut [u8]) {
    portable::add_s8(params, a, b, output);
}
