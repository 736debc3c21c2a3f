//! QDQ models: DequantizeLinear, f32 operator, QuantizeLinear.

use std::collections::HashSet;

use normgate_int8::qdq::{Reason, Report, lower};
use normgate_int8::tract::pb::tensor_proto::DataType;
use normgate_int8::tract::pb::{AttributeProto, ModelProto, NodeProto};

use super::graph::{Affine, Graph, Value, int};

pub(crate) const X: Affine = Affine {
    scale: 0.02,
    zero_point: 3,
};
pub(crate) const Y: Affine = Affine {
    scale: 0.05,
    zero_point: 7,
};

/// A graph of one type of codes.
pub(crate) struct Qdq {
    pub(crate) graph: Graph,
    pub(crate) of: DataType,
}

impl Qdq {
    pub(crate) fn new(of: DataType) -> Qdq {
        let graph = Graph::default();
        Qdq { graph, of }
    }

    /// A dequantized input [1, 8, 6, 6] and its codes.
    pub(crate) fn input(&mut self, name: &str, affine: Affine) -> Value {
        let codes = self.graph.input(name, self.of, &[1, 8, 6, 6]);
        self.dequantize(&codes, affine)
    }

    pub(crate) fn dequantize(&mut self, x: &Value, affine: Affine) -> Value {
        let mut inputs = vec![x.name.clone()];
        inputs.extend(self.graph.affine("dq", x.of, affine));
        self.graph.node(
            "DequantizeLinear",
            inputs,
            vec![],
            DataType::Float,
            &x.shape,
        )
    }

    pub(crate) fn quantize(&mut self, x: &Value, affine: Affine) -> Value {
        let mut inputs = vec![x.name.clone()];
        inputs.extend(self.graph.affine("q", self.of, affine));
        self.graph
            .node("QuantizeLinear", inputs, vec![], self.of, &x.shape)
    }

    /// To codes and back.
    pub(crate) fn both(&mut self, x: &Value, affine: Affine) -> Value {
        let codes = self.quantize(x, affine);
        self.dequantize(&codes, affine)
    }

    /// An f32 operator on f32 values; its shape is not known.
    pub(crate) fn op(&mut self, op: &str, x: &[&Value], attributes: Vec<AttributeProto>) -> Value {
        let inputs = x.iter().map(|x| x.name.clone()).collect();
        self.graph
            .node(op, inputs, attributes, DataType::Float, &[])
    }

    pub(crate) fn floats(&mut self, name: &str, dims: &[i64], values: &[f32]) -> Value {
        Value {
            name: self.graph.floats(name, dims, values),
            of: DataType::Float,
            shape: dims.into(),
        }
    }

    /// Dequantized s8 codes: 1, 2, 3 and so on, with one scale or one for each slice of the axis.
    pub(crate) fn weights(&mut self, dims: &[i64], scales: &[f32], axis: i64) -> Value {
        let bytes = (0..dims.iter().product::<i64>()).map(|i| (i % 100) as u8);
        self.constant(DataType::Int8, dims, bytes.collect(), scales, axis)
    }

    /// Dequantized s32 codes: 0, 1000, 2000 and so on.
    pub(crate) fn bias(&mut self, channels: i32, scales: &[f32]) -> Value {
        let bytes = (0..channels).flat_map(|i| (1000 * i).to_le_bytes());
        let dims = [i64::from(channels)];
        self.constant(DataType::Int32, &dims, bytes.collect(), scales, 0)
    }

    /// A dequantized constant with zero point 0.
    pub(crate) fn constant(
        &mut self,
        of: DataType,
        dims: &[i64],
        bytes: Vec<u8>,
        scales: &[f32],
        axis: i64,
    ) -> Value {
        let width = if of == DataType::Int32 { 4 } else { 1 };
        let codes = self.graph.constant("codes", of, dims, bytes);
        let shape: &[i64] = if scales.len() == 1 {
            &[]
        } else {
            &[scales.len() as i64]
        };
        let scale = self.graph.floats("scale", shape, scales);
        let zeros = vec![0; width * scales.len()];
        let zero = self.graph.constant("zero", of, shape, zeros);
        self.graph.node(
            "DequantizeLinear",
            vec![codes, scale, zero],
            vec![int("axis", axis)],
            DataType::Float,
            dims,
        )
    }

    pub(crate) fn finish(self, output: &Value) -> ModelProto {
        self.graph.finish(output)
    }
}

