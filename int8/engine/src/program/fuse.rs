//! Which operators become one.

use crate::graph::{Graph, Op, Value};

/// A node of the graph that is run, with what was merged into it.
#[derive(Debug)]
pub(super) struct Fused {
    /// Of the node that does the work.
    pub(super) node: usize,
    /// A QLinearAdd merged into a convolution: its node, the other operand, whether the convolution is the
    /// second operand.
    pub(super) residual: Option<(usize, Value, bool)>,
    /// The node of a table that is applied to the output where it lies.
    pub(super) table: Option<usize>,
}

impl Fused {
    /// Everything that has to be there before.
    pub(super) fn reads<'a>(&'a self, graph: &'a Graph) -> impl Iterator<Item = Value> + 'a {
        let other = self.residual.map(|(_, other, _)| other);
        graph.nodes[self.node].inputs.iter().copied().chain(other)
    }

    pub(super) fn output(&self, graph: &Graph) -> Value {
        let add = self.residual.map(|(add, ..)| add);
        graph.nodes[self.table.or(add).unwrap_or(self.node)].output
    }
}

/// The nodes that are run, in order. Constants are none of them.
pub(super) fn fuse(graph: &Graph) -> Vec<Fused> {
    let mut uses = vec![0usize; graph.values.len()];
    for node in &graph.nodes {
        node.inputs.iter().for_each(|value| uses[*value] += 1);
    }
    graph
        .outputs
        .iter()
        .for_each(|output| uses[output.value] += 1);
    let mut producer = vec![None; graph.values.len()];
    for (n, node) in graph.nodes.iter().enumerate() {
        producer[node.output] = Some(n);
    }

    // The convolution moves to the place of the add, where the other operand is there too.
    let mut residual = vec![None; graph.nodes.len()];
    let mut merged = vec![false; graph.nodes.len()];
    for (n, node) in graph.nodes.iter().enumerate() {
        let (Op::Add(_), &[a, b]) = (&node.op, &node.inputs[..]) else {
            continue;
        };
        if graph.values[a] != graph.values[b] {
            continue;
        }
        let conv = |value: Value| {
            producer[value].filter(|p| {
                uses[value] == 1
                    && matches!(&graph.nodes[*p].op, Op::Conv(spec) if !spec.is_depthwise())
            })
        };
        // Of two, the later one.
        let chosen = match (conv(a), conv(b)) {
            (Some(p), Some(q)) if q > p => Some((q, a, true)),
            (Some(p), _) => Some((p, b, false)),
            (None, Some(q)) => Some((q, a, true)),
            (None, None) => None,
        };
        if let Some((p, other, swapped)) = chosen {
            merged[p] = true;
            residual[n] = Some((p, other, swapped));
        }
    }
    let mut all: Vec<Fused> = Vec::new();
    for n in 0..graph.nodes.len() {
        let node = &graph.nodes[n];
        if merged[n] || matches!(node.op, Op::Constant(_)) {
            continue;
        }
        if let (Op::Table(_), &[input]) = (&node.op, &node.inputs[..]) {
            let before = all.iter_mut().find(|f| f.output(graph) == input);
            if let Some(before) = before.filter(|_| uses[input] == 1)
                && before.table.is_none()
            {
                before.table = Some(n);
                continue;
            }
        }
        all.push(match residual[n] {
            Some((conv, other, swapped)) => Fused {
                node: conv,
                residual: Some((n, other, swapped)),
                table: None,
            },
            None => Fused {
                node: n,
                residual: None,
                table: None,
            },
        });
    }
    all
}
