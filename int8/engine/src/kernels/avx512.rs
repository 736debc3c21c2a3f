//! AVX-512 without VNNI: AVX2's kernels. Their instructions are not faster on 512 bits: a bare loop of `vpmaddwd` and
//! `vpaddd` makes 83 GMAC/s on Zen 4, and 94 on 256 bits.

use super::{Isa, Kernels, avx2};

/// The kernels, where the processor runs them.
pub(super) fn kernels() -> Option<&'static Kernels> {
    let runs = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl");
    (avx2::kernels().is_some() && runs).then_some(&KERNELS)
}

pub(super) static KERNELS: Kernels = Kernels {
    isa: Isa::Avx512,
    ..avx2::KERNELS
};
