//! Operators of tract's own that this crate replaces in some cases only.

use tract_onnx::Onnx;
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::internal::*;
use tract_onnx::tract_hir::ops::expandable::Expansion;

/// Under which names the register keeps them.
const KEPT: [(&str, &str); 2] = [
    ("MaxPool", "MaxPool of tract"),
    ("QuantizeLinear", "QuantizeLinear of tract"),
];

/// Keeps tract's own, before they are replaced.
pub(crate) fn keep(onnx: &mut Onnx) {
    for (name, kept) in KEPT {
        let register = &mut onnx.op_register;
        if let Some(builder) = register.0.get(name).copied()
            && !register.0.contains_key(kept)
        {
            register.insert(kept, builder);
        }
    }
}

/// What tract itself makes of a node.
pub(crate) fn expansion(
    context: &ParsingContext<'_>,
    node: &NodeProto,
) -> TractResult<Box<dyn Expansion>> {
    let kept = KEPT.iter().find(|(name, _)| *name == node.op_type);
    let builder = kept.and_then(|(_, kept)| context.framework.op_register.0.get(*kept));
    let (op, _) = builder.context("an operator of tract")?(context, node)?;
    let expansion = op.as_op().downcast_ref::<Box<dyn Expansion>>();
    expansion.cloned().context("an expansion")
}
