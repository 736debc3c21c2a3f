//! AVX-512 with VNNI: `vpdpbusd` adds four exact u8 x s8 products to each of 16 sums.
//!
//! Bound by the one `vpdpbusd` a cycle of the processor; a tile holds 16 sums in flight, four times what the
//! latency asks for, and needs 8 to 17 loads for them.
#![allow(
    unsafe_code,
    reason = "vector loads and stores, and calls after detection"
)]
#![allow(
    clippy::needless_range_loop,
    reason = "indices name lanes, pixels and blocks"
)]

use std::arch::x86_64::*;

use super::tiles::cover;
use super::{Isa, Kernels, avx512, portable};
use crate::conv::{Chunk, Dense, Depthwise, TapWeights};
use crate::kernels::portable::QUAD;
use crate::requant::BLOCK;

/// The kernels, where the processor runs them.
pub(super) fn kernels() -> Option<&'static Kernels> {
    (avx512::kernels().is_some() && is_x86_feature_detected!("avx512vnni")).then_some(&KERNELS)
}

// SAFETY of each call: the table leaves this file only through `kernels`, which has detected the features.
static KERNELS: Kernels = Kernels {
    isa: Isa::Avx512Vnni,
    pack_dense: portable::pack_dense,
    dense: |conv, input, output, other| unsafe { dense(conv, input, output, other) },
    pack_depthwise,
    depthwise: |conv, input, output| unsafe { depthwise(conv, input, output) },
    ..avx512::KERNELS
};

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma")]
fn dense(conv: &Dense, input: &[u8], output: &mut [u8], other: &[u8]) {
    conv.check(input, output, other);
    let mut block = 0;
    while block < conv.blocks() {
        block += match conv.blocks() - block {
            1 => blocks::<1, 16, 8>(conv, input, output, other, block),
            // Three at a time, with 24 sums, spill.
            2 | 3 => blocks::<2, 8, 4>(conv, input, output, other, block),
            _ => blocks::<4, 4, 2>(conv, input, output, other, block),
        };
    }
}

/// `BLOCKS` blocks of output channels, in tiles of `WIDE` pixels, or of `NARROW` ones where a row is short.
/// Returns `BLOCKS`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma")]
fn blocks<const BLOCKS: usize, const WIDE: usize, const NARROW: usize>(
    conv: &Dense,
    input: &[u8],
    output: &mut [u8],
    other: &[u8],
    block: usize,
) -> usize {
    let columns = conv.window.columns;
    for row in 0..conv.window.rows {
        // What is left of a row is a narrow tile where that is enough.
        let left = columns % WIDE;
        let wide = if left > 0 && left <= NARROW && columns > WIDE {
            columns - left
        } else {
            columns
        };
        // SAFETY: `check` has passed, the blocks exist, and `cover` keeps the pixels in the row.
        let mut covered = cover(wide, WIDE, |column| unsafe {
            tile::<BLOCKS, WIDE>(conv, input, output, other, row, column, block)
        });
        if !covered || wide < columns {
            let done = if covered { columns - NARROW } else { 0 };
            // SAFETY: as above.
            covered = cover(columns - done, NARROW, |column| unsafe {
                tile::<BLOCKS, NARROW>(conv, input, output, other, row, done + column, block)
            });
        }
        if !covered {
            for column in 0..columns {
                // SAFETY: as above.
                unsafe { tile::<BLOCKS, 1>(conv, input, output, other, row, column, block) };
            }
        }
    }
    BLOCKS
}

/// # Safety
/// `conv.check(input, output, other)` has passed, `block + BLOCKS <= conv.blocks()`,
/// `row < rows` and `column + PIXELS <= columns`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma")]
unsafe fn tile<const BLOCKS: usize, const PIXELS: usize>(
    conv: &Dense,
    input: &[u8],
    output: &mut [u8],
    other: &[u8],
    row: usize,
    column: usize,
    block: usize,
) {
    let window = &conv.window;
    let weights: [_; BLOCKS] = std::array::from_fn(|b| conv.block_weights(block + b).as_ptr());
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
                // SAFETY: `step` runs over the chunks of a block, which are 64 bytes each.
                w[b] = unsafe { _mm512_load_si512(weights[b].add(step).cast()) };
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
    for b in 0..BLOCKS {
        let finish = Finish::new(conv, block + b);
        for p in 0..PIXELS {
            // SAFETY: the pixel and the block exist.
            unsafe { finish.store(sums[p][b], row, column + p, output, other) };
        }
    }
}

