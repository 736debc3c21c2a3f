//! The product of a matrix of codes and a constant one (QGemm, QLinearMatMul) as a convolution with one tap.
//!
//! onnxruntime brings all three operators from sums to codes in one way (`MlasRequantizeOutput`); only the
//! multipliers differ: `alpha * a_scale * b_scale / y_scale` in QGemm, from left to right.

use crate::conv::ConvSpec;
use crate::error::EngineError;
use crate::geometry::{Axis, Padding};

/// `[rows, inputs]` times `[inputs, outputs]`; each row is a pixel.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// Of the image that is multiplied, which has one row of pixels.
    pub rows: usize,
    /// Channels in.
    pub inputs: usize,
    /// Channels out.
    pub outputs: usize,
    /// `[inputs, outputs]`, symmetric; where they are transposed, `[outputs, inputs]`.
    pub weights: Vec<i8>,
    /// See `weights`.
    pub transposed: bool,
    /// The input's zero point, 0 to 255.
    pub input_zero: i32,
    /// The output's zero point, 0 to 255.
    pub output_zero: i32,
    /// One for each output channel.
    pub bias: Vec<i32>,
    /// One for each output channel.
    pub multipliers: Vec<f32>,
}

impl Matrix {
    /// # Errors
    /// [`EngineError::Mismatch`] where the parts do not fit each other; [`EngineError::TooLarge`].
    pub fn conv(self) -> Result<ConvSpec, EngineError> {
        let none = Padding::Explicit {
            before: 0,
            after: 0,
        };
        let mut spec = ConvSpec {
            y: Axis::new("height", 1, 1, 1, 1, none)?,
            x: Axis::new("width", self.rows, 1, 1, 1, none)?,
            group: 1,
            inputs: self.inputs,
            outputs: self.outputs,
            input_zero: self.input_zero,
            output_zero: self.output_zero,
            weights: self.weights.into(),
            bias: self.bias,
            multipliers: self.multipliers,
        };
        spec.check()?;
        if !self.transposed {
            let (inputs, outputs) = (self.inputs, self.outputs);
            let weight = |i: usize| spec.weights[i % inputs * outputs + i / inputs];
            spec.weights = (0..inputs * outputs).map(weight).collect();
        }
        Ok(spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Graph, Input, Layout, Node, Op, Output, Source, Target};
    use crate::kernels::Isa;
    use crate::program::{Given, Program, Wanted};
    use crate::testing::image;
    use crate::view::Shape;

    fn shape(channels: usize) -> Shape {
        Shape {
            rows: 1,
            columns: 4,
            channels,
        }
    }

    fn matrix(transposed: bool) -> Matrix {
        let mut weights: Vec<i8> = (0..35i32).map(|i| (i * 7 % 23 - 11) as i8).collect();
        if transposed {
            let from = weights.clone();
            weights = (0..35).map(|i| from[i % 7 * 5 + i / 7]).collect();
        }
        Matrix {
            rows: 4,
            inputs: 7,
            outputs: 5,
            weights,
            transposed,
            input_zero: 130,
            output_zero: 100,
            bias: (0..5).map(|i| i * 90).collect(),
            multipliers: vec![0.125, 0.1, 0.05, 0.01, 0.03],
        }
    }

    #[test]
    fn rows_times_columns() {
        let codes = image(shape(7), 3);
        for transposed in [false, true] {
            let graph = Graph {
                values: vec![shape(7), shape(5)],
                nodes: vec![Node {
                    op: Op::Conv(matrix(transposed).conv().unwrap()),
                    inputs: vec![0],
                    output: 1,
                }],
                inputs: vec![Input {
                    value: 0,
                    layout: Layout::Nhwc,
                    source: Source::Codes { flip: 0 },
                }],
                outputs: vec![Output {
                    value: 1,
                    layout: Layout::Nhwc,
                    target: Target::Codes { flip: 0 },
                }],
            };
            let program = Program::new(&graph, Isa::Portable).unwrap();
            let mut found = vec![0; 20];
            let mut memory = program.memory().unwrap();
            program.run(
                &mut memory,
                &[Given::Codes(&codes)],
                &mut [Wanted::Codes(&mut found)],
            );
            let plain = matrix(false);
            for row in 0..4 {
                for column in 0..5 {
                    let terms = (0..7).map(|k| {
                        (codes[row * 7 + k] as i32 - 130) * plain.weights[k * 5 + column] as i32
                    });
                    let sum = terms.sum::<i32>() + plain.bias[column];
                    let real = (sum as f32 * plain.multipliers[column]).round_ties_even();
                    let code = (real as i32 + 100).clamp(0, 255);
                    assert_eq!(found[row * 5 + column] as i32, code, "{row} {column}");
                }
            }
        }
    }

    #[test]
    fn parts_have_to_fit() {
        for transposed in [false, true] {
            let mut short = matrix(transposed);
            short.weights.pop();
            assert!(short.conv().is_err());
            let narrow = Matrix {
                inputs: 5,
                ..matrix(transposed)
            };
            assert!(narrow.conv().is_err());
        }
    }
}
