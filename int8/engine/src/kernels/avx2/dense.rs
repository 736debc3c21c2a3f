//! The dense kernel.

use std::arch::x86_64::*;

use super::pack::{ORDERS, Step, Steps};
use crate::conv::Dense;
use crate::kernels::block256::{Sums, finish, load_sums};
use crate::kernels::portable::QUAD;
use crate::requant::BLOCK;

#[target_feature(enable = "avx2,fma")]
pub(super) fn dense(conv: &Dense, input: &[u8], output: &mut [u8], other: &[u8]) {
    conv.check(input, output, other);
    for block in 0..conv.blocks() {
        let full = conv.block_channels(block) == BLOCK;
        let rows = match conv.window.columns {
            1 if full => rows::<1, true>,
            1 => rows::<1, false>,
            2..4 if full => rows::<2, true>,
            2..4 => rows::<2, false>,
            _ if full => rows::<4, true>,
            _ => rows::<4, false>,
        };
        // SAFETY: `check` has passed, and the block and the columns exist.
        unsafe { rows(conv, input, output, other, block) };
    }
}

/// One block of output channels, all 16 of them if `FULL`, in tiles of `PIXELS` columns; the last tile of a row
/// overlaps the one before.
///
/// # Safety
/// `conv.check(input, output, other)` has passed, the block exists, and a row has `PIXELS` columns.
#[target_feature(enable = "avx2,fma")]
unsafe fn rows<const PIXELS: usize, const FULL: bool>(
    conv: &Dense,
    input: &[u8],
    output: &mut [u8],
    other: &[u8],
    block: usize,
) {
    let columns = conv.window.columns;
    // A quad with a known order would be shuffled before it goes to all lanes, which makes two shuffles of one: 91
    // GMAC/s instead of 97.
    let orders =
        std::hint::black_box(const { [order(ORDERS[0]), order(ORDERS[1]), order(ORDERS[2])] });
    let steps = Steps::new(conv.block_weights(block), &conv.window);
    for row in 0..conv.window.rows {
        let mut column = 0;
        // One call, so that it becomes part of the loop.
        while column < columns {
            let at = (row, column.min(columns - PIXELS));
            // SAFETY: the caller's word, and the pixels are in the row.
            unsafe {
                let sums = tile::<PIXELS>(conv, &steps, &orders, input, at, block);
                finish::<PIXELS, FULL>(conv, block, sums, at, output, other);
            }
            column += PIXELS;
        }
    }
}

/// # Safety
/// As [`rows`]; also `row < rows` and `column + PIXELS <= columns`.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn tile<const PIXELS: usize>(
    conv: &Dense,
    steps: &Steps<'_>,
    orders: &[[u8; 32]; 3],
    input: &[u8],
    (row, column): (usize, usize),
    block: usize,
) -> [Sums; PIXELS] {
    let window = &conv.window;
    let mut sums = [load_sums(conv.requant.bias(block)); PIXELS];
    let mut origins = [input.as_ptr(); PIXELS];
    for p in 0..PIXELS {
        let at = row * window.row_step + (column + p) * window.column_step;
        // SAFETY: a window's origin is before its first code, which `check` has found in the input.
        origins[p] = unsafe { input.as_ptr().add(at) };
    }
    let walk = Walk {
        origins,
        starts: &window.runs,
        orders,
    };
    let weights = steps.weights.as_ptr().cast();
    // SAFETY of all: the steps are in the window, and each has its chunks of weights.
    unsafe {
        let weights = safe::<0, PIXELS>(&mut sums, &walk, steps.safe[0], weights);
        let weights = safe::<1, PIXELS>(&mut sums, &walk, steps.safe[1], weights);
        let weights = safe::<2, PIXELS>(&mut sums, &walk, steps.safe[2], weights);
        words(&mut sums, &walk, steps.words, weights);
    }
    sums
}

/// The windows of `PIXELS` neighbours.
struct Walk<'a, const PIXELS: usize> {
    origins: [*const u8; PIXELS],
    starts: &'a [usize],
    /// For `vpshufb`.
    orders: &'a [[u8; 32]; 3],
}

