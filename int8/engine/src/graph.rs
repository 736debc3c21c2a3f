//! What to compute: values and the operators between them, for one image, as a model file means it.

use std::sync::Arc;

use crate::add::AddParams;
use crate::conv::ConvSpec;
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
    /// QLinearAdd of two values of one shape.
    Add(AddParams),
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
}
