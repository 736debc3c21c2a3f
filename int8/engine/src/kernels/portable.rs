//! The reference: plain loops over blocks of 16 that the compiler turns into vector code. The
//! instruction sets without kernels of their own compile these bodies again for themselves.
#![allow(
    clippy::needless_range_loop,
    reason = "indices name lanes, pixels and blocks"
)]

use super::tiles::cover;
use super::{Isa, Kernels};
use crate::add::AddParams;
use crate::conv::{Chunk, Dense, DenseWeights, Depthwise, TapWeights};
use crate::requant::BLOCK;

/// Input channels that lie together in packed weights.
pub(super) const QUAD: usize = 4;

pub(super) static KERNELS: Kernels = Kernels {
    isa: Isa::Portable,
    granule: QUAD,
    lowered: 0,
    pack_dense,
    dense: |conv, input, output, other| dense::<4>(conv, input, output, other),
    pack_depthwise,
    depthwise: |conv, input, output| depthwise(conv, input, output),
    add: |params, a, b, output| add(params, a, b, output),
};

/// A chunk a block of outputs and quad of input bytes: `[output][byte]`.
pub(super) fn pack_dense(weights: &DenseWeights) -> Vec<Chunk> {
    let quads = weights.run.div_ceil(QUAD);
    let mut packed = Vec::new();
    for block in 0..weights.outputs.div_ceil(BLOCK) {
        for run in 0..weights.runs {
            for quad in 0..quads {
                packed.push(Chunk(std::array::from_fn(|i| {
                    weights.at(block * BLOCK + i / QUAD, run, quad * QUAD + i % QUAD) as u8
                })));
            }
        }
    }
    packed
}

/// `PIXELS` neighbours share each step of weights.
#[inline(always)]
pub(super) fn dense<const PIXELS: usize>(
    conv: &Dense,
    input: &[u8],
    output: &mut [u8],
    other: &[u8],
) {
    conv.check(input, output, other);
    for block in 0..conv.blocks() {
        for row in 0..conv.window.rows {
            let columns = conv.window.columns;
            let covered = cover(columns, PIXELS, |column| {
                dense_tile::<PIXELS>(conv, input, output, other, row, column, block);
            });
            if !covered {
                for column in 0..columns {
                    dense_tile::<1>(conv, input, output, other, row, column, block);
                }
            }
        }
    }
}

#[inline(always)]
fn dense_tile<const PIXELS: usize>(
    conv: &Dense,
    input: &[u8],
    output: &mut [u8],
    other: &[u8],
    row: usize,
    column: usize,
    block: usize,
) {
    let window = &conv.window;
    let steps = window.run / QUAD;
    let mut weights = conv.block_weights(block);
    let mut sums = [*conv.requant.bias(block); PIXELS];
    for start in &window.runs {
        let (run_weights, rest) = weights.split_at(steps);
        weights = rest;
        let pixels: [&[[u8; QUAD]]; PIXELS] = std::array::from_fn(|p| {
            let at = row * window.row_step + (column + p) * window.column_step + start;
            input[at..at + window.run].as_chunks::<QUAD>().0
        });
        for (step, Chunk(bytes)) in run_weights.iter().enumerate() {
            // A quad as one integer: two shifts pick each weight with its sign, in all lanes.
            let quads: [i32; BLOCK] = std::array::from_fn(|o| {
                i32::from_le_bytes(std::array::from_fn(|k| bytes[o * QUAD + k]))
            });
            for k in 0..QUAD {
                let weight = quads.map(|quad| quad << (24 - 8 * k) >> 24);
                for p in 0..PIXELS {
                    let x = pixels[p][step][k] as i32;
                    for o in 0..BLOCK {
                        sums[p][o] = sums[p][o].wrapping_add(x * weight[o]);
                    }
                }
            }
        }
    }
    let channels = conv.block_channels(block);
    for (p, sums) in sums.iter().enumerate() {
        let codes = conv.requant.codes(block, sums);
        let at = conv.output.at(row, column + p) + block * BLOCK;
        let output = &mut output[at..at + channels];
        match &conv.residual {
            None => output.copy_from_slice(&codes[..channels]),
            Some(residual) => {
                let from = residual.view.at(row, column + p) + block * BLOCK;
                let other = &other[from..from + channels];
                for ((code, own), other) in output.iter_mut().zip(codes).zip(other) {
                    *code = residual.code(own, *other);
                }
            }
        }
    }
}

/// A chunk a block of channels and quad of taps: `[channel][tap]`.
pub(super) fn pack_depthwise(weights: &TapWeights<'_>) -> Vec<Chunk> {
    let mut packed = Vec::new();
    for block in 0..weights.channels.div_ceil(BLOCK) {
        for quad in 0..weights.taps.div_ceil(QUAD) {
            packed.push(Chunk(std::array::from_fn(|i| {
                weights.at(block * BLOCK + i / QUAD, quad * QUAD + i % QUAD) as u8
            })));
        }
    }
    packed
}

#[inline(always)]
pub(super) fn depthwise(conv: &Depthwise, input: &[u8], output: &mut [u8]) {
    conv.check(input, output);
    let window = &conv.window;
    let quads = window.runs.len().div_ceil(QUAD);
    for row in 0..window.rows {
        for column in 0..window.columns {
            let origin = row * window.row_step + column * window.column_step;
            for block in 0..conv.blocks() {
                let mut sums = *conv.requant.bias(block);
                for (tap, start) in window.runs.iter().enumerate() {
                    let Chunk(weights) = &conv.weights[block * quads + tap / QUAD];
                    let at = origin + start + block * BLOCK;
                    // The slack makes a whole block readable.
                    let x = &input[at..at + BLOCK];
                    for o in 0..BLOCK {
                        let weight = weights[o * QUAD + tap % QUAD] as i8;
                        sums[o] = sums[o].wrapping_add(x[o] as i32 * weight as i32);
                    }
                }
                let codes = conv.requant.codes(block, &sums);
                let channels = BLOCK.min(conv.channels() - block * BLOCK);
                let at = conv.output.at(row, column) + block * BLOCK;
                output[at..at + channels].copy_from_slice(&codes[..channels]);
            }
        }
    }
}

#[inline(always)]
pub(super) fn add(params: &AddParams, a: &[u8], b: &[u8], output: &mut [u8]) {
    for ((a, b), code) in a.iter().zip(b).zip(output) {
        *code = params.code(*a, *b);
    }
}
