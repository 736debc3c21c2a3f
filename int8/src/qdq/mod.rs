//! From QDQ models to int8 operators, before tract sees them.
//!
//! Quantizers write DequantizeLinear, an operator of f32, QuantizeLinear; tract computes that in
//! f32. [`lower`] writes the int8 operator instead, as onnxruntime does when it loads such a model.
//!
//! In the order in which a model is rewritten:
//! - `pairs`, `fold`: Identity nodes go, weights are quantized, equal QuantizeLinear nodes merge;
//! - `clamp`, `moves`: what stands between an operator and its QuantizeLinear or DequantizeLinear
//!   goes to the other side, where it works on codes;
//! - `rules`: the operators;
//! - [`Report`]: what was rewritten, and why the rest was not.
//!
//! Beneath them: `graph` and `order` (the protobuf while it changes), `params` (scales and zero
//! points), `tensor` and `code`.

mod clamp;
mod code;
mod fold;
mod graph;
mod left;
mod moves;
mod order;
mod pairs;
mod params;
mod report;
mod rules;
mod tensor;

pub use report::{Left, Malformed, Reason, Report};

use tract_onnx::pb::{GraphProto, ModelProto, OperatorSetIdProto};

use graph::Graph;
use params::{DEQUANTIZE, MICROSOFT, QUANTIZE, is_either};

/// The first opset in which scales have an axis and all operators have the form that is read here.
const OPSET: i64 = 13;

/// Writes int8 operators in the place of DequantizeLinear, f32 operator, QuantizeLinear.
///
/// What comes out computes the same: a rewriting is exact, or differs from f32 by what an int8
/// operator rounds. onnxruntime rewrites in the same places, with the same bytes; it leaves some
/// in f32 that are rewritten here, such as a relu of codes on both sides of 0. What has no int8
/// form stays as it is. Only the main graph is rewritten; a value that an output or a subgraph
/// needs keeps its name. Nodes and initializers that nothing needs are removed.
///
/// A model without QuantizeLinear and DequantizeLinear is not touched, nor is one that is
/// malformed. Nothing panics, whatever the protobuf holds.
///
/// ```
/// use normgate_int8::tract::prelude::Framework;
///
/// # fn main() -> normgate_int8::tract::prelude::TractResult<()> {
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/qdq.onnx");
/// let mut model = normgate_int8::tract::onnx().proto_model_for_path(path)?;
/// let report = normgate_int8::qdq::lower(&mut model);
/// assert_eq!(report.rewritten["Conv"], 3);
/// assert!(report.left.is_empty());
/// # Ok(())
/// # }
/// ```
pub fn lower(model: &mut ModelProto) -> Report {
    let mut report = Report::default();
    let Some(proto) = &mut model.graph else {
        report.untouched = Some(Malformed::NoGraph);
        return report;
    };
    let quantized = |graph: &GraphProto| {
        let mut nodes = graph.node.iter();
        nodes.any(|node| is_either(node, QUANTIZE) || is_either(node, DEQUANTIZE))
    };
    if !quantized(proto) {
        return report;
    }
    let opsets = model.opset_import.iter();
    let versions = opsets.filter(|o| matches!(o.domain.as_str(), "" | "ai.onnx"));
    let found = versions.map(|o| o.version).max().unwrap_or(0);
    if found < OPSET {
        report.untouched = Some(Malformed::Opset { found });
        return report;
    }
    match Graph::take(proto, model.ir_version) {
        Err(malformed) => report.untouched = Some(malformed),
        Ok(mut graph) => {
            rewrite(&mut graph, &mut report);
            graph.give_back(proto);
            import_microsoft(model);
        }
    }
    report
}

fn rewrite(graph: &mut Graph, report: &mut Report) {
    params::note_types(graph);
    pairs::remove_identities(graph);
    fold::fold(graph, report);
    pairs::merge(graph, report);
    lift(graph, report);
    moves::before_dequantize(graph, report);
    // The matrices that were moved in front of their DequantizeLinear.
    fold::fold(graph, report);
    pairs::join(graph, report);
    rules::apply(graph, report);
    report.left = left::left(graph);
}

/// Brings each QuantizeLinear to the operator whose result it quantizes.
fn lift(graph: &mut Graph, report: &mut Report) {
    for mut id in graph.ids() {
        while let Ok(quantized) = params::quantized(graph, id)
            && graph.only_reader(&quantized.value) == Some(id)
            && let Some((producer, node)) = graph.producer(&quantized.value)
        {
            let op = node.op_type.clone();
            let moved = clamp::behind(graph, producer, &quantized)
                .or_else(|| moves::behind(graph, producer, &quantized));
            match moved {
                Some(moved) => id = moved,
                None => break,
            }
            report.count(&op);
        }
    }
}

fn import_microsoft(model: &mut ModelProto) {
    let used = |graph: &GraphProto| graph.node.iter().any(|node| node.domain == MICROSOFT);
    let imported = model.opset_import.iter().any(|o| o.domain == MICROSOFT);
    if model.graph.as_ref().is_some_and(used) && !imported {
        model.opset_import.push(OperatorSetIdProto {
            domain: MICROSOFT.into(),
            version: 1,
        });
    }
}