/// From the sums of one block to its codes in memory.
struct Finish<'a> {
    conv: &'a Dense,
    scale: __m512,
    /// Of the block's first channel in a pixel.
    channel: usize,
    mask: __mmask16,
}

impl Finish<'_> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
    fn new(conv: &Dense, block: usize) -> Finish<'_> {
        Finish {
            conv,
            // SAFETY: a scale block is 16 floats.
            scale: unsafe { _mm512_loadu_ps(conv.requant.scale(block).as_ptr()) },
            channel: block * BLOCK,
            mask: u16::MAX >> (BLOCK - conv.block_channels(block)),
        }
    }

    /// # Safety
    /// `check` has passed; `row` and `column` are of an output pixel.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
    unsafe fn store(
        &self,
        sums: __m512i,
        row: usize,
        column: usize,
        output: &mut [u8],
        other: &[u8],
    ) {
        let requant = &self.conv.requant;
        let real = _mm512_mul_ps(_mm512_cvtepi32_ps(sums), self.scale);
        let real = _mm512_max_ps(real, _mm512_set1_ps(requant.low));
        let real = _mm512_min_ps(real, _mm512_set1_ps(requant.high));
        let zero_point = _mm512_set1_epi32(requant.zero_point);
        let mut codes = _mm512_add_epi32(_mm512_cvtps_epi32(real), zero_point);
        if let Some(residual) = &self.conv.residual {
            let at = residual.view.at(row, column) + self.channel;
            // SAFETY: the mask leaves the channels of this block, which `check` has found to end inside the
            // other operand.
            let other = unsafe { _mm_maskz_loadu_epi8(self.mask, other.as_ptr().add(at).cast()) };
            let params = &residual.params;
            let base = _mm512_set1_epi32(params.base);
            let real = |codes| _mm512_cvtepi32_ps(_mm512_sub_epi32(codes, base));
            let (own, other) = (real(codes), real(_mm512_cvtepu8_epi32(other)));
            let (a, b) = if residual.swapped {
                (other, own)
            } else {
                (own, other)
            };
            let sum = _mm512_fmadd_ps(
                b,
                _mm512_set1_ps(params.ratio_b),
                _mm512_set1_ps(params.fixed),
            );
            let sum = _mm512_fmadd_ps(a, _mm512_set1_ps(params.ratio_a), sum);
            let (low, high) = params.bounds();
            let sum = _mm512_max_ps(sum, _mm512_set1_ps(low));
            let sum = _mm512_min_ps(sum, _mm512_set1_ps(high));
            codes = _mm512_add_epi32(_mm512_cvtps_epi32(sum), base);
        }
        let at = self.conv.output.at(row, column) + self.channel;
        let bytes = _mm512_cvtepi32_epi8(codes);
        // SAFETY: the mask leaves the channels of this block, which `check` has found to end
        // inside the output for the last pixel.
        unsafe { _mm_mask_storeu_epi8(output.as_mut_ptr().add(at).cast(), self.mask, bytes) };
    }
}

/// Channels of one step: four vectors of sums.
const WIDE: usize = 4 * BLOCK;

