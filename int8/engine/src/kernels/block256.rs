//! Blocks of 16 channels in two 256-bit vectors: from sums to codes in memory, and the residual add.
//!
//! No `map` or `from_fn` here or in the kernels around it: those are not compiled for AVX2, so their closures would not
//! be inlined, and vectors would go through memory.
#![allow(unsafe_code, reason = "vector loads and stores")]
#![allow(clippy::needless_range_loop, reason = "indices name pixels")]

use std::arch::x86_64::*;

use super::portable;
use crate::add::AddParams;
use crate::conv::{Dense, Residual};
use crate::requant::{BLOCK, Requant};

/// The sums of a block, in the order of its channels.
pub(super) type Sums = [__m256i; 2];

#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn load_sums(from: &[i32; BLOCK]) -> Sums {
    let from = from.as_ptr().cast::<__m256i>();
    // SAFETY: two vectors are 16 integers.
    unsafe { [_mm256_loadu_si256(from), _mm256_loadu_si256(from.add(1))] }
}

/// What an f32 holds of the codes of a block, before it is rounded.
pub(super) type Real = [__m256; 2];

/// Rounds, adds the zero point and packs into words, each half of a vector for itself. Words and then bytes saturate,
/// which is the lower bound; the upper one is needed before, since what is too large for an integer converts to the
/// least integer.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn narrow_words(real: Real, high: f32, zero_point: i32) -> __m256i {
    let high = _mm256_set1_ps(high);
    let a = _mm256_cvtps_epi32(_mm256_min_ps(high, real[0]));
    let b = _mm256_cvtps_epi32(_mm256_min_ps(high, real[1]));
    let zero_point = _mm256_set1_epi16(zero_point as i16);
    _mm256_adds_epi16(_mm256_packs_epi32(a, b), zero_point)
}

/// The codes of blocks with their channels in order.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn narrow<const PIXELS: usize>(
    real: [Real; PIXELS],
    high: f32,
    zero_point: i32,
) -> [__m128i; PIXELS] {
    let mut words = [_mm256_setzero_si256(); PIXELS];
    for p in 0..PIXELS {
        words[p] = narrow_words(real[p], high, zero_point);
    }
    // Packing works on halves of a vector; one permutation puts two pixels right.
    let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    let mut codes = [_mm_setzero_si128(); PIXELS];
    let mut p = 0;
    while p < PIXELS {
        let next = (p + 1).min(PIXELS - 1);
        let bytes = _mm256_packus_epi16(words[p], words[next]);
        let bytes = _mm256_permutevar8x32_epi32(bytes, order);
        codes[p] = _mm256_castsi256_si128(bytes);
        if next > p {
            codes[next] = _mm256_extracti128_si256::<1>(bytes);
        }
        p += 2;
    }
    codes
}

/// 16 codes as the numbers that an add computes with.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn widen(codes: __m128i, base: i32) -> Real {
    let base = _mm256_set1_epi32(base);
    let low = _mm256_cvtepu8_epi32(codes);
    let high = _mm256_cvtepu8_epi32(_mm_unpackhi_epi64(codes, codes));
    [
        _mm256_cvtepi32_ps(_mm256_sub_epi32(low, base)),
        _mm256_cvtepi32_ps(_mm256_sub_epi32(high, base)),
    ]
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn add_real(params: &AddParams, a: Real, b: Real) -> Real {
    let ratio_a = _mm256_set1_ps(params.ratio_a);
    let ratio_b = _mm256_set1_ps(params.ratio_b);
    let fixed = _mm256_set1_ps(params.fixed);
    [
        _mm256_fmadd_ps(a[0], ratio_a, _mm256_fmadd_ps(b[0], ratio_b, fixed)),
        _mm256_fmadd_ps(a[1], ratio_a, _mm256_fmadd_ps(b[1], ratio_b, fixed)),
    ]
}

/// The sums of `PIXELS` neighbours, of which the first is at `row` and `column`, become codes of one block, of which
/// all channels exist if `FULL`.
///
/// # Safety
/// `conv.check(input, output, other)` has passed, and the block and the pixels exist.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn finish<const PIXELS: usize, const FULL: bool>(
    conv: &Dense,
    block: usize,
    sums: [Sums; PIXELS],
    (row, column): (usize, usize),
    output: &mut [u8],
    other: &[u8],
) {
    let requant = &*conv.requant;
    let scale = requant.scale(block).as_ptr();
    // SAFETY: two vectors are 16 floats.
    let scale = unsafe { [_mm256_loadu_ps(scale), _mm256_loadu_ps(scale.add(8))] };
    let mut real = [[_mm256_setzero_ps(); 2]; PIXELS];
    for p in 0..PIXELS {
        for i in 0..2 {
            real[p][i] = _mm256_mul_ps(_mm256_cvtepi32_ps(sums[p][i]), scale[i]);
        }
    }
    let channels = conv.block_channels(block);
    let codes = match &conv.residual {
        None => narrow(real, requant.high, requant.zero_point),
        Some(residual) => {
            let view = &residual.view;
            // SAFETY: `check` has found that the last pixel's channels end inside the other operand.
            let other = unsafe {
                let from = other.as_ptr().add(view.at(row, column) + block * BLOCK);
                load::<PIXELS, FULL>(from, view.pixel_step, channels)
            };
            for p in 0..PIXELS {
                real[p] = add_codes(requant, residual, real[p], other[p]);
            }
            let params = &residual.params;
            narrow(real, params.bounds().1, params.base)
        }
    };
    // SAFETY: `check` has found that the last pixel's channels end inside the output.
    unsafe {
        let to = output
            .as_mut_ptr()
            .add(conv.output.at(row, column) + block * BLOCK);
        store::<PIXELS, FULL>(codes, to, conv.output.pixel_step, channels);
    }
}

