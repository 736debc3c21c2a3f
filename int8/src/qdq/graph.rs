//! The graph while it is rewritten: who makes a value, who reads it, what is constant.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto, type_proto};

use super::order;
use super::report::Malformed;
use super::tensor;

/// Longest name that is read. New nodes repeat names of the file.
const MAX_NAME_BYTES: usize = 4096;
/// Greatest number of nodes that is read.
const MAX_NODES: usize = 1 << 16;

/// What stands between the old name and the number in a new one.
const FRESH: &str = "_qdq";

/// A node's place in the list, which it keeps.
pub(super) type Id = usize;

/// Names are unique, and no value depends on itself.
pub(super) struct Graph {
    nodes: Vec<Option<NodeProto>>,
    /// Where each node goes when there is a choice.
    keys: Vec<usize>,
    initializers: Vec<TensorProto>,
    initializer_at: HashMap<String, usize>,
    producers: HashMap<String, Id>,
    /// One for each input that reads the name.
    readers: HashMap<String, Vec<Id>>,
    /// Names that have to stay: outputs of the graph, and what subgraphs read.
    pinned: HashSet<String>,
    /// Inputs of the graph, which an initializer of the same name does not make constant.
    inputs: HashSet<String>,
    element_types: HashMap<String, DataType>,
    names: HashSet<String>,
    /// Names that were made here.
    fresh: usize,
    /// Bytes that new constants can still take, so that a small file does not become a large one.
    budget: usize,
}

impl Graph {
    /// Takes nodes and initializers out of the protobuf, unless the graph is malformed.
    pub(super) fn take(proto: &mut GraphProto, ir_version: i64) -> Result<Graph, Malformed> {
        let names = check(proto)?;
        // Before version 4 every initializer had to be among the inputs.
        let inputs = if ir_version < 4 {
            &[][..]
        } else {
            &proto.input[..]
        };
        let mut graph = Graph {
            nodes: Vec::new(),
            keys: Vec::new(),
            initializer_at: HashMap::new(),
            producers: HashMap::new(),
            readers: HashMap::new(),
            pinned: proto.output.iter().map(|v| v.name.clone()).collect(),
            inputs: inputs.iter().map(|v| v.name.clone()).collect(),
            element_types: element_types(proto),
            names,
            fresh: 0,
            budget: budget(proto),
            initializers: std::mem::take(&mut proto.initializer),
        };
        for (at, tensor) in graph.initializers.iter().enumerate() {
            graph.initializer_at.insert(tensor.name.clone(), at);
        }
        for node in std::mem::take(&mut proto.node) {
            graph.add(graph.nodes.len(), node);
        }
        Ok(graph)
    }

    /// Puts back what is needed, in order.
    pub(super) fn give_back(mut self, proto: &mut GraphProto) {
        self.remove_dead();
        self.remove_unread_initializers(proto);
        let order = self.ordered();
        proto.node = order
            .into_iter()
            .filter_map(|id| self.nodes[id].take())
            .collect();
        proto.initializer = self.initializers;
        let outputs = proto.node.iter().flat_map(|node| &node.output);
        let made: HashSet<&String> = outputs.collect();
        proto.value_info.retain(|value| made.contains(&value.name));
    }

    pub(super) fn ids(&self) -> Vec<Id> {
        (0..self.nodes.len())
            .filter(|id| self.nodes[*id].is_some())
            .collect()
    }

    /// Ids in an order in which every value comes before its readers.
    pub(super) fn ordered(&self) -> Vec<Id> {
        let ids = self.ids();
        let nodes = ids.iter().filter_map(|id| self.node(*id));
        let keyed: Vec<_> = ids.iter().map(|id| self.keys[*id]).zip(nodes).collect();
        let order = order::topological(&keyed);
        debug_assert!(order.is_some(), "rewriting makes no cycle");
        match order {
            Some(order) => order.into_iter().map(|at| ids[at]).collect(),
            None => ids,
        }
    }

    pub(super) fn node(&self, id: Id) -> Option<&NodeProto> {
        self.nodes.get(id)?.as_ref()
    }

    pub(super) fn producer(&self, name: &str) -> Option<(Id, &NodeProto)> {
        let id = *self.producers.get(name)?;
        Some((id, self.node(id)?))
    }

