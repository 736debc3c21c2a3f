//! What to compute: values and the operators between them, for one image, as a model file means it.

use std::sync::Arc;

use crate::add::AddParams;
use crate::broadcast::broadcast;
use crate::conv::ConvSpec;
use crate::error::EngineError;
use crate::geometry::image_bytes;
use crate::mul::MulParams;
use crate::pool::{AveragePool, GlobalAveragePool, Windows};
use crate::table::Table;
use crate::view::Shape;

/// A graph of 8-bit operators, in an order in which each value is made before it is read.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Each value's shape; all codes are unsigned in here.
    pub values: Vec<Shape>,
    /// The operators, in order.
    pub nodes: Vec<Node>,
    /// What a caller gives.
    pub inputs: Vec<Input>,
    /// What a caller gets.
    pub outputs: Vec<Output>,
}

/// The index of a value in [`Graph::values`].
pub type Value = usize;

/// One operator.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it does.
    pub op: Op,
    /// What it reads.
    pub inputs: Vec<Value>,
    /// What it makes.
    pub output: Value,
}

/// An operator on codes.
#[derive(Clone, Debug)]
pub enum Op {
    /// Codes that are in the model; no input.
    Constant(Arc<[u8]>),
    /// QLinearConv.
    Conv(ConvSpec),
    /// QLinearAdd; an operand with one row and column, or with one channel, is repeated.
    Add(AddParams),
    /// QLinearMul, likewise.
    Mul(MulParams),
    /// QLinearLeakyRelu, QLinearSigmoid, or any other operator on single codes.
    Table(Table),
    /// QLinearConcat along the channels, with a table for each input whose codes mean something else than the
    /// output's.
    Concat(Vec<Option<Table>>),
    /// QLinearAveragePool.
    AveragePool(AveragePool),
    /// QLinearGlobalAveragePool.
    GlobalAveragePool(GlobalAveragePool),
    /// MaxPool.
    MaxPool(Windows),
}

impl Graph {
    /// Checks that values are made before they are read, once each, and that shapes fit the operators.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn check(&self) -> Result<(), EngineError> {
        let mismatch = |what, found: String, expected: &str| {
            Err(EngineError::Mismatch {
                what,
                found,
                expected: expected.into(),
            })
        };
        for shape in &self.values {
            image_bytes("image", shape.rows, shape.columns, shape.channels)?;
            if shape.codes() == 0 {
                return mismatch("a shape", format!("{shape:?}"), "none of it 0");
            }
        }
        let mut made = vec![false; self.values.len()];
        let make = |made: &mut Vec<bool>, value: Value| match made.get_mut(value) {
            Some(made) if !*made => {
                *made = true;
                Ok(())
            }
            _ => mismatch("an output", format!("value {value}"), "a value, made once"),
        };
        for input in &self.inputs {
            make(&mut made, input.value)?;
        }
        for node in &self.nodes {
            if let Some(value) = node.inputs.iter().find(|v| made.get(**v) != Some(&true)) {
                return mismatch("an input", format!("value {value}"), "a value made before");
            }
            make(&mut made, node.output)?;
            let of = |i: usize| node.inputs.get(i).map(|value| self.values[*value]);
            let fits = node
                .op
                .fits(node.inputs.len(), &of, self.values[node.output])?;
            if !fits {
                let shapes: Vec<_> = (0..node.inputs.len()).map(of).collect();
                let found = format!("{shapes:?} to {:?}", self.values[node.output]);
                return mismatch("the shapes of an operator", found, "those that it makes");
            }
        }
        if let Some(output) = self
            .outputs
            .iter()
            .find(|o| made.get(o.value) != Some(&true))
        {
            return mismatch(
                "an output",
                format!("value {}", output.value),
                "a value that is made",
            );
        }
        Ok(())
    }
}

impl Op {
    fn fits(
        &self,
        inputs: usize,
        of: &dyn Fn(usize) -> Option<Shape>,
        output: Shape,
    ) -> Result<bool, EngineError> {
        Ok(match self {
            Op::Constant(codes) => inputs == 0 && codes.len() == output.codes(),
            Op::Conv(spec) => {
                spec.check()?;
                let input = Shape {
                    rows: spec.y.input,
                    columns: spec.x.input,
                    channels: spec.inputs,
                };
                inputs == 1 && of(0) == Some(input) && spec.output_shape() == output
            }
            Op::Add(_) | Op::Mul(_) => {
                let operands = of(0).zip(of(1));
                inputs == 2 && operands.and_then(|(a, b)| broadcast(a, b)) == Some(output)
            }
            Op::Table(_) => inputs == 1 && of(0) == Some(output),
            Op::Concat(tables) => {
                let parts: Vec<Shape> = (0..inputs).filter_map(of).collect();
                let channels = parts.iter().map(|part| part.channels).sum();
                let fits = |part: &Shape| Shape { channels, ..*part } == output;
                inputs >= 1 && inputs == tables.len() && parts.iter().all(fits)
            }
            Op::AveragePool(pool) => {
                inputs == 1
                    && of(0).and_then(|from| pool.windows.output_shape(from)) == Some(output)
            }
            Op::GlobalAveragePool(pool) => {
                let one = |from: Shape| Shape {
                    rows: 1,
                    columns: 1,
                    channels: from.channels,
                };
                let from = of(0).filter(|from| pool.fits(*from));
                inputs == 1 && from.map(one) == Some(output)
            }
            Op::MaxPool(windows) => {
                inputs == 1 && of(0).and_then(|from| windows.output_shape(from)) == Some(output)
            }
        })
    }
}

/// How the caller's tensor lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// Row by row, pixel by pixel, all channels of a pixel together.
    Nhwc,
    /// Channel by channel.
    Nchw,
}

/// A tensor that the caller gives.
#[derive(Clone, Debug)]
pub struct Input {
    /// The value that it becomes.
    pub value: Value,
    /// How it lies in memory.
    pub layout: Layout,
    /// What it consists of.
    pub source: Source,
}

/// What an input consists of.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// Codes, of which `flip` is the bit that makes them unsigned: 0 or 0x80.
    Codes {
        /// Applied to each code by exclusive or.
        flip: u8,
    },
    /// QuantizeLinear: codes are made of f32.
    Floats {
        /// Real units a code.
        scale: f32,
        /// Of the unsigned codes.
        zero_point: i32,
    },
}

/// A tensor that the caller gets.
#[derive(Clone, Debug)]
pub struct Output {
    /// The value that it is made of.
    pub value: Value,
    /// How it lies in memory.
    pub layout: Layout,
    /// What it consists of.
    pub target: Target,
}

/// What an output consists of.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// Codes; see [`Source::Codes`].
    Codes {
        /// Applied to each code by exclusive or.
        flip: u8,
    },
    /// DequantizeLinear: f32 `(code - zero_point) * scale`.
    Floats {
        /// Real units a code.
        scale: f32,
        /// Of the unsigned codes.
        zero_point: i32,
    },
    /// The same, summed over all pixels: one number a channel.
    Sums {
        /// Real units a code.
        scale: f32,
        /// Of the unsigned codes.
        zero_point: i32,
    },
}
