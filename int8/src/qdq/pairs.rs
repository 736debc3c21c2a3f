//! QuantizeLinear nodes that can go: those that do what another does, and those that quantize what
//! has just been dequantized.

use std::collections::HashMap;

use tract_onnx::pb::NodeProto;

use super::graph::{Graph, is};
use super::params;
use super::report::Report;
use super::rules;

/// Leaves one of several that give the same codes.
pub(super) fn merge(graph: &mut Graph, report: &mut Report) {
    let mut first: HashMap<_, String> = HashMap::new();
    for id in graph.ordered() {
        let Ok(quantized) = params::quantized(graph, id) else {
            continue;
        };
        let Some(affine) = quantized.params.affine() else {
            continue;
        };
        let (value, codes) = (quantized.value, quantized.codes);
        let key = (
            value,
            affine.code,
            affine.scale.to_bits(),
            affine.zero_point,
        );
        let Some(kept) = first.get_mut(&key) else {
            first.insert(key, codes);
            continue;
        };
        if !graph.is_pinned(&codes) {
            graph.remove(id);
            graph.redirect(&codes, kept);
        } else if !graph.is_pinned(kept) {
            if let Some((earlier, _)) = graph.producer(kept) {
                graph.remove(earlier);
            }
            graph.redirect(kept, &codes);
            *kept = codes;
        } else {
            continue;
        }
        report.count(params::QUANTIZE);
    }
}

/// From codes to codes, without the numbers between them.
pub(super) fn join(graph: &mut Graph, report: &mut Report) {
    for id in graph.ordered() {
        let Ok(to) = params::quantized(graph, id) else {
            continue;
        };
        let Ok(from) = params::dequantized(graph, &to.value, 0) else {
            continue;
        };
        let (Some(a), Some(b)) = (from.params.affine(), to.params.affine()) else {
            continue;
        };
        if a.code != b.code {
            continue;
        }
        let Some(quantize) = graph.remove(id) else {
            continue;
        };
        if a == b && !graph.is_pinned(&to.codes) {
            graph.redirect(&to.codes, &from.codes);
        } else if a == b {
            let identity = NodeProto {
                op_type: "Identity".into(),
                name: quantize.name,
                input: vec![from.codes],
                output: vec![to.codes],
                ..Default::default()
            };
            graph.add(id, identity);
        } else {
            // With a slope of 1 it is a table from one scale to another.
            let lowered = rules::leaky(rules::triple(&from), &to.params, 1.0);
            lowered.add(graph, id, quantize.name, to.codes);
        }
        report.count(params::QUANTIZE);
    }
}

/// Identity nodes between values of the graph.
pub(super) fn remove_identities(graph: &mut Graph) {
    for id in graph.ordered() {
        let Some(node) = graph.node(id).filter(|node| is(node, "Identity")) else {
            continue;
        };
        let ([from], [to]) = (&node.input[..], &node.output[..]) else {
            continue;
        };
        if from.is_empty() || to.is_empty() || graph.is_pinned(to) {
            continue;
        }
        let (from, to) = (from.clone(), to.clone());
        graph.remove(id);
        graph.redirect(&to, &from);
    }
}