    pub(super) fn readers(&self, name: &str) -> &[Id] {
        self.readers.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn is_pinned(&self, name: &str) -> bool {
        self.pinned.contains(name)
    }

    /// The one node that reads the value, and nothing else does.
    pub(super) fn only_reader(&self, name: &str) -> Option<Id> {
        match self.readers(name) {
            [reader] if !self.is_pinned(name) => Some(*reader),
            _ => None,
        }
    }

    /// A value that is known at load.
    pub(super) fn constant(&self, name: &str) -> Option<Cow<'_, TensorProto>> {
        if let Some(at) = self.initializer_at.get(name) {
            let fixed = !self.inputs.contains(name);
            return fixed.then(|| Cow::Borrowed(&self.initializers[*at]));
        }
        let (_, node) = self.producer(name)?;
        if is(node, "Constant") {
            tensor::of_constant_node(node)
        } else {
            None
        }
    }

    pub(super) fn element_type(&self, name: &str) -> Option<DataType> {
        match self.constant(name) {
            Some(tensor) => tensor::data_type(&tensor),
            None => self.element_types.get(name).copied(),
        }
    }

    pub(super) fn note_type(&mut self, name: String, of: DataType) {
        self.element_types.insert(name, of);
    }

    /// A name that nothing has yet.
    pub(super) fn fresh(&mut self, base: &str, of: DataType) -> String {
        // Not the name of a name that was made here.
        let base = base.split(FRESH).next().unwrap_or_default();
        loop {
            let name = format!("{base}{FRESH}{}", self.fresh);
            self.fresh += 1;
            if self.names.insert(name.clone()) {
                self.element_types.insert(name.clone(), of);
                return name;
            }
        }
    }

    /// Adds a node beside the one with this id, whether that is still there or not.
    pub(super) fn add(&mut self, beside: Id, node: NodeProto) -> Id {
        let id = self.nodes.len();
        for input in node.input.iter().filter(|name| !name.is_empty()) {
            self.readers.entry(input.clone()).or_default().push(id);
        }
        for output in node.output.iter().filter(|name| !name.is_empty()) {
            self.producers.insert(output.clone(), id);
        }
        let inner = order::inner_reads(&node).into_iter().map(String::from);
        self.pinned.extend(inner);
        self.keys.push(self.keys.get(beside).copied().unwrap_or(id));
        self.nodes.push(Some(node));
        id
    }

    pub(super) fn remove(&mut self, id: Id) -> Option<NodeProto> {
        let node = self.nodes.get_mut(id)?.take()?;
        for input in &node.input {
            if let Some(readers) = self.readers.get_mut(input) {
                readers.retain(|reader| *reader != id);
            }
        }
        for output in &node.output {
            if self.producers.get(output) == Some(&id) {
                self.producers.remove(output);
            }
        }
        Some(node)
    }

    /// Every node that reads `from` reads `to` instead.
    pub(super) fn redirect(&mut self, from: &str, to: &str) {
        let readers = self.readers.remove(from).unwrap_or_default();
        for id in &readers {
            if let Some(Some(node)) = self.nodes.get_mut(*id) {
                for input in node.input.iter_mut().filter(|name| *name == from) {
                    *input = to.into();
                }
            }
        }
        self.readers.entry(to.into()).or_default().extend(readers);
    }

    /// Whether a new constant of so many bytes can be had.
    pub(super) fn affords(&self, bytes: usize) -> bool {
        bytes <= self.budget
    }

    /// Adds an initializer under a name that nothing has, or that its producer has just lost.
    pub(super) fn add_initializer(&mut self, name: String, mut tensor: TensorProto) {
        self.budget = self.budget.saturating_sub(tensor.raw_data.len());
        tensor.name.clone_from(&name);
        self.initializer_at.insert(name, self.initializers.len());
        self.initializers.push(tensor);
    }

    /// Nodes that nothing needs, and then those that only they needed.
    fn remove_dead(&mut self) {
        let mut suspects = self.ids();
        while let Some(id) = suspects.pop() {
            let needed = self.node(id).is_none_or(|node| {
                node.output.is_empty()
                    || node.output.iter().any(|output| {
                        !output.is_empty()
                            && (self.is_pinned(output) || !self.readers(output).is_empty())
                    })
            });
            if needed {
                continue;
            }
            let inputs = self.remove(id).map(|node| node.input).unwrap_or_default();
            suspects.extend(inputs.iter().filter_map(|name| self.producers.get(name)));
        }
    }

