//! Weights and activations to 8 bits (Jacob et al. 2018; weights symmetric and per channel as in Krishnamoorthi 2018).

use crate::augment::{PIXEL_SCALE, PIXEL_ZERO};
use crate::fold::{Folded, FoldedConv, FoldedLayer};

/// An activation's code: real = scale * (code - zero_point).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ActivationCode {
    /// Above 0.
    pub scale: f32,
    /// 0 to 255.
    pub zero_point: u8,
}

impl ActivationCode {
    /// The code whose 256 steps cover `[low, high]`, widened to hold 0; 0 itself is exact.
    pub fn of_range(low: f32, high: f32) -> Self {
        let (low, high) = (f64::from(low.min(0.0)), f64::from(high.max(0.0)));
        let scale = ((high - low) / 255.0).max(f64::from(SMALLEST_SCALE)) as f32;
        let zero_point = (-low / f64::from(scale))
            .round_ties_even()
            .clamp(0.0, 255.0) as u8;
        Self { scale, zero_point }
    }
}

/// The camera's bytes are the codes: real = (pixel - 128) / 64.
pub const PIXELS: ActivationCode = ActivationCode {
    scale: (1.0 / PIXEL_SCALE) as f32,
    zero_point: PIXEL_ZERO as u8,
};

/// The code of each layer's output; `ranges` has one `[low, high]` a layer of `folded`.
pub fn codes(folded: &Folded, ranges: &[(f32, f32)]) -> Vec<ActivationCode> {
    folded
        .layers
        .iter()
        .zip(ranges)
        .map(|(layer, &(low, high))| match layer {
            FoldedLayer::Input => PIXELS,
            // A relu costs nothing: codes below its zero point do not exist.
            FoldedLayer::Conv(FoldedConv { relu: true, .. })
            | FoldedLayer::Add { relu: true, .. } => ActivationCode::of_range(0.0, high),
            _ => ActivationCode::of_range(low, high),
        })
        .collect()
}

/// Keeps products of scales normal numbers.
pub(crate) const SMALLEST_SCALE: f32 = 1e-9;
/// Largest magnitude of a weight's code: -128 is left out, so that codes are symmetric.
pub(crate) const WEIGHT_MAX: f32 = 127.0;
/// Largest magnitude of a bias's code: room is left for the accumulator's sum.
const BIAS_MAX: f64 = (1u32 << 30) as f64;

/// A convolution in 8 bits.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantizedConv {
    /// `[outputs, inputs / groups, kernel, kernel]`, -127 to 127.
    pub weight: Vec<i8>,
    /// `[outputs]`: real = scale * code.
    pub weight_scale: Vec<f32>,
    /// `[outputs]`: real = input scale * weight scale * code.
    pub bias: Vec<i32>,
}

/// Quantizes `conv`, whose input has the scale `input_scale`.
pub fn quantize(conv: &FoldedConv, input_scale: f32) -> QuantizedConv {
    let per_output = conv.weight.len() / conv.outputs;
    let mut weight = Vec::with_capacity(conv.weight.len());
    let mut weight_scale = Vec::with_capacity(conv.outputs);
    let mut bias = Vec::with_capacity(conv.outputs);
    for (row, &b) in conv.weight.chunks_exact(per_output).zip(&conv.bias) {
        let largest = row.iter().fold(0f32, |m, w| m.max(w.abs()));
        // A channel of hardly any weight may have a bias that its own scale could not hold.
        let for_bias = f64::from(b.abs()) / (f64::from(input_scale) * BIAS_MAX);
        let scale = (largest / WEIGHT_MAX)
            .max(for_bias as f32)
            .max(SMALLEST_SCALE);
        weight.extend(
            row.iter()
                .map(|w| (w / scale).round_ties_even().clamp(-WEIGHT_MAX, WEIGHT_MAX) as i8),
        );
        weight_scale.push(scale);
        let code = f64::from(b) / (f64::from(input_scale) * f64::from(scale));
        bias.push(code.round_ties_even() as i32);
    }
    QuantizedConv {
        weight,
        weight_scale,
        bias,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn conv(weight: Vec<f32>, bias: Vec<f32>) -> FoldedConv {
        let (outputs, inputs) = (bias.len(), weight.len() / bias.len());
        FoldedConv {
            from: 0,
            name: "c".into(),
            weight,
            bias,
            inputs,
            outputs,
            kernel: 1,
            stride: 1,
            groups: 1,
            relu: false,
        }
    }

    proptest! {
        #[test]
        fn zero_is_exact_and_every_value_is_within_half_a_step(
            low in -1e4f32..=0.0, span in 1e-3f32..1e4, at in 0.0f32..=1.0,
        ) {
            let high = (low + span).max(0.0);
            let code = ActivationCode::of_range(low, high);
            let x = low + at * (high - low);
            let q = (x / code.scale).round_ties_even() + f32::from(code.zero_point);
            let back = (q.clamp(0.0, 255.0) - f32::from(code.zero_point)) * code.scale;
            // Rounding the zero point can push an end out by half a step more.
            prop_assert!((back - x).abs() <= code.scale * 1.001, "{x} -> {back}, step {}", code.scale);
        }

        #[test]
        fn weights_come_back_within_half_a_step_and_use_the_whole_code(
            weight in prop::collection::vec(-3f32..3.0, 24), bias in prop::collection::vec(-2f32..2.0, 4),
        ) {
            let c = conv(weight, bias);
            let q = quantize(&c, 0.02);
            for o in 0..4 {
                let codes = &q.weight[o * 6..][..6];
                let s = q.weight_scale[o];
                for (code, w) in codes.iter().zip(&c.weight[o * 6..]) {
                    prop_assert!((f32::from(*code) * s - w).abs() <= s * 0.5001);
                }
                if c.weight[o * 6..][..6].iter().any(|w| w.abs() > 1e-3) {
                    prop_assert_eq!(codes.iter().map(|c| c.unsigned_abs()).max(), Some(127));
                }
                let back = f64::from(q.bias[o]) * 0.02f32 as f64 * f64::from(s);
                prop_assert!((back - f64::from(c.bias[o])).abs() <= 0.02 * f64::from(s));
            }
        }

        #[test]
        fn no_bias_overflows(bias in -1e6f32..1e6, weight in prop_oneof![Just(0f32), -1e-20f32..1e-20]) {
            let q = quantize(&conv(vec![weight], vec![bias]), 1e-3);
            let back = f64::from(q.bias[0]) * 1e-3f32 as f64 * f64::from(q.weight_scale[0]);
            prop_assert!((back - f64::from(bias)).abs() <= f64::from(bias.abs()) * 1e-6 + 1e-9);
        }
    }
}
