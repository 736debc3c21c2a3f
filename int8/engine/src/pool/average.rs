//! QLinearAveragePool, in onnxruntime's own order (`qlinear_pool.cc`): it adds up real numbers, row by row, so
//! that the roundings of a sum are part of the result.

use super::{CHANNELS, GlobalAveragePool, Windows};
use crate::add::Affine;
use crate::code::Code;
use crate::error::EngineError;
use crate::geometry::Axis;
use crate::graph::Op;
use crate::requant::round_small;
use crate::view::{Shape, View};

/// `code = round_ties_even(sum((x - zero) * scale) / count / output_scale + output_zero)`, all in f32; the zero
/// point, that of the codes in the file, is added before the rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AveragePool {
    pub(crate) windows: Windows,
    /// All taps are counted, whether they lie inside or not.
    count_all: bool,
    scale: f32,
    /// Of unsigned codes.
    zero: i32,
    output_scale: f32,
    output_zero: f32,
    /// Added to the codes in the file to make them unsigned.
    base: i32,
}

/// From here on an average could leave the 32-bit integers.
const MAX_RATIO: f32 = 4_194_304.0;

/// QLinearAveragePool; as onnxruntime has it, one window without pads over the whole image is a
/// [`GlobalAveragePool`]. With `count_include_pad`, a window that reaches past the pads counts as a whole too. Input
/// and output have one kind of code; zero points are as the file has them.
///
/// # Errors
/// [`EngineError`] where the scales are out of range together.
pub fn average_pool(
    windows: Windows,
    count_include_pad: bool,
    input: Affine,
    output: Affine,
    code: Code,
) -> Result<Op, EngineError> {
    let whole =
        |axis: &Axis| axis.kernel == axis.input && axis.padded == axis.input && axis.before == 0;
    if whole(&windows.y) && whole(&windows.x) {
        let image = Shape {
            rows: windows.y.input,
            columns: windows.x.input,
            channels: 1,
        };
        return GlobalAveragePool::new(image, input, output, code).map(Op::GlobalAveragePool);
    }
    let ratio = input.scale / output.scale;
    if ratio.is_nan() || ratio >= MAX_RATIO {
        return Err(EngineError::Multiplier {
            found: ratio,
            limit: MAX_RATIO,
        });
    }
    let limit = f32::MAX / (256.0 * windows.y.kernel as f32 * windows.x.kernel as f32);
    if input.scale >= limit {
        return Err(EngineError::Multiplier {
            found: input.scale,
            limit,
        });
    }
    let base = code.offset();
    Ok(Op::AveragePool(AveragePool {
        windows,
        count_all: count_include_pad,
        scale: input.scale,
        zero: input.zero_point + base,
        output_scale: output.scale,
        output_zero: output.zero_point as f32,
        base,
    }))
}

impl AveragePool {
    pub(crate) fn run(&self, input: &[u8], from: &View, output: &mut [u8], to: &View) {
        let Windows { y, x } = &self.windows;
        let (low, high) = (-self.base as f32, (255 - self.base) as f32);
        let channels = to.shape.channels;
        for row in 0..to.shape.rows {
            let (top, rows) = y.taps(row);
            for column in 0..to.shape.columns {
                let (left, columns) = x.taps(column);
                let taps = if self.count_all {
                    y.kernel * x.kernel
                } else {
                    rows * columns
                };
                for first in (0..channels).step_by(CHANNELS) {
                    let count = CHANNELS.min(channels - first);
                    let mut sums = [0f32; CHANNELS];
                    for ky in 0..rows {
                        for kx in 0..columns {
                            let at = from.at(top + ky, left + kx) + first;
                            for (sum, code) in sums.iter_mut().zip(&input[at..at + count]) {
                                *sum += self.scale * (*code as i32 - self.zero) as f32;
                            }
                        }
                    }
                    let codes = &mut output[to.at(row, column) + first..][..count];
                    for (code, sum) in codes.iter_mut().zip(sums) {
                        let real = sum / taps as f32 / self.output_scale + self.output_zero;
                        *code = (round_small(real.max(low).min(high)) + self.base) as u8;
                    }
                }
            }
        }
    }
}
