//! What a node reads, and an order in which every value comes before its readers.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use tract_onnx::pb::{GraphProto, NodeProto};

/// Names that the node's subgraphs read, their own values among them.
pub(super) fn inner_reads(node: &NodeProto) -> Vec<&str> {
    let mut names = Vec::new();
    let mut graphs: Vec<&GraphProto> = subgraphs(node).collect();
    while let Some(graph) = graphs.pop() {
        names.extend(graph.output.iter().map(|value| value.name.as_str()));
        for node in &graph.node {
            names.extend(node.input.iter().map(String::as_str));
            graphs.extend(subgraphs(node));
        }
    }
    names
}

/// Names that the node's subgraphs give to values.
pub(super) fn inner_names(node: &NodeProto) -> Vec<&str> {
    let mut names = Vec::new();
    let mut graphs: Vec<&GraphProto> = subgraphs(node).collect();
    while let Some(graph) = graphs.pop() {
        names.extend(graph.input.iter().map(|value| value.name.as_str()));
        names.extend(graph.initializer.iter().map(|tensor| tensor.name.as_str()));
        for node in &graph.node {
            names.extend(node.output.iter().map(String::as_str));
            graphs.extend(subgraphs(node));
        }
    }
    names
}

fn subgraphs(node: &NodeProto) -> impl Iterator<Item = &GraphProto> {
    node.attribute
        .iter()
        .flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs))
}

/// Positions in an order in which every value comes before its readers, nodes of a low key first
/// where there is a choice. `None` where values depend on themselves.
pub(super) fn topological(nodes: &[(usize, &NodeProto)]) -> Option<Vec<usize>> {
    let mut producers = HashMap::new();
    for (at, (_, node)) in nodes.iter().enumerate() {
        for output in node.output.iter().filter(|name| !name.is_empty()) {
            producers.insert(output.as_str(), at);
        }
    }
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    let mut missing = vec![0usize; nodes.len()];
    for (at, (_, node)) in nodes.iter().enumerate() {
        let reads = node
            .input
            .iter()
            .map(String::as_str)
            .chain(inner_reads(node));
        for producer in reads.filter_map(|name| producers.get(name)) {
            readers[*producer].push(at);
            missing[at] += 1;
        }
    }
    let mut ready: BinaryHeap<_> = (0..nodes.len())
        .filter(|at| missing[*at] == 0)
        .map(|at| Reverse((nodes[at].0, at)))
        .collect();
    let mut order = Vec::with_capacity(nodes.len());
    while let Some(Reverse((_, at))) = ready.pop() {
        order.push(at);
        for reader in &readers[at] {
            missing[*reader] -= 1;
            if missing[*reader] == 0 {
                ready.push(Reverse((nodes[*reader].0, *reader)));
            }
        }
    }
    (order.len() == nodes.len()).then_some(order)
}
