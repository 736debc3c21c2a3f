//! The depthwise kernel: a block of 16 channels at a time, the codes of two taps side by side as words for `vpmaddwd`.
//!
//! Where windows of 3x3 overlap, each column of the image is put side by side once, and serves up to three outputs.

use std::arch::x86_64::*;

use crate::conv::{Chunk, Depthwise, TapWeights};
use crate::kernels::block256::{narrow_words, store};
use crate::requant::BLOCK;

/// Two vectors: channels 0 to 3 and 8 to 11 of a block, and the others. Thus unpacking leaves them.
type Halves<T> = [T; 2];

/// Taps that are multiplied together, for any window.
fn pairs(taps: usize) -> impl Iterator<Item = [Option<usize>; 2]> {
    (0..taps).step_by(2).map(|tap| [Some(tap), Some(tap + 1)])
}

/// Taps of a 3x3 window that are multiplied together: in a column the upper two, and below them neighbours.
const STEP_1: [[Option<usize>; 2]; 5] = [
    [Some(0), Some(3)],
    [Some(1), Some(4)],
    [Some(2), Some(5)],
    [Some(6), Some(7)],
    [None, Some(8)],
];

/// The same where the next window is two columns on.
const STEP_2: [[Option<usize>; 2]; 5] = [
    [Some(0), Some(3)],
    [Some(1), Some(4)],
    [Some(2), Some(5)],
    [None, Some(6)],
    [Some(7), Some(8)],
];

/// A chunk for each block and pair of taps, `[channel][tap]` words in the order of [`Halves`]: those of `pairs`, and
/// for 9 taps those of `STEP_1` and `STEP_2`.
pub(super) fn pack_depthwise(weights: &TapWeights<'_>) -> Vec<Chunk> {
    let three = [STEP_1, STEP_2].concat();
    let three = three.into_iter().filter(|_| weights.taps == 9);
    let pairs: Vec<_> = pairs(weights.taps).chain(three).collect();
    let mut packed = Vec::new();
    for block in 0..weights.channels.div_ceil(BLOCK) {
        for pair in &pairs {
            packed.push(Chunk(std::array::from_fn(|i| {
                let (half, word) = (i / 32, i % 32 / 2);
                let channel = word / 2 % 4 + half * 4 + word / 8 * 8;
                let weight = |tap| i16::from(weights.at(block * BLOCK + channel, tap));
                pair[word % 2].map_or(0, weight).to_le_bytes()[i % 2]
            })));
        }
    }
    packed
}

#[target_feature(enable = "avx2,fma")]
pub(super) fn depthwise(conv: &Depthwise, input: &[u8], output: &mut [u8]) {
    conv.check(input, output);
    let step = conv.weights.len() / conv.blocks();
    for (block, weights) in conv.weights.chunks_exact(step).enumerate() {
        let mut block = Block::new(conv, input, output, block);
        // SAFETY: `check` has passed.
        unsafe {
            if block.channels == BLOCK {
                block.run::<true>(weights);
            } else {
                block.run::<false>(weights);
            }
        }
    }
}

/// For a window of three rows of three taps each, equally far from each other: how many of them the next window is on.
fn columns_apart(conv: &Depthwise) -> Option<usize> {
    let runs = &conv.window.runs;
    if runs.len() != 9 {
        return None;
    }
    let step = runs[1] - runs[0];
    let even = (0..9).all(|tap| runs[tap] == runs[tap / 3 * 3] + tap % 3 * step);
    (1..=2).find(|apart| even && conv.window.column_step == apart * step)
}

/// One block of channels of all pixels. Its methods know whether it is `FULL`.
struct Block<'a> {
    conv: &'a Depthwise,
    input: &'a [u8],
    output: &'a mut [u8],
    /// Of the block in a pixel.
    first: usize,
    channels: usize,
    bias: Halves<__m256i>,
    scale: Halves<__m256>,
}

