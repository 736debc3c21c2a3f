//! Which nodes go into one program.

use tract_onnx::tract_core::ops::change_axes::AxisOp;
use tract_onnx::tract_core::ops::nn::{Reduce, Reducer};
use tract_onnx::tract_hir::internal::*;
use tract_onnx::tract_hir::ops::quant::DequantizeLinearF32;

use crate::image::{Images, code_of};
use crate::op::{QOp, Work};

/// The nodes of the region that holds `seed`, in an order in which they can be run. No path leaves the region
/// and comes back.
pub(super) fn members(model: &TypedModel, seed: &TypedNode) -> TractResult<Vec<usize>> {
    let batch = batch_of(model, seed);
    let mut members = vec![];
    let mut inside = vec![false; model.nodes().len()];
    // Outside, and reached from inside: what comes after it cannot be in.
    let mut after = vec![false; model.nodes().len()];
    for n in model.eval_order()? {
        let node = model.node(n);
        let reads = |of: &[bool]| node.inputs.iter().any(|outlet| of[outlet.node]);
        let can = batch_of(model, node) == batch && can_be_inside(model, node, &inside);
        if can && !reads(&after) {
            inside[n] = true;
            members.push(n);
        } else if reads(&inside) || reads(&after) {
            after[n] = true;
        }
    }
    Ok(members)
}

fn batch_of(model: &TypedModel, node: &TypedNode) -> Option<TDim> {
    let fact = model.outlet_fact(OutletId::new(node.id, 0)).ok()?;
    Some(Images::of(&fact.shape)?.batch)
}

fn can_be_inside(model: &TypedModel, node: &TypedNode, inside: &[bool]) -> bool {
    let reads_inside = |node: &TypedNode| node.inputs.iter().any(|outlet| inside[outlet.node]);
    if let Some(op) = node.op_as::<QOp>() {
        // f32 does not go from one operator to the next inside.
        return matches!(op.node().work, Work::Op(_)) || !reads_inside(node);
    }
    let Some(&from) = node.inputs.first() else {
        return false;
    };
    if summed(model, node).is_some() {
        return inside[from.node];
    }
    let Ok(fact) = model.outlet_fact(from) else {
        return false;
    };
    if code_of(fact.datum_type).is_none() || !inside[from.node] {
        return false;
    }
    if node.op_is::<DequantizeLinearF32>() {
        return true;
    }
    let Some(op) = node.op_as::<AxisOp>() else {
        return false;
    };
    keeps_order(op, fact, model, node)
}

/// The DequantizeLinear that a sum over all pixels reads: a global average pool begins so.
pub(super) fn summed<'a>(
    model: &'a TypedModel,
    node: &TypedNode,
) -> Option<(&'a TypedNode, &'a DequantizeLinearF32)> {
    let reduce = node.op_as::<Reduce>()?;
    if reduce.reducer != Reducer::Sum || reduce.axes[..] != [2, 3] {
        return None;
    }
    let before = model.node(node.inputs[0].node);
    let op = before.op_as::<DequantizeLinearF32>()?;
    let fact = model.outlet_fact(before.inputs[0]).ok()?;
    (fact.rank() == 4 && code_of(fact.datum_type).is_some()).then_some((before, op))
}

/// The operator changes the tensor's shape, but no element's place in the image.
fn keeps_order(op: &AxisOp, fact: &TypedFact, model: &TypedModel, node: &TypedNode) -> bool {
    let Ok(output) = model.outlet_fact(OutletId::new(node.id, 0)) else {
        return false;
    };
    let (Some(from), Some(to)) = (Images::of(&fact.shape), Images::of(&output.shape)) else {
        return false;
    };
    let pixels = |images: &Images| images.shape.rows * images.shape.columns;
    let whole_images = from.batch == to.batch && from.shape.codes() == to.shape.codes();
    // With one pixel the channels are all there is, in whatever axes.
    !matches!(op, AxisOp::Move(..)) && whole_images && pixels(&from) == 1 && pixels(&to) == 1
}
