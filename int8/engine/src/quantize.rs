//! QuantizeLinear and DequantizeLinear of one number, as onnxruntime computes them on x86-64 (`quantize.cpp`,
//! `quantize_linear.cc`).

use crate::requant::round_small;

/// `round_ties_even(clamp(real / scale)) + zero_point`; the zero point is that of unsigned codes. What is not a
/// number becomes the least code.
#[inline(always)]
pub(crate) fn quantize(real: f32, scale: f32, zero_point: i32) -> u8 {
    let (low, high) = (-zero_point as f32, (255 - zero_point) as f32);
    // The bounds are integers, so that clamping first is the same and rounding stays small.
    (round_small((real / scale).max(low).min(high)) + zero_point) as u8
}

/// `(code - zero_point) * scale`; the zero point is that of unsigned codes.
#[inline(always)]
pub(crate) fn dequantize(code: u8, scale: f32, zero_point: i32) -> f32 {
    (code as i32 - zero_point) as f32 * scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_to_the_even_code_before_the_zero_point() {
        for zero_point in [100, 101] {
            let codes = [-1.5f32, -0.5, 0.5, 1.5, 2.5]
                .map(|real| quantize(real * 0.25, 0.25, zero_point) as i32 - zero_point);
            assert_eq!(codes, [-2, 0, 0, 2, 2]);
        }
    }

    #[test]
    fn what_is_out_of_range_saturates() {
        assert_eq!(quantize(f32::INFINITY, 0.1, 3), 255);
        assert_eq!(quantize(f32::NEG_INFINITY, 0.1, 3), 0);
        assert_eq!(quantize(f32::MAX, f32::MIN_POSITIVE, 3), 255);
        assert_eq!(quantize(f32::NAN, 0.1, 3), 0);
        assert_eq!(quantize(-0.0, 0.1, 3), 3);
    }

    #[test]
    fn each_code_comes_back() {
        for scale in [0.1, 1.0 / 64.0, 3.7e-20, 9.1e20] {
            for code in 0..=255 {
                assert_eq!(quantize(dequantize(code, scale, 77), scale, 77), code);
            }
        }
    }
}
