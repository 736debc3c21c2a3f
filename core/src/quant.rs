use thiserror::Error;

/// Affine quantization of a tensor to 8 bits: `real = scale * (q - zero_point)`.
///
/// The convention of ONNX `QuantizeLinear` and `DequantizeLinear`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuantParams {
    /// Real units per step; positive and finite. Never its reciprocal.
    pub scale: f32,
    /// The code of real zero, 0 to 255 for `u8`.
    pub zero_point: i32,
}

/// Why a pair of scale and zero point is refused.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum QuantError {
    /// The scale cannot divide.
    #[error("scale {0} is not usable: expected a positive finite number")]
    Scale(f32),
    /// The zero point has no `u8` code, so real zero would not be exact.
    #[error("zero_point {0} is out of range: expected 0 to 255 for u8")]
    ZeroPoint(i32),
}

impl QuantParams {
    /// Checked parameters for `u8` codes.
    ///
    /// # Errors
    /// If `scale` is not positive and finite, or `zero_point` is not in 0..=255.
    pub fn new(scale: f32, zero_point: i32) -> Result<Self, QuantError> {
        if !(scale.is_finite() && scale > 0.0) {
            return Err(QuantError::Scale(scale));
        }
        if !(0..=255).contains(&zero_point) {
            return Err(QuantError::ZeroPoint(zero_point));
        }
        Ok(Self { scale, zero_point })
    }

    /// `saturate(round_ties_even(real / scale) + zero_point)`; NaN gets the code of real zero.
    pub fn quantize_u8(&self, real: f32) -> u8 {
        // The cast saturates and sends NaN to 0.
        let steps = libm::rintf(real / self.scale) as i32;
        steps.saturating_add(self.zero_point).clamp(0, 255) as u8
    }

    /// `scale * (q - zero_point)`; the difference is exact, so one rounding at most.
    pub fn dequantize(&self, q: u8) -> f32 {
        self.scale * i32::from(q).saturating_sub(self.zero_point) as f32
    }
}