    /// An initializer that is also an input stays: without it the input would have to be given.
    fn remove_unread_initializers(&mut self, proto: &GraphProto) {
        let inputs: HashSet<&String> = proto.input.iter().map(|v| &v.name).collect();
        let mut initializers = std::mem::take(&mut self.initializers);
        initializers.retain(|tensor| {
            let name = &tensor.name;
            inputs.contains(name) || self.is_pinned(name) || !self.readers(name).is_empty()
        });
        self.initializers = initializers;
    }
}

/// Whether the node is this operator of ONNX itself.
pub(super) fn is(node: &NodeProto, op: &str) -> bool {
    node.op_type == op && matches!(node.domain.as_str(), "" | "ai.onnx")
}

/// All names of the graph, each of them defined once at most.
fn check(proto: &GraphProto) -> Result<HashSet<String>, Malformed> {
    let count = proto.node.len();
    if count > MAX_NODES {
        return Err(Malformed::TooManyNodes { count });
    }
    let mut defined = HashSet::new();
    let inputs = proto.input.iter().map(|value| &value.name);
    // An initializer can give an input its default.
    let initializers: HashSet<&String> = proto.initializer.iter().map(|t| &t.name).collect();
    let twice = |name: &String| Malformed::DefinedTwice { name: name.clone() };
    if initializers.len() < proto.initializer.len() {
        let name = proto.initializer.iter().map(|t| &t.name);
        let mut seen = HashSet::new();
        let name = name.into_iter().find(|name| !seen.insert(*name));
        return Err(twice(name.unwrap_or(&String::new())));
    }
    for name in inputs.filter(|name| !initializers.contains(name)) {
        if !defined.insert(name) {
            return Err(twice(name));
        }
    }
    let sparse = proto.sparse_initializer.iter().flat_map(|t| &t.values);
    let outputs = proto.node.iter().flat_map(|node| &node.output);
    let produced = sparse
        .map(|values| &values.name)
        .chain(outputs.filter(|name| !name.is_empty()));
    for name in initializers.iter().copied().chain(produced) {
        if !defined.insert(name) {
            return Err(twice(name));
        }
    }
    let mut names: HashSet<String> = defined.into_iter().cloned().collect();
    for node in &proto.node {
        names.extend(node.input.iter().cloned());
        names.extend(order::inner_reads(node).into_iter().map(String::from));
        names.extend(order::inner_names(node).into_iter().map(String::from));
    }
    names.extend(proto.output.iter().map(|value| value.name.clone()));
    if let Some(long) = names.iter().find(|name| name.len() > MAX_NAME_BYTES) {
        let bytes = long.len();
        return Err(Malformed::LongName { bytes });
    }
    let nodes: Vec<_> = proto.node.iter().enumerate().collect();
    match order::topological(&nodes) {
        Some(_) => Ok(names),
        None => Err(Malformed::Cycle),
    }
}

/// What the file itself says of its values.
fn element_types(proto: &GraphProto) -> HashMap<String, DataType> {
    let values = proto.value_info.iter().chain(&proto.input);
    let known = values.filter_map(|value| {
        let Some(type_proto::Value::TensorType(tensor)) = &value.r#type.as_ref()?.value else {
            return None;
        };
        let of = DataType::try_from(tensor.elem_type).ok()?;
        Some((value.name.clone(), of))
    });
    known.collect()
}

/// As much again as the file's constants take, and something for scalars.
fn budget(proto: &GraphProto) -> usize {
    let attributes = proto.node.iter().flat_map(|node| &node.attribute);
    let constants = attributes.filter_map(|attribute| attribute.t.as_ref());
    let typed = |t: &TensorProto| {
        t.raw_data.len() + 4 * (t.float_data.len() + t.int32_data.len() + t.int64_data.len())
    };
    let held: usize = proto.initializer.iter().chain(constants).map(typed).sum();
    held + 64 * proto.node.len() + 4096
}
