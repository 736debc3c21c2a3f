//! What can be wrong with a node, said in one line that names it.

use std::fmt;

use normgate_int8_engine::EngineError;

/// An operator of this crate was refused, or could not run.
///
/// tract carries it inside its own error: [`Int8Error::find`] gets it back.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{node}: {problem}")]
pub struct Int8Error {
    /// The node that is at fault.
    pub node: NodeId,
    /// What is wrong with it.
    pub problem: Problem,
}

impl Int8Error {
    /// The error of this crate inside one of tract's, if there is one.
    pub fn find(error: &tract_onnx::prelude::TractError) -> Option<&Int8Error> {
        error.downcast_ref()
    }
}

/// A node of the ONNX graph: its operator and its name, or its first output where it has no name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeId {
    /// The operator, such as `QLinearConv`.
    pub op: &'static str,
    /// The node's name in the file.
    pub name: String,
}

impl NodeId {
    pub(crate) fn error(&self, problem: Problem) -> Int8Error {
        Int8Error {
            node: self.clone(),
            problem,
        }
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} node \"{}\"", self.op, self.name)
    }
}

/// What is wrong with a node. The message of each variant is its documentation.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The operator exists under this name in a domain with another meaning.
    #[error("domain \"{found}\" is not supported, expected \"{expected}\"")]
    Domain {
        /// The domain that holds the operator.
        expected: &'static str,
        /// The domain in the file.
        found: String,
    },
    /// A required input is absent, or there are too many.
    #[error("{found} inputs, expected {expected}")]
    InputCount {
        /// The counts that the operator takes.
        expected: &'static str,
        /// The count in the file.
        found: usize,
    },
    /// A required input has an empty name.
    #[error("input {input} is missing")]
    InputMissing {
        /// The input, by its name in the operator's definition.
        input: &'static str,
    },
    /// The operator has one output.
    #[error("{found} outputs, expected 1")]
    OutputCount {
        /// The count in the file.
        found: usize,
    },
    /// An attribute that would change the result and is not known here.
    #[error("attribute `{attribute}` is not supported")]
    UnknownAttribute {
        /// The attribute's name.
        attribute: String,
    },
    /// An attribute with a value that is wrong or not supported.
    #[error("attribute `{attribute}` is {found}, expected {expected}")]
    Attribute {
        /// The attribute's name.
        attribute: &'static str,
        /// What the operator takes.
        expected: &'static str,
        /// What the file has.
        found: String,
    },
    /// An input that has to be in the file is computed instead.
    #[error("input {input} must be an initializer or a constant")]
    NotConstant {
        /// The input, by its name in the operator's definition.
        input: &'static str,
    },
    /// An input of another element type.
    #[error("input {input} has element type {found}, expected {expected}")]
    ElementType {
        /// The input, by its name in the operator's definition.
        input: &'static str,
        /// The types that the operator takes.
        expected: &'static str,
        /// The type in the file.
        found: String,
    },
    /// An input of another shape.
    #[error("input {input} has shape {found}, expected {expected}")]
    Shape {
        /// The input, by its name in the operator's definition.
        input: &'static str,
        /// The shape that the rest of the node asks for.
        expected: String,
        /// The shape in the file.
        found: String,
    },
    /// A scale that is zero, negative, infinite or not a number.
    #[error("scale {input} is {found}, expected a positive finite number")]
    Scale {
        /// The input, by its name in the operator's definition.
        input: &'static str,
        /// The scale in the file.
        found: f32,
    },
    /// Weights that are not symmetric.
    #[error("{input} is {found} for output channel {channel}, expected {expected} (symmetric)")]
    WeightZeroPoint {
        /// The input, by its name in the operator's definition.
        input: &'static str,
        /// The first output channel at fault.
        channel: usize,
        /// 0 for signed weights, 128 for unsigned ones.
        expected: i32,
        /// The zero point in the file.
        found: i32,
    },
    /// The engine cannot make this operator, or cannot run it here.
    #[error(transparent)]
    Engine(#[from] EngineError),
}
