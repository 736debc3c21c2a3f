//! 8-bit codes and the arithmetic that makes them.

use tract_onnx::pb::tensor_proto::DataType;

/// The type of a quantized value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Code {
    U8,
    S8,
}

impl Code {
    pub(super) fn of(data_type: DataType) -> Option<Code> {
        match data_type {
            DataType::Uint8 => Some(Code::U8),
            DataType::Int8 => Some(Code::S8),
            _ => None,
        }
    }

    pub(super) fn data_type(self) -> DataType {
        match self {
            Code::U8 => DataType::Uint8,
            Code::S8 => DataType::Int8,
        }
    }

    /// The least and the greatest code.
    pub(super) fn range(self) -> (i32, i32) {
        match self {
            Code::U8 => (0, 255),
            Code::S8 => (-128, 127),
        }
    }
}

/// real = scale * (code - zero_point), for a whole tensor. The scale is one that `usable` takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Affine {
    pub(super) code: Code,
    pub(super) scale: f32,
    pub(super) zero_point: i32,
}

impl Affine {
    /// The code of a number: ONNX's QuantizeLinear, in its f32 arithmetic.
    pub(super) fn quantize(&self, value: f32) -> i32 {
        let (least, greatest) = self.code.range();
        let steps = (value / self.scale).round_ties_even();
        // Clamped before the sum, so that it is exact.
        let steps = steps.clamp(
            (least - self.zero_point) as f32,
            (greatest - self.zero_point) as f32,
        );
        // A NaN becomes 0 here; whoever can meet one looks first.
        steps as i32 + self.zero_point
    }
}

/// Scales for which scale * steps / scale is the number of steps again, whatever the codes.
pub(super) fn usable(scale: f32) -> bool {
    scale >= f32::MIN_POSITIVE && (scale * 256.0).is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_even_and_the_rest_saturates() {
        let affine = Affine {
            code: Code::S8,
            scale: 0.5,
            zero_point: 3,
        };
        let codes =
            [0.25, 0.75, -0.25, -1.25, 1e30, -1e30, f32::INFINITY].map(|v| affine.quantize(v));
        assert_eq!(codes, [3, 5, 3, 1, 127, -128, 127]);
    }

    #[test]
    fn a_usable_scale_gives_every_code_back() {
        for scale in [
            f32::MIN_POSITIVE,
            1e-30,
            0.1,
            1.0 / 3.0,
            1e30,
            f32::MAX / 256.0,
        ] {
            assert!(usable(scale), "{scale}");
            for code in [Code::U8, Code::S8] {
                let (least, greatest) = code.range();
                for zero_point in least..=greatest {
                    let affine = Affine {
                        code,
                        scale,
                        zero_point,
                    };
                    let real = |q: i32| (q - zero_point) as f32 * scale;
                    assert!((least..=greatest).all(|q| affine.quantize(real(q)) == q));
                }
            }
        }
        for scale in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e-40, f32::MAX] {
            assert!(!usable(scale), "{scale}");
        }
    }
}
