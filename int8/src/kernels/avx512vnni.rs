//! AVX-512 with VNNI: `vpdpbusd` adds four exact u8 x s8 products to each of 16 sums.
#![allow(
    unsafe_code,
    reason = "vector loads and stores, and calls after detection"
)]
#![allow(
    clippy::needless_range_loop,
    reason = "indices name lanes, pixels and blocks"
)]

use std::arch::x86_64::*;

use super::{BLOCK, Dense, Kernels, QUAD, avx512};

/// The kernels, where the processor runs them.
pub(crate) fn kernels() -> Option<&'static Kernels> {
    (avx512::kernels().is_some() && is_x86_feature_detected!("avx512vnni")).then_some(&KERNELS)
}

static KERNELS: Kernels = Kernels {
    name: "avx512vnni",
    // SAFETY: the table leaves this file only through `kernels`, which has detected the features.
    dense: |conv, input, output| unsafe { dense(conv, input, output) },
    ..avx512::KERNELS
};

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
fn dense(conv: &Dense, input: &[u8], output: &mut [u8]) {
    conv.check(input, output);
    let mut block = 0;
    // Blocks times pixels is the count of registers that hold sums, 24 of 32 at most.
    while block < conv.blocks() {
        block += match conv.blocks() - block {
            1 => blocks::<1, 16>(conv, input, output, block),
            2 | 3 => blocks::<2, 12>(conv, input, output, block),
            _ => blocks::<4, 6>(conv, input, output, block),
        };
    }
}

/// `BLOCKS` blocks of output channels, `PIXELS` at a time, then 4, then 1. Returns `BLOCKS`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
fn blocks<const BLOCKS: usize, const PIXELS: usize>(
    conv: &Dense,
    input: &[u8],
    output: &mut [u8],
    block: usize,
) -> usize {
    let columns = conv.window.columns;
    for row in 0..conv.window.rows {
        let mut column = 0;
        while column + PIXELS <= columns {
            // SAFETY: `check` has passed, the blocks exist, and the pixels end in the row.
            unsafe { tile::<BLOCKS, PIXELS>(conv, input, output, row, column, block) };
            column += PIXELS;
        }
        while column + 4 <= columns {
            // SAFETY: as above.
            unsafe { tile::<BLOCKS, 4>(conv, input, output, row, column, block) };
            column += 4;
        }
        while column < columns {
            // SAFETY: as above.
            unsafe { tile::<BLOCKS, 1>(conv, input, output, row, column, block) };
            column += 1;
        }
    }
    BLOCKS
}

/// # Safety
/// `conv.check(input, output)` has passed, `block + BLOCKS <= conv.blocks()`,
/// `row < rows` and `column + PIXELS <= columns`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
unsafe fn tile<const BLOCKS: usize, const PIXELS: usize>(
    conv: &Dense,
    input: &[u8],
    output: &mut [u8],
    row: usize,
    column: usize,
    block: usize,
) {
    let window = &conv.window;
    let weights: [_; BLOCKS] = std::array::from_fn(|b| conv.weights(block + b).as_ptr());
    let mut sums = [[_mm512_setzero_si512(); BLOCKS]; PIXELS];
    for b in 0..BLOCKS {
        let bias = conv.requant.bias(block + b).as_ptr();
        // SAFETY: a bias block is 16 integers.
        let bias = unsafe { _mm512_loadu_si512(bias.cast()) };
        for sums in &mut sums {
            sums[b] = bias;
        }
    }
    let origin = row * window.row_step + column * window.column_step;
    let mut step = 0;
    for start in &window.runs {
        // SAFETY: row, column and run are in the window's walk, of which `check` has compared the
        // end with the length of the input.
        let run = unsafe { input.as_ptr().add(origin + start) };
        for quad in 0..window.run / QUAD {
            let mut w = [_mm512_setzero_si512(); BLOCKS];
            for b in 0..BLOCKS {
                // SAFETY: `step` runs to `conv.steps()` over all runs, and a step is 64 bytes.
                w[b] = unsafe { _mm512_loadu_si512(weights[b].add(step).cast()) };
            }
            for p in 0..PIXELS {
                // SAFETY: the 4 bytes end inside pixel p's run, which is in the walk too.
                let x = unsafe { run.add(p * window.column_step + quad * QUAD) };
                let x = _mm512_set1_epi32(unsafe { x.cast::<i32>().read_unaligned() });
                for b in 0..BLOCKS {
                    sums[p][b] = _mm512_dpbusd_epi32(sums[p][b], x, w[b]);
                }
            }
            step += 1;
        }
    }
    let zero_point = _mm512_set1_epi32(conv.requant.zero_point);
    for b in 0..BLOCKS {
        // SAFETY: a scale block is 16 floats.
        let scale = unsafe { _mm512_loadu_ps(conv.requant.scale(block + b).as_ptr()) };
        let low = _mm512_set1_ps(conv.requant.low);
        let high = _mm512_set1_ps(conv.requant.high);
        let channels = conv.block_channels(block + b);
        let mask = u16::MAX >> (BLOCK - channels);
        for p in 0..PIXELS {
            let real = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[p][b]), scale);
            let real = _mm512_min_ps(_mm512_max_ps(real, low), high);
            let codes = _mm512_add_epi32(_mm512_cvtps_epi32(real), zero_point);
            let at = conv.output_at(row, column + p, block + b);
            let bytes = _mm512_cvtepi32_epi8(codes);
            // SAFETY: the mask leaves the channels of this block, which `check` has found to end
            // inside the output for the last pixel.
            unsafe { _mm_mask_storeu_epi8(output.as_mut_ptr().add(at).cast(), mask, bytes) };
        }
    }
}
