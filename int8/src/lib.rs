//! int8 operators for tract: ONNX `QLinearConv` and `com.microsoft` `QLinearAdd`, equal to
//! onnxruntime to the bit.
//!
//! tract runs `QLinearConv` through an eager im2col and does not know `QLinearAdd`. [`register`]
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
//! # Map
//! In the order in which a node is met:
//! - `node`, `constants`, `image`: a node of the file, its attributes, its scales and zero points, its shapes;
//! - `conv`, `add`: the operators, from the node to a checked operator of the engine;
//! - `op`, `region`, `program`: an operator in tract's graph, the neighbours that become one program, and
//!   what tract then runs;
//! - [`Int8Error`]: what was refused, in which node.
//!
//! All arithmetic is in [`normgate_int8_engine`]; there is no `unsafe` in here.
//!
//! # Arithmetic
//! `QLinearConv`: exact 32-bit sums, then
//! `clamp(round_ties_even(sum as f32 * ((x_scale * w_scale) / y_scale)) + y_zero_point)`, all in
//! f32. `QLinearAdd`: `round_ties_even(fma(a, ra, fma(b, rb, zc - fma(ra, za, rb * zb))))` with
//! `ra = a_scale / c_scale`: what onnxruntime computes on x86-64 with AVX2.

#![forbid(unsafe_code)]

mod add;
mod constants;
mod conv;
mod error;
mod image;
mod node;
mod op;
mod program;
mod region;

pub use error::{Int8Error, NodeId, Problem};
pub use normgate_int8_engine as engine;
pub use program::use_threads;
pub use tract_onnx as tract;

use tract_onnx::tract_hir::ops::expandable::expand;

/// Puts the operators of this crate in the place of tract's own.
///
/// A node that is not supported makes loading fail with an error that [`Int8Error::find`] finds.
/// tract looks operators up by name alone; the domain is checked here.
pub fn register(onnx: &mut tract_onnx::Onnx) {
    onnx.op_register.insert("QLinearConv", |_, node| {
        Ok((expand(conv::QLinearConv::parse(node)?), vec![]))
    });
    onnx.op_register.insert("QLinearAdd", |_, node| {
        Ok((expand(add::QLinearAdd::parse(node)?), vec![]))
    });
}
