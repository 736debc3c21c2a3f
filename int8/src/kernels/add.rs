//! The arithmetic of QLinearAdd, in onnxruntime's own order on x86-64 with AVX2.

use crate::code::Code;
use crate::error::Problem;

/// Scale and zero point of an operand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Affine {
    pub(crate) scale: f32,
    pub(crate) zero_point: i32,
}

/// `code = round_ties_even(a * ratio_a + (b * ratio_b + fixed))`, both steps fused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct AddParams {
    pub(crate) ratio_a: f32,
    pub(crate) ratio_b: f32,
    /// All three zero points.
    pub(crate) fixed: f32,
}

/// From here on a sum could leave the 32-bit integers.
const MAX_RATIO: f32 = 4_194_304.0;

impl AddParams {
    pub(crate) fn new(a: Affine, b: Affine, output: Affine) -> Result<AddParams, Problem> {
        let ratio_a = a.scale / output.scale;
        let ratio_b = b.scale / output.scale;
        for found in [ratio_a, ratio_b] {
            if found.is_nan() || found >= MAX_RATIO {
                return Err(Problem::Multiplier {
                    found,
                    limit: MAX_RATIO,
                });
            }
        }
        let zero = ratio_a.mul_add(a.zero_point as f32, ratio_b * b.zero_point as f32);
        Ok(AddParams {
            ratio_a,
            ratio_b,
            fixed: output.zero_point as f32 - zero,
        })
    }

    /// The code of one pair, in the output's range and as its byte.
    #[inline(always)]
    pub(crate) fn code(&self, a: f32, b: f32, code: Code) -> u8 {
        let (least, greatest) = code.range();
        let sum = a.mul_add(self.ratio_a, b.mul_add(self.ratio_b, self.fixed));
        super::requant::round_small(sum.max(least as f32).min(greatest as f32)) as u8
    }
}
