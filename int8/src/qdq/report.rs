//! What was rewritten, and why the rest was not.

use std::collections::BTreeMap;
use std::fmt;

/// What [`lower`](super::lower) did to a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many f32 nodes of each operator work on codes now, or are no longer needed. Under
    /// `QuantizeLinear` are those that met a DequantizeLinear of the same codes, and those that
    /// worked on constants.
    pub rewritten: BTreeMap<String, usize>,
    /// f32 nodes that are left between quantized values, in the order of the file.
    pub left: Vec<Left>,
    /// Why the graph as a whole was not touched.
    pub untouched: Option<Malformed>,
}

impl Report {
    pub(super) fn count(&mut self, op: &str) {
        *self.rewritten.entry(op.into()).or_default() += 1;
    }
}

/// A node that tract computes in f32.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The operator, such as `Softmax`.
    pub op: String,
    /// The node's name in the file, or its first output where it has no name.
    pub name: String,
    /// Why it has no int8 form here.
    pub reason: Reason,
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let op = self.op.escape_debug();
        write!(f, "{op} node {:?}: {}", self.name, self.reason)
    }
}

/// Why a graph was left alone. The message of each variant is its documentation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The file has no graph.
    #[error("the model has no graph")]
    NoGraph,
    /// The operators had another form.
    #[error("opset {found}, expected 13 or later")]
    Opset {
        /// The version of ONNX's own operators, 0 where the file has none.
        found: i64,
    },
    /// A name that stands for two values.
    #[error("value {name:?} is defined twice")]
    DefinedTwice {
        /// The name.
        name: String,
    },
    /// A value that is computed from itself.
    #[error("the graph has a cycle")]
    Cycle,
    /// A name longer than any exporter's.
    #[error("a name of {bytes} bytes")]
    LongName {
        /// Its length.
        bytes: usize,
    },
    /// More nodes than are looked at.
    #[error("{count} nodes")]
    TooManyNodes {
        /// How many there are.
        count: usize,
    },
}

/// Why a node was left in f32. The message of each variant is its documentation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// No int8 operator does the same.
    #[error("no int8 form")]
    NoInt8Form,
    /// More or fewer inputs or outputs than the operator has.
    #[error("{inputs} inputs and {outputs} outputs")]
    Arity {
        /// Inputs in the file.
        inputs: usize,
        /// Outputs in the file.
        outputs: usize,
    },
    /// An input is a real number.
    #[error("input {input} is not dequantized")]
    NotDequantized {
        /// Its position.
        input: usize,
    },
    /// The output stays a real number.
    #[error("the output is not quantized")]
    NotQuantized,
    /// The output is needed as a real number too.
    #[error("the output is read in f32 too")]
    OutputShared,
    /// Scale and zero point are computed, not in the file, or not of one length.
    #[error("scale and zero point of {of:?} are not constants of this form")]
    Parameters {
        /// The quantized value.
        of: String,
    },
    /// A scale that is not positive, or too small or large to compute with.
    #[error("{of:?} has scale {scale}")]
    Scale {
        /// The quantized value.
        of: String,
        /// The first scale at fault.
        scale: String,
    },
    /// Scales that are fine alone and have no use together.
    #[error("the scales give a multiplier of {found}, expected {expected}")]
    Multiplier {
        /// Input scales over output scale.
        found: String,
        /// The multipliers that all of onnxruntime's operators take.
        expected: &'static str,
    },
    /// A scale for each channel where there has to be one.
    #[error("{of:?} has a scale for each channel")]
    PerAxis {
        /// The quantized value.
        of: String,
    },
    /// Scales along an axis that is not the output channels'.
    #[error(
        "{of:?} has {scales} scales along axis {axis}, expected one, or {channels} along {expected}"
    )]
    Axis {
        /// The quantized value.
        of: String,
        /// How many scales there are.
        scales: usize,
        /// Their axis.
        axis: i64,
        /// How many output channels there are.
        channels: usize,
        /// Their axis.
        expected: i64,
    },
    /// The operators take codes of one type.
    #[error("{of:?} has codes of another type than the output")]
    CodeTypes {
        /// The quantized value.
        of: String,
    },
    /// Weights that are computed.
    #[error("the weights are not constant")]
    WeightsNotConstant,
    /// Weights of another rank.
    #[error("the weights have shape {found:?}, expected {expected}")]
    WeightsShape {
        /// The shape in the file.
        found: Vec<i64>,
        /// What is expected.
        expected: &'static str,
    },
    /// Weights whose zero point is not in the middle.
    #[error("the weights have zero point {found}, expected {expected}")]
    WeightsNotSymmetric {
        /// The first zero point at fault.
        found: i32,
        /// 0 for signed weights, 128 for unsigned ones.
        expected: i32,
    },
    /// A bias that is computed, or not one for each output channel.
    #[error("the bias is not a constant of {channels} elements")]
    Bias {
        /// The output channels.
        channels: usize,
    },
    /// A quantized bias that cannot be added to the sums.
    #[error("the bias does not have zero point 0 and the scale of input times weights")]
    BiasScale,
    /// A bias that does not fit.
    #[error("the bias does not fit in 32 bits")]
    BiasRange,
    /// An attribute with a value that the int8 operator does not have.
    #[error("attribute {name:?}")]
    Attribute {
        /// The attribute's name.
        name: String,
    },
    /// More new constants than the file has itself.
    #[error("no room for new constants")]
    NoRoom,
}
