//! int8 operators for [tract]: ONNX `QLinearConv` and `com.microsoft` `QLinearAdd`, equal to
//! onnxruntime to the bit.

mod add;
mod code;
mod constants;
mod conv;
mod error;
mod kernels;
mod node;

pub use error::{Int8Error, NodeId, Problem};
pub use tract_onnx as tract;

use tract_onnx::tract_hir::ops::expandable::expand;

/// Puts the operators of this crate in the place of tract's own.
pub fn register(onnx: &mut tract_onnx::Onnx) {
    onnx.op_register.insert("QLinearConv", |_, node| {
        Ok((expand(conv::QLinearConv::parse(node)?), vec![]))
    });
    onnx.op_register.insert("QLinearAdd", |_, node| {
        Ok((expand(add::QLinearAdd::parse(node)?), vec![]))
    });
}