/// A chunk for each step of channels, quad of taps and vector j of sums: `[lane][4 channels][tap]`, which is
/// channels 16 * lane + 4 * j and on, the order in which unpacking bytes leaves them.
fn pack_depthwise(weights: &TapWeights<'_>) -> Vec<Chunk> {
    let mut packed = Vec::new();
    for first in (0..weights.channels).step_by(WIDE) {
        for quad in 0..weights.taps.div_ceil(QUAD) {
            for j in 0..4 {
                packed.push(Chunk(std::array::from_fn(|i| {
                    let channel = first + i / 16 * 16 + 4 * j + i % 16 / QUAD;
                    weights.at(channel, quad * QUAD + i % QUAD) as u8
                })));
            }
        }
    }
    packed
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
fn depthwise(conv: &Depthwise, input: &[u8], output: &mut [u8]) {
    conv.check(input, output);
    let window = &conv.window;
    let quads = window.runs.len().div_ceil(QUAD);
    for (step, first) in (0..conv.channels()).step_by(WIDE).enumerate() {
        let weights = &conv.weights[step * quads * 4..][..quads * 4];
        let mask = u64::MAX >> (WIDE - (conv.channels() - first).min(WIDE));
        let blocks = |of: &dyn Fn(usize) -> *const i32| {
            // Vector j holds channels 16 * lane + 4 * j and on.
            std::array::from_fn::<__m512i, 4, _>(|j| {
                let mut lanes = [[0i32; 4]; 4];
                for (lane, four) in lanes.iter_mut().enumerate() {
                    let block = first / BLOCK + lane;
                    if block < conv.blocks() {
                        // SAFETY: a block is 16 elements of 32 bits.
                        *four = unsafe { of(block).add(4 * j).cast::<[i32; 4]>().read() };
                    }
                }
                // SAFETY: four times four elements.
                unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }
            })
        };
        let bias = blocks(&|block| conv.requant.bias(block).as_ptr());
        let scale = blocks(&|block| conv.requant.scale(block).as_ptr().cast())
            .map(|bits| _mm512_castsi512_ps(bits));
        let zero_point = _mm512_set1_epi32(conv.requant.zero_point);
        let low = _mm512_set1_ps(conv.requant.low);
        let high = _mm512_set1_ps(conv.requant.high);
        for row in 0..window.rows {
            for column in 0..window.columns {
                let origin = row * window.row_step + column * window.column_step + first;
                let mut sums = bias;
                for (starts, weights) in window.runs.chunks(QUAD).zip(weights.chunks_exact(4)) {
                    let tap = |t: usize| match starts.get(t) {
                        // SAFETY: the walk ends inside the input, and the slack makes whole vectors readable.
                        Some(start) => unsafe {
                            _mm512_loadu_si512(input.as_ptr().add(origin + start).cast())
                        },
                        None => _mm512_setzero_si512(),
                    };
                    let (a, b, c, d) = (tap(0), tap(1), tap(2), tap(3));
                    let (low_ab, high_ab) =
                        (_mm512_unpacklo_epi8(a, b), _mm512_unpackhi_epi8(a, b));
                    let (low_cd, high_cd) =
                        (_mm512_unpacklo_epi8(c, d), _mm512_unpackhi_epi8(c, d));
                    let x = [
                        _mm512_unpacklo_epi16(low_ab, low_cd),
                        _mm512_unpackhi_epi16(low_ab, low_cd),
                        _mm512_unpacklo_epi16(high_ab, high_cd),
                        _mm512_unpackhi_epi16(high_ab, high_cd),
                    ];
                    for j in 0..4 {
                        // SAFETY: a chunk is 64 aligned bytes.
                        let w = unsafe { _mm512_load_si512(weights[j].0.as_ptr().cast()) };
                        sums[j] = _mm512_dpbusd_epi32(sums[j], x[j], w);
                    }
                }
                let codes: [__m512i; 4] = std::array::from_fn(|j| {
                    let real = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[j]), scale[j]);
                    let real = _mm512_min_ps(_mm512_max_ps(real, low), high);
                    _mm512_add_epi32(_mm512_cvtps_epi32(real), zero_point)
                });
                // Packing undoes the order of unpacking.
                let bytes = _mm512_packus_epi16(
                    _mm512_packs_epi32(codes[0], codes[1]),
                    _mm512_packs_epi32(codes[2], codes[3]),
                );
                let at = conv.output.at(row, column) + first;
                // SAFETY: the mask leaves the channels that exist.
                unsafe { _mm512_mask_storeu_epi8(output.as_mut_ptr().add(at).cast(), mask, bytes) };
            }
        }
    }
}
