//! Runs graphs of 8-bit operators on one image, exactly.
//!
//! ```text
//! Graph          what to compute: values and operators, as a model file means them
//!   -> Program   fused, laid out in memory once, weights in the kernels' order
//!   -> Memory    the buffers of one thread; a run allocates nothing
//! ```
//!
//! # Map
//! - [`Graph`], [`Op`]: the input of all that follows;
//! - `geometry`, `view`: extents of windows, and where images lie;
//! - `requant`, `add`, `mul`, `table`, `concat`, `pool`, `quantize`: the arithmetic of each operator, in
//!   onnxruntime's own order; `broadcast`: two operands of unlike shapes;
//! - `conv`: a convolution from its checked form to packed weights; `matrix`: a matrix product as one;
//! - `kernels`: the inner loops, one contract, a portable reference and one file for each
//!   instruction set ([`Isa`]); the only place with `unsafe`;
//! - `program`: fusion, layout, and the run.
//!
//! # Codes
//! All activations are unsigned bytes in here. Signed codes come in with their sign bit flipped, and their
//! zero points are higher by 128; the operators that are not indifferent to that know.

mod add;
mod broadcast;
mod code;
mod concat;
mod conv;
mod error;
mod geometry;
mod graph;
mod kernels;
mod matrix;
mod mul;
mod pool;
mod program;
mod quantize;
mod requant;
mod table;
#[cfg(test)]
mod testing;
mod view;

pub use add::{AddParams, Affine};
pub use code::Code;
pub use conv::ConvSpec;
pub use error::EngineError;
pub use geometry::{Axis, MAX_IMAGE_BYTES, Padding, image_bytes};
pub use graph::{Graph, Input, Layout, Node, Op, Output, Source, Target, Value};
pub use kernels::Isa;
pub use matrix::Matrix;
pub use mul::MulParams;
pub use pool::{AveragePool, GlobalAveragePool, Windows, average_pool, pool_axis};
pub use program::{Given, Memory, Program, Threads, Wanted};
pub use table::Table;
pub use view::Shape;
