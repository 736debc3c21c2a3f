//! Arbitrary damage to a QDQ model: nothing panics, and what was defined stays defined.

use std::collections::HashSet;

use normgate_int8::qdq::lower;
use normgate_int8::tract::pb::tensor_proto::DataType;
use normgate_int8::tract::pb::{GraphProto, ModelProto, NodeProto};
use proptest::prelude::*;
use prost::Message;

use crate::support::graph::{Value, int, ints};
use crate::support::qdq::{Qdq, X, Y};

/// A network with something of everything.
fn net() -> ModelProto {
    let mut net = Qdq::new(DataType::Uint8);
    let x = net.input("x", X);
    let scale = net.graph.floats("w_scale", &[4], &[0.5, 0.25, 0.125, 1.0]);
    let zero = net
        .graph
        .constant("w_zero", DataType::Int8, &[4], vec![0; 4]);
    let w = net.floats("w", &[4, 8, 1, 1], &[0.5; 32]);
    let axis = || vec![int("axis", 0)];
    let inputs = |of: String| vec![of, scale.clone(), zero.clone()];
    let (of, dims) = (DataType::Int8, &w.shape);
    let w = net
        .graph
        .node("QuantizeLinear", inputs(w.name), axis(), of, dims);
    let w = net
        .graph
        .node("DequantizeLinear", inputs(w.name), axis(), of, dims);
    let bias = net.floats("bias", &[4], &[1.0; 4]);
    let conv = net.op(
        "Conv",
        &[&x, &w, &bias],
        vec![ints("kernel_shape", &[1, 1])],
    );
    let pool = net.op("MaxPool", &[&conv], vec![ints("kernel_shape", &[2, 2])]);
    let relu = net.op("Relu", &[&pool], vec![]);
    let a = net.both(&relu, Y);
    let low = net.floats("low", &[], &[0.0]);
    let clip = net.op("Clip", &[&a, &low], vec![]);
    let clip = net.op("Identity", &[&clip], vec![]);
    let b = net.both(&clip, X);
    let part = net.op("Split", &[&b], vec![int("axis", 1)]);
    let other = Value {
        name: "other".into(),
        ..part.clone()
    };
    net.graph
        .proto
        .node
        .last_mut()
        .unwrap()
        .output
        .push("other".into());
    let (part, other) = (net.both(&part, X), net.both(&other, Y));
    let sum = net.op("Add", &[&part, &other], vec![]);
    let sum = net.both(&sum, Y);
    let cat = net.op("Concat", &[&sum, &other, &b], vec![int("axis", 1)]);
    let cat = net.both(&cat, X);
    let flat = net.op("Flatten", &[&cat], vec![]);
    let w = net.weights(&[6, 3], &[0.1, 0.2, 0.3], 1);
    let bias = net.bias(3, &[0.1, 0.2, 0.3].map(|w| X.scale * w));
    let y = net.op("Gemm", &[&flat, &w, &bias], vec![int("transB", 0)]);
    let y = net.both(&y, Y);
    let y = net.op("Softmax", &[&y], vec![]);
    let y = net.both(&y, X);
    let model = net.finish(&y);
    with_subgraph(model, &b.name)
}

fn with_subgraph(mut model: ModelProto, read: &str) -> ModelProto {
    let graph = model.graph.as_mut().unwrap();
    let inner = GraphProto {
        node: vec![NodeProto {
            op_type: "Abs".into(),
            input: vec![read.into()],
            output: vec!["inner".into()],
            ..Default::default()
        }],
        ..Default::default()
    };
    let mut attribute = int("body", 0);
    attribute.r#type = 5;
    attribute.g = Some(inner);
    graph.node.push(NodeProto {
        op_type: "If".into(),
        input: vec!["x".into()],
        output: vec!["if".into()],
        attribute: vec![attribute],
        ..Default::default()
    });
    let mut output = graph.output[0].clone();
    output.name = "if".into();
    graph.output.push(output);
    model
}

/// What is done to the model, with numbers to choose by.
#[derive(Clone, Copy, Debug)]
struct Damage(u8, usize, usize);

const NUMBERS: [i64; 10] = [0, 1, -1, 2, 3, 4, 127, i64::MAX, i64::MIN, 1 << 40];
const OPS: [&str; 12] = [
    "QuantizeLinear",
    "DequantizeLinear",
    "Identity",
    "Constant",
    "Relu",
    "Clip",
    "Transpose",
    "MaxPool",
    "Conv",
    "ConstantOfShape",
    "Mul",
    "Cast",
];

