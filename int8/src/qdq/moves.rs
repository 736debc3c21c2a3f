//! Operators that only move numbers around, or take the greatest of some: they do to codes what
//! they do to the numbers, so that they trade places with QuantizeLinear and DequantizeLinear.

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{AttributeProto, NodeProto};

use super::fold::swaps;
use super::graph::{Graph, Id, is};
use super::params::{self, Dequantized, Quantized};
use super::report::Report;

/// Operators whose first input and first output hold the same numbers.
const MOVES: [&str; 8] = [
    "Flatten",
    "MaxPool",
    "Reshape",
    "Slice",
    "Split",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
];

fn moves(node: &NodeProto) -> bool {
    let indices = node.op_type == "MaxPool" && node.output.iter().skip(1).any(|o| !o.is_empty());
    MOVES.iter().any(|op| is(node, op))
        && !indices
        && node.input.first().is_some_and(|name| !name.is_empty())
        && node.output.iter().any(|name| !name.is_empty())
        // The moved value is read once, as the first input.
        && node.input.iter().filter(|name| **name == node.input[0]).count() == 1
}

/// Moves the node with this id behind the QuantizeLinear that alone reads it.
pub(super) fn behind(graph: &mut Graph, id: Id, quantized: &Quantized) -> Option<Id> {
    let node = graph
        .node(id)
        .filter(|node| moves(node) && node.output.len() == 1)?;
    let to = quantized.params.affine()?;
    let value = node.input[0].clone();
    let real = graph
        .element_type(&value)
        .is_none_or(|of| of == DataType::Float);
    let met = match params::dequantized(graph, &value, 0) {
        Ok(from) => from.params.affine() == Some(to),
        Err(_) => graph.only_reader(&value) == Some(id),
    };
    if !real || !met {
        return None;
    }
    let (mut node, mut quantize) = (graph.remove(id)?, graph.remove(quantized.id)?);
    let codes = graph.fresh(&value, to.code.data_type());
    quantize.input[0] = value;
    quantize.output[0].clone_from(&codes);
    node.input[0] = codes;
    node.output[0].clone_from(&quantized.codes);
    graph.add(id, node);
    Some(graph.add(id, quantize))
}

/// Moves what reads dequantized values in front of the DequantizeLinear.
pub(super) fn before_dequantize(graph: &mut Graph, report: &mut Report) {
    for id in graph.ordered() {
        let Some(node) = graph.node(id).filter(|node| moves(node)) else {
            continue;
        };
        let op = node.op_type.clone();
        let Ok(from) = params::dequantized(graph, &node.input[0], 0) else {
            continue;
        };
        if let Some(attributes) = attributes_after(graph, node, &from) {
            before(graph, id, &from, attributes);
            report.count(&op);
        }
    }
}

/// The DequantizeLinear's attributes after the move; `None` where there is no such node.
fn attributes_after(
    graph: &Graph,
    node: &NodeProto,
    from: &Dequantized,
) -> Option<Vec<AttributeProto>> {
    from.params.code()?;
    if from.params.affine().is_some() {
        return Some(vec![]);
    }
    let constant = graph.constant(&from.codes)?;
    let matrix = constant.dims.len() == 2 && is(node, "Transpose") && swaps(node);
    let axis = from.params.axis_in(2).filter(|_| matrix)?;
    Some(vec![AttributeProto {
        name: "axis".into(),
        r#type: AttributeType::Int as i32,
        i: 1 - axis as i64,
        ..Default::default()
    }])
}

fn before(graph: &mut Graph, id: Id, from: &Dequantized, attribute: Vec<AttributeProto>) {
    let of = from.params.of;
    let Some(mut node) = graph.remove(id) else {
        return;
    };
    let values = node.output.clone();
    node.input[0].clone_from(&from.codes);
    for output in node.output.iter_mut().filter(|name| !name.is_empty()) {
        *output = graph.fresh(output, of);
    }
    let zero_point = zero_point(graph, from);
    let scale = from.params.scale.clone();
    for (codes, value) in node.output.iter().zip(values) {
        if codes.is_empty() {
            continue;
        }
        let dequantize = NodeProto {
            op_type: params::DEQUANTIZE.into(),
            name: value.clone(),
            input: vec![codes.clone(), scale.clone(), zero_point.clone()],
            output: vec![value],
            attribute: attribute.clone(),
            ..Default::default()
        };
        graph.add(id, dequantize);
    }
    graph.add(id, node);
}

/// The zero point's name; a new DequantizeLinear tells its type by it.
fn zero_point(graph: &mut Graph, from: &Dequantized) -> String {
    if let Some(name) = &from.params.zero_point {
        return name.clone();
    }
    let name = graph.fresh("zero_point", from.params.of);
    if let Some(tensor) = from.params.zero_point_tensor() {
        graph.add_initializer(name.clone(), tensor);
    }
    name
}
