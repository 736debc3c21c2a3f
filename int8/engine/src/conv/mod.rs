//! A convolution, from its checked form to what a kernel runs.

mod dense;
mod depthwise;
mod weights;

pub(crate) use dense::{Dense, Residual};
pub(crate) use depthwise::Depthwise;
pub(crate) use weights::{Chunk, DenseWeights, TapWeights};

use std::sync::Arc;

use crate::error::EngineError;
use crate::geometry::{Axis, MAX_IMAGE_BYTES, image_bytes};
use crate::view::Shape;

/// A checked convolution, as the file has it, on codes that were made unsigned.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvSpec {
    /// Along the height.
    pub y: Axis,
    /// Along the width.
    pub x: Axis,
    /// Groups; divides inputs and outputs.
    pub group: usize,
    /// Input channels of all groups.
    pub inputs: usize,
    /// Output channels of all groups.
    pub outputs: usize,
    /// The input's zero point, 0 to 255.
    pub input_zero: i32,
    /// The output's zero point, 0 to 255.
    pub output_zero: i32,
    /// `[outputs, inputs / group, kernel height, kernel width]`, symmetric.
    pub weights: Arc<[i8]>,
    /// One for each output channel, in units of input scale * weight scale.
    pub bias: Vec<i32>,
    /// One for each output channel: input scale * weight scale / output scale.
    pub multipliers: Vec<f32>,
}

impl ConvSpec {
    /// Checks that the parts fit each other.
    ///
    /// # Errors
    /// [`EngineError::Mismatch`], or [`EngineError::TooLarge`] for images of 256 MiB and more.
    pub fn check(&self) -> Result<(), EngineError> {
        let mismatch = |what, found: usize, expected: usize| {
            Err(EngineError::Mismatch {
                what,
                found: found.to_string(),
                expected: expected.to_string(),
            })
        };
        let (y, x) = (&self.y, &self.x);
        image_bytes("padded input", y.padded, x.padded, self.inputs)?;
        image_bytes("output", y.output, x.output, self.outputs)?;
        if self.group == 0
            || !self.inputs.is_multiple_of(self.group)
            || !self.outputs.is_multiple_of(self.group)
        {
            return mismatch("the number of groups", self.group, 1);
        }
        let weights = (self.outputs * self.inputs / self.group)
            .checked_mul(y.kernel)
            .and_then(|n| n.checked_mul(x.kernel))
            .unwrap_or(MAX_IMAGE_BYTES);
        if self.weights.len() != weights {
            return mismatch("the number of weights", self.weights.len(), weights);
        }
        for (what, found) in [
            ("the number of biases", self.bias.len()),
            ("the number of multipliers", self.multipliers.len()),
        ] {
            if found != self.outputs {
                return mismatch(what, found, self.outputs);
            }
        }
        Ok(())
    }

    /// Of the output.
    pub fn output_shape(&self) -> Shape {
        Shape {
            rows: self.y.output,
            columns: self.x.output,
            channels: self.outputs,
        }
    }

    /// Every channel reads only itself.
    pub(crate) fn is_depthwise(&self) -> bool {
        self.group > 1 && self.group == self.inputs && self.group == self.outputs
    }

    pub(crate) fn taps(&self) -> usize {
        self.y.kernel * self.x.kernel
    }

    /// Weights of one output channel.
    pub(crate) fn window_weights(&self) -> usize {
        self.inputs / self.group * self.taps()
    }

    /// sum((x - zero) * w) + bias = sum((x - lowered) * w) + bias - (zero - lowered) * sum(w), for a kernel that
    /// lowers each code by `lowered` before it multiplies.
    pub(crate) fn folded_bias(&self, lowered: i32) -> Vec<i32> {
        let windows = self.weights.chunks_exact(self.window_weights());
        windows
            .zip(&self.bias)
            .map(|(weights, bias)| {
                let sum = weights
                    .iter()
                    .fold(0i32, |sum, w| sum.wrapping_add(*w as i32));
                bias.wrapping_sub((self.input_zero - lowered).wrapping_mul(sum))
            })
            .collect()
    }
}
