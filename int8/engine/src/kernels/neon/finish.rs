//! From sums to codes, sixteen at a time, and sums of codes.
//!
//! These functions have to become part of each kernel's loops, which `target_feature` would leave to the
//! compiler's judgement. So they go without it, and each call of an intrinsic is `unsafe`.

use std::arch::aarch64::*;

use crate::add::AddParams;
use crate::conv::Residual;
use crate::requant::Requant;

/// What all codes of a convolution have in common.
#[derive(Clone, Copy)]
pub(super) struct Finish {
    zero_point: int16x8_t,
    /// The add that follows, and whether the convolution is its second operand.
    pub(super) residual: Option<(Sum, bool)>,
}

impl Finish {
    #[inline(always)]
    pub(super) fn new(requant: &Requant, residual: Option<&Residual>) -> Finish {
        Finish {
            // SAFETY: NEON is in the baseline.
            zero_point: unsafe { vdupq_n_s16(requant.zero_point as i16) },
            residual: residual.map(|r| (Sum::new(&r.params), r.swapped)),
        }
    }

    /// The codes before any add.
    #[inline(always)]
    pub(super) fn codes(&self, sums: [int32x4_t; 4], scale: [float32x4_t; 4]) -> uint8x16_t {
        // SAFETY: NEON is in the baseline.
        let real = std::array::from_fn(|i| unsafe { vmulq_f32(vcvtq_f32_s32(sums[i]), scale[i]) });
        narrow(real, self.zero_point)
    }

    /// The codes with `other`, where there is an add.
    #[inline(always)]
    pub(super) fn add(&self, own: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
        match &self.residual {
            None => own,
            Some((sum, false)) => sum.codes(own, other),
            Some((sum, true)) => sum.codes(other, own),
        }
    }
}

/// [`AddParams`] in vectors.
#[derive(Clone, Copy)]
pub(super) struct Sum {
    ratio_a: float32x4_t,
    ratio_b: float32x4_t,
    fixed: float32x4_t,
    base: uint8x8_t,
}

impl Sum {
    #[inline(always)]
    pub(super) fn new(params: &AddParams) -> Sum {
        // SAFETY: NEON is in the baseline.
        unsafe {
            Sum {
                ratio_a: vdupq_n_f32(params.ratio_a),
                ratio_b: vdupq_n_f32(params.ratio_b),
                fixed: vdupq_n_f32(params.fixed),
                base: vdup_n_u8(params.base as u8),
            }
        }
    }

    #[inline(always)]
    pub(super) fn codes(&self, a: uint8x16_t, b: uint8x16_t) -> uint8x16_t {
        let (a, b) = (self.real(a), self.real(b));
        // SAFETY: NEON is in the baseline.
        unsafe {
            let sums = std::array::from_fn(|i| {
                let inner = vfmaq_f32(self.fixed, b[i], self.ratio_b);
                vfmaq_f32(inner, a[i], self.ratio_a)
            });
            narrow(sums, vreinterpretq_s16_u16(vmovl_u8(self.base)))
        }
    }

    /// Codes without their base.
    #[inline(always)]
    fn real(&self, codes: uint8x16_t) -> [float32x4_t; 4] {
        // SAFETY: NEON is in the baseline.
        unsafe {
            let low = vreinterpretq_s16_u16(vsubl_u8(vget_low_u8(codes), self.base));
            let high = vreinterpretq_s16_u16(vsubl_u8(vget_high_u8(codes), self.base));
            [
                vcvtq_f32_s32(vmovl_s16(vget_low_s16(low))),
                vcvtq_f32_s32(vmovl_high_s16(low)),
                vcvtq_f32_s32(vmovl_s16(vget_low_s16(high))),
                vcvtq_f32_s32(vmovl_high_s16(high)),
            ]
        }
    }
}

/// Rounds, ties to even, adds `offset` and clamps to 0 to 255: each narrowing saturates, and so does the sum.
#[inline(always)]
fn narrow(real: [float32x4_t; 4], offset: int16x8_t) -> uint8x16_t {
    // SAFETY: NEON is in the baseline.
    unsafe {
        let [a, b, c, d] = real.map(|real| vcvtnq_s32_f32(real));
        let low = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(a), b), offset);
        let high = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(c), d), offset);
        vqmovun_high_s16(vqmovun_s16(low), high)
    }
}
