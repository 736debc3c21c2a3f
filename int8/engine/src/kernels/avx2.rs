//! AVX2: `vpmaddubsw` where two products cannot saturate it, `vpmaddwd` where they can.
//!
//! Bound by two multiplications for 32 products: 118 GMAC/s on Zen 4 at 3.7 GHz. 3x3 layers reach 93 to 97 with weights
//! spread as in the shipped models, where half of the steps are safe as they lie and a quarter in another order.
//! Weights of 16 bits alone gave 72, or 82 with two blocks at once, since each code has to be widened; without the
//! other orders it was 90. Depthwise has more instructions for the order of codes and for requantization than for
//! products: 37 GMAC/s for 3x3.
#![allow(
    unsafe_code,
    reason = "vector loads, and calls of an instruction set after detection"
)]
#![allow(
    clippy::needless_range_loop,
    reason = "indices name lanes, pixels and blocks"
)]

mod dense;
mod depthwise;
mod pack;

use super::block256::add;
use super::{Isa, Kernels, portable};

/// The kernels, where the processor runs them.
pub(super) fn kernels() -> Option<&'static Kernels> {
    let runs = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    runs.then_some(&KERNELS)
}

// SAFETY of each call: the table leaves this file only through `kernels`, which has detected the
// features that the functions are compiled for.
pub(super) static KERNELS: Kernels = Kernels {
    isa: Isa::Avx2,
    pack_dense: pack::pack_dense,
    dense: |conv, input, output, other| unsafe { dense::dense(conv, input, output, other) },
    pack_depthwise: depthwise::pack_depthwise,
    depthwise: |conv, input, output| unsafe { depthwise::depthwise(conv, input, output) },
    add: |params, a, b, output| unsafe { add(params, a, b, output) },
    ..portable::KERNELS
};
