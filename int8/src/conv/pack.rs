//! Once, at load: weights in the kernels' order, zero points folded into the bias.

use super::geometry::{Axis, MAX_IMAGE_BYTES, image_bytes, window};
use super::pad::Pad;
use crate::code::Code;
use crate::error::Problem;
use crate::kernels::{BLOCK, Dense, Depthwise, Kernels, QUAD, Quads, Requant};

/// A checked convolution, as the file has it.
#[derive(Clone, Debug)]
pub(crate) struct ConvSpec {
    pub(crate) y: Axis,
    pub(crate) x: Axis,
    pub(crate) group: usize,
    /// Channels of all groups.
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) input: (Code, i32),
    pub(crate) output: (Code, i32),
    /// [outputs, inputs / group, kernel height, kernel width], symmetric.
    pub(crate) weights: Vec<i8>,
    /// One for each output channel, as the multiplier (input scale * weight scale) / output scale.
    pub(crate) bias: Vec<i32>,
    pub(crate) multipliers: Vec<f32>,
}

/// A convolution of one image, ready to run.
#[derive(Debug)]
pub(crate) struct PackedConv {
    input_len: usize,
    output_len: usize,
    /// From the input of a group to what its kernel reads.
    pad: Pad,
    body: Body,
    group_inputs: usize,
    group_outputs: usize,
}

#[derive(Debug)]
enum Body {
    Dense(Vec<Dense>),
    Depthwise(Box<Depthwise>),
}

impl PackedConv {
    /// Lengths agree with the extents: whoever makes a [`ConvSpec`] checks that.
    pub(crate) fn new(spec: &ConvSpec) -> Result<PackedConv, Problem> {
        let group_inputs = spec.inputs / spec.group;
        let group_outputs = spec.outputs / spec.group;
        let depthwise = spec.group > 1 && group_inputs == 1 && group_outputs == 1;
        let (taken, padded) = if depthwise {
            (spec.inputs, spec.inputs.next_multiple_of(BLOCK))
        } else {
            (group_inputs, group_inputs.next_multiple_of(QUAD))
        };
        image_bytes("padded input", spec.y.padded, spec.x.padded, padded)?;
        let input_len = image_bytes("input", spec.y.input, spec.x.input, spec.inputs)?;
        let output_len = image_bytes("output", spec.y.output, spec.x.output, spec.outputs)?;
        debug_assert!(input_len < MAX_IMAGE_BYTES);

        let folded = spec.folded_bias();
        let body = if depthwise {
            let window = window(&spec.y, &spec.x, padded, false);
            let requant = Requant::new(&folded, &spec.multipliers, spec.output.1, spec.output.0);
            let weights = spec.depthwise_weights();
            Body::Depthwise(Box::new(Depthwise::new(
                window,
                requant,
                weights,
                spec.outputs,
            )))
        } else {
            let group = |g: usize| {
                let channels = g * group_outputs..(g + 1) * group_outputs;
                let requant = Requant::new(
                    &folded[channels.clone()],
                    &spec.multipliers[channels.clone()],
                    spec.output.1,
                    spec.output.0,
                );
                let window = window(&spec.y, &spec.x, padded, true);
                let weights = spec.dense_weights(channels, padded);
                Dense::new(window, requant, weights, group_outputs, spec.outputs)
            };
            Body::Dense((0..spec.group).map(group).collect())
        };
        let pad = Pad {
            y: spec.y,
            x: spec.x,
            channels: spec.inputs,
            taken,
            padded,
            signed: spec.input.0 == Code::S8,
            zero: spec.unsigned_zero_point() as u8,
        };
        Ok(PackedConv {
            input_len,
            output_len,
            pad,
            body,
            group_inputs,
            group_outputs,
        })
    }

    /// One NHWC image, as the bytes of its codes.
    ///
    /// # Panics
    /// If the lengths are not those of the image; the operator checks shapes before.
    pub(crate) fn run(
        &self,
        kernels: &Kernels,
        input: &[u8],
        output: &mut [u8],
        scratch: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        assert_eq!(
            (input.len(), output.len()),
            (self.input_len, self.output_len)
        );
        match &self.body {
            Body::Depthwise(conv) => {
                (kernels.depthwise)(conv, self.pad.run(input, 0, scratch)?, output);
            }
            Body::Dense(groups) => {
                for (g, conv) in groups.iter().enumerate() {
                    let padded = self.pad.run(input, g * self.group_inputs, scratch)?;
                    (kernels.dense)(conv, padded, &mut output[g * self.group_outputs..]);
                }
            }
        }
        Ok(())
    }
}

impl ConvSpec {
    /// Of the input after its sign bits were flipped.
    fn unsigned_zero_point(&self) -> i32 {
        self.input.1 - self.input.0.range().0
    }

    fn window_weights(&self) -> usize {
        self.inputs / self.group * self.y.kernel * self.x.kernel
    }

    /// sum((x - zero) * w) + bias = sum(x * w) + (bias - zero * sum(w)).
    fn folded_bias(&self) -> Vec<i32> {
        let zero = self.unsigned_zero_point();
        let windows = self.weights.chunks_exact(self.window_weights());
        windows
            .zip(&self.bias)
            .map(|(weights, bias)| {
                let sum = weights
                    .iter()
                    .fold(0i32, |sum, w| sum.wrapping_add(*w as i32));
                bias.wrapping_sub(zero.wrapping_mul(sum))
            })
            .collect()
    }

    /// [block][tap][channel / 4][output channel in block][channel % 4], zero where there is none.
    fn dense_weights(&self, outputs: std::ops::Range<usize>, padded: usize) -> Vec<Quads> {
        let taps = self.y.kernel * self.x.kernel;
        let quads = padded / QUAD;
        let mut packed = vec![[[0; QUAD]; BLOCK]; outputs.len().div_ceil(BLOCK) * taps * quads];
        for (o, output) in outputs.enumerate() {
            let window = &self.weights[output * self.window_weights()..][..self.window_weights()];
            for (i, weight) in window.iter().enumerate() {
                let (channel, tap) = (i / taps, i % taps);
                let step = (o / BLOCK * taps + tap) * quads + channel / QUAD;
                packed[step][o % BLOCK][channel % QUAD] = *weight;
            }
        }
        packed
    }

    /// [tap][block][channel in block].
    fn depthwise_weights(&self) -> Vec<[i16; BLOCK]> {
        let taps = self.y.kernel * self.x.kernel;
        let blocks = self.outputs.div_ceil(BLOCK);
        let mut packed = vec![[0; BLOCK]; taps * blocks];
        for (i, weight) in self.weights.iter().enumerate() {
            let (channel, tap) = (i / taps, i % taps);
            packed[tap * blocks + channel / BLOCK][channel % BLOCK] = *weight as i16;
        }
        packed
    }
}
