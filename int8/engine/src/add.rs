//! The arithmetic of QLinearAdd, in onnxruntime's own order on x86-64 with AVX2.

use crate::code::Code;
use crate::error::EngineError;
use crate::requant::round_small;

/// Scale and zero point of an operand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// Real units a code.
    pub scale: f32,
    /// The code of real zero.
    pub zero_point: i32,
}

/// `code = round_ties_even(a * ratio_a + (b * ratio_b + fixed))`, both steps fused, on codes that are
/// signed where the file has them so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AddParams {
    pub(crate) ratio_a: f32,
    pub(crate) ratio_b: f32,
    /// All three zero points.
    pub(crate) fixed: f32,
    /// Subtracted from the unsigned codes before, added after.
    pub(crate) base: i32,
}

/// From here on a sum could leave the 32-bit integers.
const MAX_RATIO: f32 = 4_194_304.0;

impl AddParams {
    /// Both operands and the output have one kind of code; zero points are as the file has them.
    ///
    /// # Errors
    /// [`EngineError::Multiplier`] where an operand's scale over the output's is out of range.
    pub fn new(a: Affine, b: Affine, output: Affine, code: Code) -> Result<AddParams, EngineError> {
        let ratio_a = a.scale / output.scale;
        let ratio_b = b.scale / output.scale;
        for found in [ratio_a, ratio_b] {
            if found.is_nan() || found >= MAX_RATIO {
                return Err(EngineError::Multiplier {
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
            base: code.offset(),
        })
    }

    /// The range of the sum, before the base is added.
    pub(crate) fn bounds(&self) -> (f32, f32) {
        (-self.base as f32, (255 - self.base) as f32)
    }

    #[inline(always)]
    pub(crate) fn code(&self, a: u8, b: u8) -> u8 {
        let (low, high) = self.bounds();
        let a = (a as i32 - self.base) as f32;
        let b = (b as i32 - self.base) as f32;
        let sum = a.mul_add(self.ratio_a, b.mul_add(self.ratio_b, self.fixed));
        (round_small(sum.max(low).min(high)) + self.base) as u8
    }
}