impl<'a> Block<'a> {
    #[target_feature(enable = "avx2,fma")]
    fn new(conv: &'a Depthwise, input: &'a [u8], output: &'a mut [u8], block: usize) -> Block<'a> {
        let bias = halves(conv.requant.bias(block));
        let scale = halves(
            &conv
                .requant
                .scale(block)
                .map(|scale| scale.to_bits() as i32),
        );
        let first = block * BLOCK;
        Block {
            conv,
            input,
            output,
            first,
            channels: (conv.channels() - first).min(BLOCK),
            bias,
            scale: [_mm256_castsi256_ps(scale[0]), _mm256_castsi256_ps(scale[1])],
        }
    }
}

/// 16 numbers of 32 bits.
#[inline]
#[target_feature(enable = "avx2")]
fn halves(numbers: &[i32; BLOCK]) -> Halves<__m256i> {
    // SAFETY: two vectors are 16 numbers.
    let (low, high) = unsafe {
        let from = numbers.as_ptr().cast::<__m256i>();
        (_mm256_loadu_si256(from), _mm256_loadu_si256(from.add(1)))
    };
    [
        _mm256_permute2x128_si256::<0x20>(low, high),
        _mm256_permute2x128_si256::<0x31>(low, high),
    ]
}

/// The words of two taps side by side.
#[inline]
#[target_feature(enable = "avx2")]
fn side_by_side(a: __m256i, b: __m256i) -> Halves<__m256i> {
    [_mm256_unpacklo_epi16(a, b), _mm256_unpackhi_epi16(a, b)]
}

#[inline]
#[target_feature(enable = "avx2")]
fn multiply(
    sums: Halves<__m256i>,
    pair: Halves<__m256i>,
    Chunk(weights): &Chunk,
) -> Halves<__m256i> {
    // SAFETY: a chunk is two aligned vectors.
    let weights = unsafe {
        let from = weights.as_ptr().cast::<__m256i>();
        [_mm256_load_si256(from), _mm256_load_si256(from.add(1))]
    };
    [
        _mm256_add_epi32(sums[0], _mm256_madd_epi16(pair[0], weights[0])),
        _mm256_add_epi32(sums[1], _mm256_madd_epi16(pair[1], weights[1])),
    ]
}

impl Block<'_> {
    /// # Safety
    /// `check` has passed.
    #[target_feature(enable = "avx2,fma")]
    unsafe fn run<const FULL: bool>(&mut self, weights: &[Chunk]) {
        let (any, three) = weights.split_at(self.conv.window.runs.len().div_ceil(2));
        // SAFETY: the caller's word, and what has been found about the window.
        unsafe {
            match columns_apart(self.conv) {
                Some(1) => self.by_columns::<FULL>(&three[..5]),
                Some(2) => self.by_two_columns::<FULL>(&three[5..]),
                _ => self.by_taps::<FULL>(any),
            }
        }
    }