impl<const PIXELS: usize> Walk<'_, PIXELS> {
    /// From an origin to a step's quad.
    ///
    /// # Safety
    /// The step is in the window.
    #[inline(always)]
    unsafe fn at(&self, [run, byte]: Step) -> usize {
        // SAFETY: the caller's word.
        unsafe { self.starts.get_unchecked(run as usize) + byte as usize }
    }

    /// The quad of pixel `p` in all lanes.
    ///
    /// # Safety
    /// It is in the input.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn quad(&self, p: usize, at: usize) -> __m256i {
        // SAFETY: the caller's word.
        _mm256_set1_epi32(unsafe { self.origins[p].add(at).cast::<i32>().read_unaligned() })
    }
}

/// Steps that are safe in an order. Returns where the weights of the next ones are.
///
/// # Safety
/// The steps are in the windows; each has a chunk of weights.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn safe<const ORDER: usize, const PIXELS: usize>(
    sums: &mut [Sums; PIXELS],
    walk: &Walk<'_, PIXELS>,
    steps: &[Step],
    mut weights: *const __m256i,
) -> *const __m256i {
    let ones = _mm256_set1_epi16(1);
    // SAFETY: 32 bytes.
    let order = unsafe { _mm256_loadu_si256(walk.orders[ORDER].as_ptr().cast()) };
    for step in steps {
        // SAFETY: the caller's word.
        let (at, w0, w1) = unsafe {
            let (w0, w1) = (
                _mm256_load_si256(weights),
                _mm256_load_si256(weights.add(1)),
            );
            weights = weights.add(2);
            (walk.at(*step), w0, w1)
        };
        for p in 0..PIXELS {
            // SAFETY: the caller's word.
            let mut quad = unsafe { walk.quad(p, at) };
            if ORDER != 0 {
                quad = _mm256_shuffle_epi8(quad, order);
            }
            let pairs = _mm256_maddubs_epi16(quad, w0);
            sums[p][0] = _mm256_add_epi32(sums[p][0], _mm256_madd_epi16(pairs, ones));
            let pairs = _mm256_maddubs_epi16(quad, w1);
            sums[p][1] = _mm256_add_epi32(sums[p][1], _mm256_madd_epi16(pairs, ones));
        }
    }
    weights
}

/// The order of a quad as `vpshufb` takes it.
const fn order(quad: [usize; QUAD]) -> [u8; 32] {
    let mut order = [0; 32];
    let mut i = 0;
    while i < 32 {
        order[i] = (i % 16 / QUAD * QUAD + quad[i % QUAD]) as u8;
        i += 1;
    }
    order
}

/// Steps with weights of 16 bits.
///
/// # Safety
/// The steps are in the windows; each has two chunks of weights.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn words<const PIXELS: usize>(
    sums: &mut [Sums; PIXELS],
    walk: &Walk<'_, PIXELS>,
    steps: &[Step],
    mut weights: *const __m256i,
) {
    let bytes = _mm256_set1_epi16(0xff);
    for step in steps {
        let mut w = [_mm256_setzero_si256(); 4];
        for i in 0..4 {
            // SAFETY: the caller's word.
            w[i] = unsafe { _mm256_load_si256(weights.add(i)) };
        }
        // SAFETY: the caller's word.
        let at = unsafe {
            weights = weights.add(4);
            walk.at(*step)
        };
        for p in 0..PIXELS {
            // SAFETY: the caller's word.
            let quad = unsafe { walk.quad(p, at) };
            let even = _mm256_and_si256(quad, bytes);
            let odd = _mm256_srli_epi16::<8>(quad);
            for half in 0..2 {
                let sum = _mm256_add_epi32(sums[p][half], _mm256_madd_epi16(even, w[half]));
                sums[p][half] = _mm256_add_epi32(sum, _mm256_madd_epi16(odd, w[2 + half]));
            }
        }
    }
}