/// The sum of the convolution's own codes and the other operand's.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn add_codes(requant: &Requant, residual: &Residual, mut own: Real, other: __m128i) -> Real {
    let params = &residual.params;
    let low = _mm256_set1_ps(requant.low);
    let high = _mm256_set1_ps(requant.high);
    let base = _mm256_set1_epi32(requant.zero_point - params.base);
    for real in &mut own {
        let code = _mm256_cvtps_epi32(_mm256_max_ps(_mm256_min_ps(high, *real), low));
        *real = _mm256_cvtepi32_ps(_mm256_add_epi32(code, base));
    }
    let other = widen(other, params.base);
    if residual.swapped {
        add_real(params, other, own)
    } else {
        add_real(params, own, other)
    }
}

/// The codes of one block of `PIXELS` neighbours, of which `channels` exist, all 16 if `FULL`.
///
/// # Safety
/// They can be read.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn load<const PIXELS: usize, const FULL: bool>(
    from: *const u8,
    step: usize,
    channels: usize,
) -> [__m128i; PIXELS] {
    let mut codes = [_mm_setzero_si128(); PIXELS];
    if !FULL {
        // SAFETY: the caller's word.
        unsafe { load_parts(&mut codes, from, step, channels) };
    } else {
        for p in 0..PIXELS {
            // SAFETY: the caller's word.
            codes[p] = unsafe { _mm_loadu_si128(from.add(p * step).cast()) };
        }
    }
    codes
}

/// # Safety
/// As of [`load`].
#[inline(never)]
unsafe fn load_parts(codes: &mut [__m128i], from: *const u8, step: usize, channels: usize) {
    for (p, codes) in codes.iter_mut().enumerate() {
        let to = std::ptr::from_mut(codes).cast();
        // SAFETY: the caller's word, and a vector is no shorter.
        unsafe { std::ptr::copy_nonoverlapping(from.add(p * step), to, channels) };
    }
}

/// The `channels` of one block of `PIXELS` neighbours, all 16 if `FULL`.
///
/// # Safety
/// They can be written.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn store<const PIXELS: usize, const FULL: bool>(
    codes: [__m128i; PIXELS],
    to: *mut u8,
    step: usize,
    channels: usize,
) {
    if !FULL {
        // SAFETY: the caller's word.
        unsafe { store_parts(&codes, to, step, channels) };
    } else {
        for p in 0..PIXELS {
            // SAFETY: the caller's word.
            unsafe { _mm_storeu_si128(to.add(p * step).cast(), codes[p]) };
        }
    }
}

/// # Safety
/// As of [`store`].
#[inline(never)]
unsafe fn store_parts(codes: &[__m128i], to: *mut u8, step: usize, channels: usize) {
    for (p, codes) in codes.iter().enumerate() {
        let from = std::ptr::from_ref(codes).cast();
        // SAFETY: the caller's word, and a vector is no shorter.
        unsafe { std::ptr::copy_nonoverlapping(from, to.add(p * step), channels) };
    }
}

#[target_feature(enable = "avx2,fma")]
pub(super) fn add(params: &AddParams, a: &[u8], b: &[u8], output: &mut [u8]) {
    let high = params.bounds().1;
    let (a_blocks, a_rest) = a.as_chunks::<BLOCK>();
    let (b_blocks, b_rest) = b.as_chunks::<BLOCK>();
    let (blocks, rest) = output.as_chunks_mut::<BLOCK>();
    for ((a, b), output) in a_blocks.iter().zip(b_blocks).zip(blocks) {
        let real = |codes: &[u8; BLOCK]| {
            // SAFETY: an array of 16.
            let codes = unsafe { _mm_loadu_si128(codes.as_ptr().cast()) };
            widen(codes, params.base)
        };
        let [codes] = narrow([add_real(params, real(a), real(b))], high, params.base);
        // SAFETY: an array of 16.
        unsafe { _mm_storeu_si128(output.as_mut_ptr().cast(), codes) };
    }
    portable::add(params, a_rest, b_rest, rest);
}
