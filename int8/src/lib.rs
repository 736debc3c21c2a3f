//! int8 operators for tract, equal to onnxruntime to the bit: ONNX `QLinearConv`, `QLinearMatMul`, `QuantizeLinear`
//! and `MaxPool`; `com.microsoft` `QLinearAdd`, `QLinearMul`, `QLinearConcat`, `QLinearAveragePool`,
//! `QLinearGlobalAveragePool`, `QLinearLeakyRelu`, `QLinearSigmoid` and `QGemm`.
//!
//! tract runs `QLinearConv` through an eager im2col and does not know most of the others. [`register`]
//! puts the operators of this crate in their place; everything else stays tract's.
//!
//! ```
//! use normgate_int8::tract::prelude::*;
//!
//! # fn main() -> TractResult<()> {
//! let mut onnx = normgate_int8::tract::onnx();
//! normgate_int8::register(&mut onnx);
//!
//! // Two residual blocks: u8 pixels [1, 10, 8, 3] in, f32 [1, 20, 5, 4] out.
//! let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/residual.onnx");
//! let model = onnx.model_for_path(path)?.into_optimized()?.into_runnable()?;
//! let pixels = Tensor::zero::<u8>(&[1, 10, 8, 3])?;
//! let output = model.run(tvec!(pixels.into_tvalue()))?;
//! assert_eq!(output[0].shape(), [1, 20, 5, 4]);
//! # Ok(())
//! # }
//! ```
//!
//! [`load`] does this for a file in either form: a QDQ model is rewritten by [`qdq`] first.
//!
//! # Map
//! In the order in which a node is met:
//! - `node`, `constants`, `image`: a node of the file, its attributes, its scales and zero points, its shapes;
//! - `windows`, `tracts`: attributes that several operators share; operators that tract has for other types;
//! - `conv`, `binary`, `table`, `concat`, `pool`, `matrix`, `quantize`: the operators, from the node to a checked
//!   operator of the engine;
//! - `op`, `region`, `program`: an operator in tract's graph, the neighbours that become one program, and
//!   what tract then runs;
//! - [`qdq`], [`load`]: QDQ models, on the protobuf; a file in either form;
//! - [`Int8Error`]: what was refused, in which node.
//!
//! All arithmetic is in [`normgate_int8_engine`]; there is no `unsafe` in here.
//!
//! # Arithmetic
//! `QLinearConv`: exact 32-bit sums, then
//! `clamp(round_ties_even(sum as f32 * ((x_scale * w_scale) / y_scale)) + y_zero_point)`, all in
//! f32. `QLinearAdd`: `round_ties_even(fma(a, ra, fma(b, rb, zc - fma(ra, za, rb * zb))))` with
//! `ra = a_scale / c_scale`: what onnxruntime computes on x86-64 with AVX2. Where `A` is repeated over the
//! channels of `B`, the two change places. onnxruntime moves the channels last between convolutions, and its sums
//! follow that; in a graph without any, it also lets an `A` that is repeated over the pixels change places. The other
//! operators are described where they are computed.

#![forbid(unsafe_code)]

mod binary;
mod concat;
mod constants;
mod conv;
mod error;
mod image;
mod load;
mod matrix;
mod node;
mod op;
mod pool;
mod program;
pub mod qdq;
mod quantize;
mod region;
mod table;
mod tracts;
mod windows;

pub use error::{Int8Error, NodeId, Problem};
pub use load::load;
pub use normgate_int8_engine as engine;
pub use program::use_threads;
pub use tract_onnx as tract;

use tract_onnx::tract_hir::infer::InferenceOp;
use tract_onnx::tract_hir::internal::TractResult;
use tract_onnx::tract_hir::ops::expandable::{Expansion, expand};

use binary::QLinearBinary;
use matrix::QMatrix;
use table::QLinearTable;

/// Puts the operators of this crate in the place of tract's own.
///
/// A node that is not supported makes loading fail with an error that [`Int8Error::find`] finds.
/// tract looks operators up by name alone; the domain is checked here.
pub fn register(onnx: &mut tract_onnx::Onnx) {
    tracts::keep(onnx);
    let register = &mut onnx.op_register;
    register.insert("QLinearConv", |_, node| op(conv::QLinearConv::parse(node)));
    register.insert("QLinearAdd", |_, node| op(QLinearBinary::add(node)));
    register.insert("QLinearMul", |_, node| op(QLinearBinary::mul(node)));
    register.insert("QLinearLeakyRelu", |_, node| {
        op(QLinearTable::leaky_relu(node))
    });
    register.insert("QLinearSigmoid", |_, node| op(QLinearTable::sigmoid(node)));
    register.insert("QLinearConcat", |_, node| {
        op(concat::QLinearConcat::parse(node))
    });
    register.insert("QLinearAveragePool", |_, node| {
        op(pool::QLinearAveragePool::parse(node))
    });
    register.insert("QLinearGlobalAveragePool", |_, node| {
        op(pool::QLinearGlobalAveragePool::parse(node))
    });
    register.insert("MaxPool", |context, node| {
        let tracts = tracts::expansion(context, node);
        Ok((expand(pool::MaxPool::parse(node, tracts)?), vec![]))
    });
    register.insert("QGemm", |_, node| op(QMatrix::gemm(node)));
    register.insert("QLinearMatMul", |_, node| op(QMatrix::mat_mul(node)));
    register.insert("QuantizeLinear", |context, node| {
        let tracts = tracts::expansion(context, node)?;
        op(quantize::QuantizeLinear::parse(node, tracts))
    });
}

fn op(
    parsed: Result<impl Expansion, Int8Error>,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    Ok((expand(parsed?), vec![]))
}
