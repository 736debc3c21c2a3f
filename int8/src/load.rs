//! From a file to an optimized model, whatever form its int8 operators have.

use std::path::Path;

use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::*;

use crate::error::Int8Error;
use crate::{qdq, register};

/// Reads an ONNX file of QOperator or of QDQ nodes, and merges what it has of int8 operators into programs.
///
/// ```
/// use normgate_int8::tract::prelude::*;
///
/// # fn main() -> TractResult<()> {
/// // A classifier as onnxruntime's quantizer writes it: QuantizeLinear and DequantizeLinear around float nodes.
/// let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/qdq.onnx");
/// let model = normgate_int8::load(path)?;
/// let programs = model.nodes().iter().filter(|n| n.op.name() == "Int8Program");
/// assert!(programs.count() >= 1);
/// let model = model.into_runnable()?;
/// # let _ = model;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// What tract says of the file; [`Int8Error::find`] finds what this crate refuses. A QDQ model that holds something
/// which is refused is run as it is, in f32.
pub fn load(path: impl AsRef<Path>) -> TractResult<TypedModel> {
    let path = path.as_ref();
    let mut onnx = tract_onnx::onnx();
    register(&mut onnx);
    let read = onnx.proto_model_for_path(path)?;
    let optimized = |proto: &ModelProto| {
        let folder = path.parent().and_then(Path::to_str);
        let parsed = onnx.parse(proto, folder)?;
        if !parsed.unresolved_inputs.is_empty() {
            let names = parsed.unresolved_inputs.join(", ");
            return Err(TractError::msg(format!(
                "inputs that nothing makes: {names}"
            )));
        }
        parsed.model.into_optimized()
    };
    let mut lowered = read.clone();
    let report = qdq::lower(&mut lowered);
    match optimized(&lowered) {
        Err(error) if Int8Error::find(&error).is_some() && !report.rewritten.is_empty() => {
            optimized(&read)
        }
        done => done,
    }
}
