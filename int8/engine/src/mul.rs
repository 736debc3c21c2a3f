//! The arithmetic of QLinearMul, in onnxruntime's own order on x86-64 (`MlasQLinearMulKernel` in its
//! `qlmul.cpp`). The order of the operands does not matter.

use crate::add::Affine;
use crate::code::Code;
use crate::error::EngineError;
use crate::requant::round_small;

/// `code = round_ties_even((a - zero_a) * (b - zero_b) * ratio + zero)`: the product of the codes is exact, and
/// the zero point, that of the codes in the file, is added before the rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MulParams {
    /// Those of unsigned codes.
    zero_a: f32,
    zero_b: f32,
    ratio: f32,
    zero: f32,
    /// Added to the codes in the file to make them unsigned.
    base: i32,
}

/// From here on a product could leave the 32-bit integers.
const MAX_RATIO: f32 = 32_768.0;

impl MulParams {
    /// Both operands and the output have one kind of code; zero points are as the file has them.
    ///
    /// # Errors
    /// [`EngineError::Multiplier`] where the operands' scales over the output's are out of range.
    pub fn new(a: Affine, b: Affine, output: Affine, code: Code) -> Result<MulParams, EngineError> {
        let ratio = a.scale * b.scale / output.scale;
        if ratio.is_nan() || ratio >= MAX_RATIO {
            return Err(EngineError::Multiplier {
                found: ratio,
                limit: MAX_RATIO,
            });
        }
        let base = code.offset();
        Ok(MulParams {
            zero_a: (a.zero_point + base) as f32,
            zero_b: (b.zero_point + base) as f32,
            ratio,
            zero: output.zero_point as f32,
            base,
        })
    }

    /// Three slices of one length.
    #[inline(always)]
    pub(crate) fn run(&self, a: &[u8], b: &[u8], output: &mut [u8]) {
        let (low, high) = (-self.base as f32, (255 - self.base) as f32);
        for ((a, b), code) in a.iter().zip(b).zip(output) {
            // Less than 2^16 in magnitude, so that it is exact.
            let product = (*a as f32 - self.zero_a) * (*b as f32 - self.zero_b);
            let real = product * self.ratio + self.zero;
            *code = (round_small(real.max(low).min(high)) + self.base) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn affine(code: Code) -> impl Strategy<Value = Affine> {
        let scale = prop_oneof![Just(0.25f32), Just(0.5), 1.0e-3f32..1.0];
        (scale, 0i32..256).prop_map(move |(scale, zero)| Affine {
            scale,
            zero_point: zero - code.offset(),
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn all_pairs_are_the_definition(
            (code, [a, b, c], spread) in prop_oneof![Just(Code::U8), Just(Code::S8)].prop_flat_map(
                |code| (Just(code), [affine(code), affine(code), affine(code)], 1.0f32..200.0)
            ),
        ) {
            // Otherwise nearly all products saturate.
            let c = Affine { scale: c.scale * spread, ..c };
            let params = MulParams::new(a, b, c, code).unwrap();
            let left: Vec<u8> = (0..65_536u32).map(|i| (i >> 8) as u8).collect();
            let right: Vec<u8> = (0..65_536u32).map(|i| i as u8).collect();
            let mut codes = vec![0; 65_536];
            params.run(&left, &right, &mut codes);
            let signed = |byte: u8| byte as i32 - code.offset();
            let (low, high) = code.range();
            for i in 0..65_536 {
                let product = (signed(left[i]) - a.zero_point) * (signed(right[i]) - b.zero_point);
                let real = product as f32 * (a.scale * b.scale / c.scale) + c.zero_point as f32;
                let expected = (real.round_ties_even() as i64).clamp(low as i64, high as i64);
                prop_assert_eq!(signed(codes[i]) as i64, expected, "{} * {}", left[i], right[i]);
            }
        }
    }

    #[test]
    fn scales_out_of_range_are_refused() {
        let affine = |scale| Affine {
            scale,
            zero_point: 0,
        };
        let refused = |a, b, c| MulParams::new(affine(a), affine(b), affine(c), Code::U8).is_err();
        assert!(refused(1.0e30, 1.0e30, 1.0));
        assert!(refused(1.0, 1.0, 1.0e-5));
        assert!(refused(f32::MAX, f32::MAX, f32::INFINITY));
        assert!(!refused(1.0, 1.0, 1.0e-4));
    }
}