    /// The block's codes at an offset, as words.
    ///
    /// # Safety
    /// The offset is in the walk, behind which there is slack.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn load(&self, at: usize) -> __m256i {
        // SAFETY: the caller's word.
        _mm256_cvtepu8_epi16(unsafe { _mm_loadu_si128(self.input.as_ptr().add(at).cast()) })
    }

    /// # Safety
    /// The pixel exists.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    unsafe fn store<const FULL: bool>(&mut self, sums: Halves<__m256i>, row: usize, column: usize) {
        let requant = &self.conv.requant;
        let real = [
            _mm256_mul_ps(_mm256_cvtepi32_ps(sums[0]), self.scale[0]),
            _mm256_mul_ps(_mm256_cvtepi32_ps(sums[1]), self.scale[1]),
        ];
        // Packing puts the channels in order.
        let words = narrow_words(real, requant.high, requant.zero_point);
        let codes = _mm_packus_epi16(
            _mm256_castsi256_si128(words),
            _mm256_extracti128_si256::<1>(words),
        );
        let at = self.conv.output.at(row, column) + self.first;
        // SAFETY: `check` has found that the last pixel's channels end inside the output.
        unsafe { store::<1, FULL>([codes], self.output.as_mut_ptr().add(at), 0, self.channels) };
    }

    /// # Safety
    /// `check` has passed; the weights are those of `pairs`.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    unsafe fn by_taps<const FULL: bool>(&mut self, weights: &[Chunk]) {
        let window = &self.conv.window;
        for row in 0..window.rows {
            for column in 0..window.columns {
                let origin = row * window.row_step + column * window.column_step + self.first;
                let mut sums = self.bias;
                for (taps, weights) in window.runs.chunks(2).zip(weights) {
                    // SAFETY: the taps are in the walk.
                    let (a, b) = unsafe {
                        let a = self.load(origin + taps[0]);
                        (a, taps.get(1).map_or(a, |tap| self.load(origin + tap)))
                    };
                    sums = multiply(sums, side_by_side(a, b), weights);
                }
                // SAFETY: the pixel exists.
                unsafe { self.store::<FULL>(sums, row, column) };
            }
        }
    }

    /// # Safety
    /// `check` has passed; the window is of 3x3 and one column apart from the next; the weights are those of `STEP_1`.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    unsafe fn by_columns<const FULL: bool>(&mut self, weights: &[Chunk]) {
        let window = &self.conv.window;
        let &[_, _, _, _, _] = weights else {
            unreachable!()
        };
        for row in 0..window.rows {
            let origin = row * window.row_step + self.first;
            let [top, middle, bottom] = [0, 3, 6].map(|tap| origin + window.runs[tap]);
            // Of the outputs of which this column is the last, and the second.
            let (mut last, mut second) = (self.bias, self.bias);
            let mut left = _mm256_setzero_si256();
            for column in 0..window.columns + 2 {
                let at = column * window.column_step;
                // SAFETY: the last window ends in the last of these columns.
                let (a, b, right) = unsafe {
                    (
                        self.load(top + at),
                        self.load(middle + at),
                        self.load(bottom + at),
                    )
                };
                let upper = side_by_side(a, b);
                let lower = side_by_side(left, right);
                left = right;
                let done = multiply(multiply(last, upper, &weights[2]), lower, &weights[4]);
                last = multiply(multiply(second, upper, &weights[1]), lower, &weights[3]);
                second = multiply(self.bias, upper, &weights[0]);
                if column >= 2 {
                    // SAFETY: the pixel exists.
                    unsafe { self.store::<FULL>(done, row, column - 2) };
                }
            }
        }
    }

    /// # Safety
    /// `check` has passed; the window is of 3x3 and two columns apart from the next; the weights are those of `STEP_2`.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    unsafe fn by_two_columns<const FULL: bool>(&mut self, weights: &[Chunk]) {
        let window = &self.conv.window;
        let &[_, _, _, _, _] = weights else {
            unreachable!()
        };
        for row in 0..window.rows {
            let origin = row * window.row_step + self.first;
            let starts: [usize; 9] = std::array::from_fn(|tap| origin + window.runs[tap]);
            // SAFETY, here and below: the windows are in the walk.
            let (mut upper, mut lower) = unsafe {
                let left = self.load(starts[6]);
                (
                    side_by_side(self.load(starts[0]), self.load(starts[3])),
                    side_by_side(left, left),
                )
            };
            for column in 0..window.columns {
                let at = column * window.column_step;
                let mut sums = multiply(self.bias, upper, &weights[0]);
                sums = multiply(sums, lower, &weights[3]);
                // SAFETY: as above.
                let middle = unsafe {
                    upper = side_by_side(self.load(starts[2] + at), self.load(starts[5] + at));
                    lower = side_by_side(self.load(starts[7] + at), self.load(starts[8] + at));
                    side_by_side(self.load(starts[1] + at), self.load(starts[4] + at))
                };
                sums = multiply(sums, middle, &weights[1]);
                sums = multiply(sums, upper, &weights[2]);
                sums = multiply(sums, lower, &weights[4]);
                // SAFETY: the pixel exists.
                unsafe { self.store::<FULL>(sums, row, column) };
            }
        }
    }
}
