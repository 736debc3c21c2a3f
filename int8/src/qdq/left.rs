//! The f32 nodes that are left between quantized values.

use std::collections::HashSet;

use tract_onnx::pb::NodeProto;

use super::graph::Graph;
use super::params::{DEQUANTIZE, QUANTIZE, is_either};
use super::report::{Left, Reason};
use super::rules;

/// Nodes that real numbers reach from a DequantizeLinear, and from which they reach a
/// QuantizeLinear. An operator that has an int8 form counts wherever it reads dequantized values.
pub(super) fn left(graph: &Graph) -> Vec<Left> {
    let ids = graph.ordered();
    let nodes: Vec<&NodeProto> = ids.iter().filter_map(|id| graph.node(*id)).collect();
    let border = |node: &NodeProto| is_either(node, QUANTIZE) || is_either(node, DEQUANTIZE);

    let mut from: HashSet<&str> = HashSet::new();
    let mut reached: HashSet<usize> = HashSet::new();
    for (at, node) in nodes.iter().enumerate() {
        let reads = node.input.iter().any(|name| from.contains(name.as_str()));
        if !border(node) && reads {
            reached.insert(at);
        }
        if is_either(node, DEQUANTIZE) || reached.contains(&at) {
            from.extend(node.output.iter().map(String::as_str));
        }
    }

    let mut to: HashSet<&str> = HashSet::new();
    let mut left = Vec::new();
    for (at, node) in nodes.iter().enumerate().rev() {
        let gives = node.output.iter().any(|name| to.contains(name.as_str()));
        let between = reached.contains(&at) && !border(node);
        if is_either(node, QUANTIZE) {
            to.extend(node.input.first().map(String::as_str));
        } else if between && gives {
            to.extend(node.input.iter().map(String::as_str));
        }
        if between && (gives || rules::is_known(node)) {
            left.push(describe(graph, node));
        }
    }
    left.reverse();
    left
}

fn describe(graph: &Graph, node: &NodeProto) -> Left {
    let output = node.output.first().cloned().unwrap_or_default();
    let name = if node.name.is_empty() {
        output
    } else {
        node.name.clone()
    };
    Left {
        op: node.op_type.clone(),
        name,
        reason: rules::plan(graph, node).err().unwrap_or(Reason::NoInt8Form),
    }
}
