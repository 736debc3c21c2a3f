//! AVX-VNNI: `vpdpbusd` as processors without AVX-512 have it. It adds four exact u8 x s8 products to each of 8 sums.
//!
//! Bound by two of them a cycle. With AVX-512's encoding, on Zen 4 at 3.7 GHz, 3x3 layers reach 185 to 212 GMAC/s of
//! the 221 that the instruction alone makes; no processor with AVX-VNNI was at hand to time it on. Tiles of 4, 5 and 7
//! pixels were no faster than those of 6, which have 12 sums in flight. Depthwise is AVX2's.
#![allow(
    unsafe_code,
    reason = "vector loads, and calls of an instruction set after detection"
)]
#![allow(
    clippy::needless_range_loop,
    reason = "indices name pixels and halves of a block"
)]

use super::{Kernels, avx2};

/// The kernels, where the processor runs them.
pub(super) fn kernels() -> Option<&'static Kernels> {
    (avx2::kernels().is_some() && is_x86_feature_detected!("avxvnni")).then_some(&vex::KERNELS)
}

mod vex {
    crate::kernels::vnni256::vnni256!("avx2,fma,avxvnni", _mm256_dpbusd_avx_epi32);
}

/// The same body with the instruction of AVX-512, so that it is tested on processors that have only that.
#[cfg(test)]
pub(super) mod evex {
    crate::kernels::vnni256::vnni256!("avx2,fma,avx512vnni,avx512vl", _mm256_dpbusd_epi32);

    pub(in crate::kernels) struct Evex;

    impl Evex {
        pub(in crate::kernels) fn name(&self) -> &'static str {
            "avx512vnni"
        }

        pub(in crate::kernels) fn kernels(&self) -> Option<&'static Kernels> {
            let runs =
                is_x86_feature_detected!("avx512vnni") && is_x86_feature_detected!("avx512vl");
            (avx2::kernels().is_some() && runs).then_some(&KERNELS)
        }
    }
}
