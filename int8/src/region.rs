//! Neighbouring operators of the engine, merged into one program: one layout inside, no tensors between.

mod build;
mod members;

use normgate_int8_engine::Threads;
use tract_onnx::tract_hir::internal::*;

use crate::program::ProgramOp;

/// Replaces the region around `node`, which is an operator of the engine.
pub(crate) fn merge(model: &TypedModel, node: &TypedNode) -> TractResult<TypedModelPatch> {
    let members = members::members(model, node)?;
    let built = build::build(model, &members)?;
    let first = built.first.context("a region has an operator")?;
    let outputs = built
        .outputs
        .iter()
        .map(|outlet| {
            let fact = model.outlet_fact(*outlet)?;
            Ok((fact.shape.clone(), fact.datum_type))
        })
        .collect::<TractResult<_>>()?;
    let op = ProgramOp::new(&first.id, built.graph, first.isa, Threads::ONE, outputs)?;
    let mut patch = TypedModelPatch::default();
    let inputs = patch.taps(model, &built.inputs)?;
    let outlets = patch.wire_node(format!("{}.program", node.name), op, &inputs)?;
    for (outlet, by) in built.outputs.iter().zip(outlets) {
        patch.shunt_outside(model, *outlet, by)?;
    }
    Ok(patch)
}
