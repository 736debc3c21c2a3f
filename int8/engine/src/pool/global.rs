//! QLinearGlobalAveragePool, in onnxruntime's own order on x86-64 (`qlgavgpool.cpp`): an exact sum, then the
//! requantization of a convolution.

use super::CHANNELS;
use crate::add::Affine;
use crate::code::Code;
use crate::error::EngineError;
use crate::requant::round_small;
use crate::view::{Shape, View};

/// `code = clamp(round_ties_even(sum(x - zero) * multiplier)) + zero`, over all pixels of a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GlobalAveragePool {
    /// That it was made for.
    pixels: usize,
    multiplier: f32,
    /// -zero point * pixels, and the output's zero point, both of unsigned codes.
    bias: i32,
    zero: i32,
}

/// Multipliers and images that onnxruntime takes.
const LEAST: f32 = 2.328_306_4e-10;
const LIMIT: f32 = 256.0;
const MAX_PIXELS: usize = 1 << 24;

impl GlobalAveragePool {
    /// Input and output have one kind of code; zero points are as the file has them.
    ///
    /// # Errors
    /// [`EngineError::Mismatch`] for a multiplier, or for so many pixels, that onnxruntime refuses too.
    pub fn new(
        image: Shape,
        input: Affine,
        output: Affine,
        code: Code,
    ) -> Result<GlobalAveragePool, EngineError> {
        let pixels = image.pixels();
        let multiplier = input.scale / (output.scale * pixels as f32);
        let mismatch = |what, found: String, expected: &str| {
            Err(EngineError::Mismatch {
                what,
                found,
                expected: expected.into(),
            })
        };
        if pixels >= MAX_PIXELS {
            return mismatch("the number of pixels", pixels.to_string(), "less than 2^24");
        }
        if !(LEAST..LIMIT).contains(&multiplier) {
            let expected = "2^-32 or more and less than 256";
            return mismatch("the multiplier", multiplier.to_string(), expected);
        }
        let base = code.offset();
        Ok(GlobalAveragePool {
            pixels,
            multiplier,
            bias: (-(input.zero_point + base)).wrapping_mul(pixels as i32),
            zero: output.zero_point + base,
        })
    }

    /// The input that it was made for has as many pixels.
    pub(crate) fn fits(&self, input: Shape) -> bool {
        input.pixels() == self.pixels
    }

    pub(crate) fn run(&self, input: &[u8], from: &View, output: &mut [u8], to: &View) {
        let (low, high) = (-self.zero as f32, (255 - self.zero) as f32);
        let codes = &mut output[to.at(0, 0)..][..to.shape.channels];
        channel_sums(input, from, self.bias, |channel, sum| {
            let real = (sum as f32 * self.multiplier).max(low).min(high);
            codes[channel] = (round_small(real) + self.zero) as u8;
        });
    }
}

/// Calls `take` with each channel, and the sum of its codes over all pixels on top of `start`.
#[inline(always)]
pub(crate) fn channel_sums(
    input: &[u8],
    from: &View,
    start: i32,
    mut take: impl FnMut(usize, i32),
) {
    for first in (0..from.shape.channels).step_by(CHANNELS) {
        let count = CHANNELS.min(from.shape.channels - first);
        let mut sums = [start; CHANNELS];
        for row in 0..from.shape.rows {
            for column in 0..from.shape.columns {
                let at = from.at(row, column) + first;
                for (sum, code) in sums.iter_mut().zip(&input[at..at + count]) {
                    *sum = sum.wrapping_add(*code as i32);
                }
            }
        }
        for (channel, sum) in sums[..count].iter().enumerate() {
            take(first + channel, *sum);
        }
    }
}