/// What `build` makes of a dequantized input, quantized again.
pub(crate) fn around(of: DataType, build: impl FnOnce(&mut Qdq, &Value) -> Value) -> ModelProto {
    let mut net = Qdq::new(of);
    let x = net.input("x", X);
    let y = build(&mut net, &x);
    let y = net.quantize(&y, Y);
    net.finish(&y)
}

/// The model after [`lower`], which has left it in order.
pub(crate) fn lowered(model: &ModelProto) -> (ModelProto, Report) {
    let mut lowered = model.clone();
    let report = lower(&mut lowered);
    assert_eq!(report.untouched, None);
    assert_in_order(&lowered);
    let again = lower(&mut lowered.clone());
    assert!(again.rewritten.is_empty(), "a second time: {again:?}");
    (lowered, report)
}

/// The operators after [`lower`]; everything has been rewritten.
pub(crate) fn ops(model: &ModelProto) -> Vec<String> {
    let (lowered, report) = lowered(model);
    assert_eq!(report.left, []);
    names(&lowered)
}

/// Why the one node of this operator is left, and everything else with it.
pub(crate) fn refusal(model: &ModelProto, op: &str) -> Reason {
    let (lowered, report) = lowered(model);
    let [left] = &report.left[..] else {
        panic!("{:?}", report.left)
    };
    assert_eq!(left.op, op);
    assert!(names(&lowered).contains(&op.to_string()));
    left.reason.clone()
}

pub(crate) fn names(model: &ModelProto) -> Vec<String> {
    nodes(model)
        .iter()
        .map(|node| node.op_type.clone())
        .collect()
}

pub(crate) fn nodes(model: &ModelProto) -> &[NodeProto] {
    &model.graph.as_ref().unwrap().node
}

/// The one node of an operator.
pub(crate) fn node<'a>(model: &'a ModelProto, op: &str) -> &'a NodeProto {
    let mut found = nodes(model).iter().filter(|node| node.op_type == op);
    let node = found.next().unwrap_or_else(|| panic!("no {op}"));
    assert!(found.next().is_none(), "two {op}");
    node
}

pub(crate) fn node_mut<'a>(model: &'a mut ModelProto, op: &str) -> &'a mut NodeProto {
    let mut nodes = model.graph.as_mut().unwrap().node.iter_mut();
    nodes.find(|node| node.op_type == op).unwrap()
}

/// The raw bytes of a constant that a node reads.
pub(crate) fn bytes<'a>(model: &'a ModelProto, name: &str) -> &'a [u8] {
    let mut initializers = model.graph.as_ref().unwrap().initializer.iter();
    let found = initializers.find(|tensor| tensor.name == name);
    &found.unwrap_or_else(|| panic!("no {name}")).raw_data
}

/// Names that are read and not defined before.
pub(crate) fn undefined(model: &ModelProto) -> Vec<String> {
    let graph = model.graph.as_ref().unwrap();
    let inputs = graph.input.iter().map(|value| value.name.as_str());
    let initializers = graph.initializer.iter().map(|tensor| tensor.name.as_str());
    let mut defined: HashSet<&str> = inputs.chain(initializers).chain([""]).collect();
    let mut undefined = Vec::new();
    for node in &graph.node {
        let missing = node
            .input
            .iter()
            .filter(|name| !defined.contains(name.as_str()));
        undefined.extend(missing.cloned());
        defined.extend(node.output.iter().map(String::as_str));
    }
    let outputs = graph.output.iter().map(|value| &value.name);
    undefined.extend(
        outputs
            .filter(|name| !defined.contains(name.as_str()))
            .cloned(),
    );
    undefined
}

/// Values come before their readers, each once; nothing is unused; the domains are imported.
fn assert_in_order(model: &ModelProto) {
    assert_eq!(undefined(model), Vec::<String>::new());
    let graph = model.graph.as_ref().unwrap();
    let mut seen = HashSet::new();
    let outputs = graph.node.iter().flat_map(|node| &node.output);
    let defined = outputs.chain(graph.initializer.iter().map(|tensor| &tensor.name));
    for name in defined {
        assert!(seen.insert(name), "{name} twice");
    }
    let read: HashSet<&String> = graph.node.iter().flat_map(|node| &node.input).collect();
    for tensor in &graph.initializer {
        assert!(read.contains(&tensor.name), "{} is not read", tensor.name);
    }
    for node in &graph.node {
        let mut imports = model.opset_import.iter();
        assert!(
            imports.any(|opset| opset.domain == node.domain),
            "{}",
            node.domain
        );
    }
}