/// Every name in the graph, and some that are not.
fn names(model: &ModelProto) -> Vec<String> {
    let graph = model.graph.as_ref().unwrap();
    let nodes = graph
        .node
        .iter()
        .flat_map(|n| n.input.iter().chain(&n.output));
    let mut names: Vec<String> = nodes.cloned().collect();
    names.extend(graph.initializer.iter().map(|t| t.name.clone()));
    names.extend([String::new(), "nowhere".into()]);
    names
}

impl Damage {
    fn to(self, model: &mut ModelProto) {
        let Damage(kind, a, b) = self;
        let names = names(model);
        let name = names[a % names.len()].clone();
        let number = NUMBERS[a % NUMBERS.len()];
        let graph = model.graph.as_mut().unwrap();
        if graph.node.is_empty() || graph.initializer.is_empty() {
            return;
        }
        let count = graph.node.len();
        let tensors = graph.initializer.len();
        let node = &mut graph.node[b % count];
        let tensor = &mut graph.initializer[b % tensors];
        match kind % 20 {
            0 if !node.input.is_empty() => {
                let at = a % node.input.len();
                node.input[at] = names[(a / 7) % names.len()].clone();
            }
            1 if !node.output.is_empty() => {
                let at = a % node.output.len();
                node.output[at] = names[(a / 7) % names.len()].clone();
            }
            2 => node.input.truncate(a % 3),
            3 => node.output.truncate(a % 2),
            4 => node.input.push(name),
            5 => node.output.push(format!("new_{a}")),
            6 => node.op_type = OPS[a % OPS.len()].into(),
            7 => node.domain = ["", "ai.onnx", "com.microsoft", "x"][a % 4].into(),
            8 => node
                .attribute
                .push(int(["axis", "to", "block_size", "alpha"][a % 4], number)),
            9 => {
                for attribute in &mut node.attribute {
                    attribute.i = number;
                    attribute.ints = vec![number; a % 3];
                    attribute.r#type = (a % 12) as i32;
                }
            }
            10 => tensor.dims = vec![number; a % 4],
            11 => tensor.data_type = (a % 20) as i32,
            12 => tensor.raw_data.truncate(a % 5),
            13 => tensor.raw_data.extend(vec![0xff; a % 9]),
            14 => tensor.raw_data.iter_mut().for_each(|byte| *byte = a as u8),
            15 => {
                graph.initializer.remove(b % tensors);
            }
            16 => {
                graph.node.remove(b % count);
            }
            17 => {
                let node = graph.node[b % count].clone();
                graph.node.insert(a % count, node);
            }
            18 => graph.node.swap(a % count, b % count),
            _ => {
                let mut output = graph.output[0].clone();
                output.name = name;
                graph.output.push(output);
            }
        }
    }
}

/// Names that are read and that nothing defines.
fn unresolved(model: &ModelProto) -> HashSet<&str> {
    let Some(graph) = &model.graph else {
        return HashSet::new();
    };
    let outputs = graph.node.iter().flat_map(|node| &node.output);
    let inputs = graph.input.iter().map(|value| &value.name);
    let initializers = graph.initializer.iter().map(|tensor| &tensor.name);
    let defined: HashSet<&String> = outputs.chain(inputs).chain(initializers).collect();
    let read = graph.node.iter().flat_map(|node| &node.input);
    let read = read.chain(graph.output.iter().map(|value| &value.name));
    read.filter(|name| !name.is_empty() && !defined.contains(name))
        .map(String::as_str)
        .collect()
}

fn check(model: &ModelProto) -> Result<(), TestCaseError> {
    let mut after = model.clone();
    let report = lower(&mut after);
    let lost: Vec<_> = unresolved(&after)
        .difference(&unresolved(model))
        .copied()
        .map(String::from)
        .collect();
    prop_assert!(lost.is_empty(), "{lost:?}");
    if report.untouched.is_some() {
        prop_assert!(after == *model);
    }
    for left in &report.left {
        prop_assert!(!left.to_string().contains('\n'));
    }
    let interface = |model: &ModelProto| {
        let graph = model.graph.clone().unwrap_or_default();
        (graph.input, graph.output)
    };
    prop_assert_eq!(interface(&after), interface(model));
    Ok(())
}

#[test]
fn the_network_itself_is_rewritten() {
    let mut model = net();
    let report = lower(&mut model);
    assert_eq!(report.left.len(), 1, "{:?}", report.left);
    assert!(report.rewritten.len() > 8, "{:?}", report.rewritten);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn damaged_models(damage in prop::collection::vec((any::<u8>(), any::<usize>(), any::<usize>()), 1..12)) {
        let mut model = net();
        for (kind, a, b) in damage {
            Damage(kind, a, b).to(&mut model);
        }
        check(&model)?;
    }

    #[test]
    fn damaged_bytes(damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = net().encode_to_vec();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(model) = ModelProto::decode(&bytes[..]) {
            check(&model)?;
        }
    }
}
