//! The reference: plain loops over blocks of 16 that the compiler turns into vector code. The
//! instruction sets without kernels of their own compile these bodies again for themselves.
#![allow(
    clippy::needless_range_loop,
    reason = "indices name lanes, pixels and blocks"
)]

use super::{AddParams, BLOCK, Dense, Depthwise, Kernels, QUAD};
use crate::code::Code;

pub(crate) static KERNELS: Kernels = Kernels {
    name: "portable",
    dense: |conv, input, output| dense::<4>(conv, input, output),
    depthwise: |conv, input, output| depthwise(conv, input, output),
    add_u8: |params, a, b, output| add_u8(params, a, b, output),
    add_s8: |params, a, b, output| add_s8(params, a, b, output),
};

/// `PIXELS` neighbours share each step of weights.
#[inline(always)]
pub(crate) fn dense<const PIXELS: usize>(conv: &Dense, input: &[u8], output: &mut [u8]) {
    conv.check(input, output);
    for block in 0..conv.blocks() {
        for row in 0..conv.window.rows {
            let mut column = 0;
            while column + PIXELS <= conv.window.columns {
                dense_tile::<PIXELS>(conv, input, output, row, column, block);
                column += PIXELS;
            }
            while column < conv.window.columns {
                dense_tile::<1>(conv, input, output, row, column, block);
                column += 1;
            }
        }
    }
}

#[inline(always)]
fn dense_tile<const PIXELS: usize>(
    conv: &Dense,
    input: &[u8],
    output: &mut [u8],
    row: usize,
    column: usize,
    block: usize,
) {
    let window = &conv.window;
    let steps = window.run / QUAD;
    let mut weights = conv.weights(block);
    let mut sums = [*conv.requant.bias(block); PIXELS];
    for start in &window.runs {
        let (run_weights, rest) = weights.split_at(steps);
        weights = rest;
        let pixels: [&[[u8; QUAD]]; PIXELS] = std::array::from_fn(|p| {
            let at = row * window.row_step + (column + p) * window.column_step + start;
            input[at..at + window.run].as_chunks::<QUAD>().0
        });
        for (step, quads) in run_weights.iter().enumerate() {
            // A quad as one integer: two shifts pick each weight with its sign, in all lanes.
            let quads = quads.map(|quad| i32::from_le_bytes(quad.map(|w| w as u8)));
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
        let at = conv.output_at(row, column + p, block);
        output[at..at + channels].copy_from_slice(&codes[..channels]);
    }
}

#[inline(always)]
pub(crate) fn depthwise(conv: &Depthwise, input: &[u8], output: &mut [u8]) {
    conv.check(input, output);
    let window = &conv.window;
    for row in 0..window.rows {
        for column in 0..window.columns {
            let origin = row * window.row_step + column * window.column_step;
            let pixel = (row * window.columns + column) * conv.channels;
            for block in 0..conv.blocks() {
                let mut sums = *conv.requant.bias(block);
                for (start, weights) in window.runs.iter().zip(conv.weights(block)) {
                    let at = origin + start + block * BLOCK;
                    let x = &input[at..at + BLOCK];
                    for o in 0..BLOCK {
                        let product = (x[o] as i16).wrapping_mul(weights[o]);
                        sums[o] = sums[o].wrapping_add(product as i32);
                    }
                }
                let codes = conv.requant.codes(block, &sums);
                let at = pixel + block * BLOCK;
                let channels = BLOCK.min(conv.channels - block * BLOCK);
                output[at..at + channels].copy_from_slice(&codes[..channels]);
            }
        }
    }
}

#[inline(always)]
pub(crate) fn add_u8(params: &AddParams, a: &[u8], b: &[u8], output: &mut [u8]) {
    for ((a, b), code) in a.iter().zip(b).zip(output) {
        *code = params.code(*a as f32, *b as f32, Code::U8);
    }
}

#[inline(always)]
pub(crate) fn add_s8(params: &AddParams, a: &[u8], b: &[u8], output: &mut [u8]) {
    for ((a, b), code) in a.iter().zip(b).zip(output) {
        *code = params.code(*a as i8 as f32, *b as i8 as f32, Code::S8);
    }
}
