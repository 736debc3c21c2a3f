//! Values with several readers, outputs, subgraphs, and what is no longer needed.

use normgate_int8::qdq::{Malformed, Reason, Report, lower};
use normgate_int8::tract::pb::tensor_proto::DataType;
use normgate_int8::tract::pb::{GraphProto, ModelProto, NodeProto};

use crate::support::graph::{Value, int};
use crate::support::qdq::{Qdq, X, Y, around, lowered, names, node_mut, ops, refusal};

/// Makes values outputs of the graph.
fn expose(model: &mut ModelProto, names: &[&str]) {
    let graph = model.graph.as_mut().unwrap();
    for name in names {
        let mut output = graph.output[0].clone();
        output.name = (*name).into();
        graph.output.push(output);
    }
}

fn sigmoid() -> ModelProto {
    around(DataType::Uint8, |net, x| net.op("Sigmoid", &[x], vec![]))
}

#[test]
fn a_real_output_keeps_its_operator() {
    let mut model = sigmoid();
    expose(&mut model, &["Sigmoid_1_out"]);
    assert_eq!(refusal(&model, "Sigmoid"), Reason::OutputShared);
}

#[test]
fn a_dequantized_output_stays_beside_the_codes() {
    let mut model = sigmoid();
    expose(&mut model, &["DequantizeLinear_0_out"]);
    assert_eq!(ops(&model), ["DequantizeLinear", "QLinearSigmoid"]);
}

#[test]
fn two_readers_of_a_dequantized_value() {
    let mut net = Qdq::new(DataType::Uint8);
    let x = net.input("x", X);
    let a = net.op("Sigmoid", &[&x], vec![]);
    let a = net.both(&a, Y);
    let b = net.op("Softmax", &[&x], vec![]);
    let b = net.both(&b, Y);
    let y = net.op("Mul", &[&a, &b], vec![]);
    let y = net.quantize(&y, X);
    let (lowered, report) = lowered(&net.finish(&y));
    let expected = [
        "DequantizeLinear",
        "QLinearSigmoid",
        "Softmax",
        "QuantizeLinear",
        "QLinearMul",
    ];
    assert_eq!(names(&lowered), expected);
    assert_eq!(report.left.len(), 1);
    assert_eq!(report.left[0].reason, Reason::NoInt8Form);
    assert_eq!(report.rewritten.len(), 2);
}

#[test]
fn quantizers_that_give_the_same_codes_are_one() {
    for exposed in 0..3 {
        let mut net = Qdq::new(DataType::Uint8);
        let x = net.input("x", X);
        let y = net.op("Sigmoid", &[&x], vec![]);
        let codes = [net.quantize(&y, Y), net.quantize(&y, Y)];
        let real = [net.dequantize(&codes[0], Y), net.dequantize(&codes[1], Y)];
        let y = net.op("Add", &[&real[0], &real[1]], vec![]);
        let y = net.quantize(&y, X);
        let mut model = net.finish(&y);
        if exposed > 0 {
            expose(&mut model, &[&codes[exposed - 1].name]);
        }
        assert_eq!(ops(&model), ["QLinearSigmoid", "QLinearAdd"]);
    }
}

#[test]
fn quantizers_that_give_other_codes_are_not() {
    let mut net = Qdq::new(DataType::Uint8);
    let x = net.input("x", X);
    let y = net.op("Sigmoid", &[&x], vec![]);
    let real = [net.both(&y, X), net.both(&y, Y)];
    let y = net.op("Add", &[&real[0], &real[1]], vec![]);
    let y = net.quantize(&y, X);
    assert_eq!(refusal(&net.finish(&y), "Sigmoid"), Reason::OutputShared);
}

/// An If whose branches read a value from outside.
fn with_subgraph(read: &str) -> ModelProto {
    let mut model = sigmoid();
    let branch = GraphProto {
        node: vec![NodeProto {
            op_type: "Abs".into(),
            input: vec![read.into()],
            output: vec!["inner".into()],
            ..Default::default()
        }],
        output: vec![Default::default()],
        ..Default::default()
    };
    let mut attribute = int("then_branch", 0);
    attribute.r#type = 5;
    attribute.g = Some(branch);
    let graph = model.graph.as_mut().unwrap();
    graph.node.push(NodeProto {
        op_type: "If".into(),
        input: vec!["x".into()],
        output: vec!["if".into()],
        attribute: vec![attribute],
        ..Default::default()
    });
    expose(&mut model, &["if"]);
    model
}

#[test]
fn values_that_subgraphs_read_stay() {
    let expected = ["QLinearSigmoid", "If"];
    assert_eq!(ops(&with_subgraph("x")), expected);
    assert_eq!(ops(&with_subgraph("QuantizeLinear_2_out")), expected);
    let mut with_real = vec!["DequantizeLinear"];
    with_real.extend(expected);
    assert_eq!(ops(&with_subgraph("DequantizeLinear_0_out")), with_real);
    let model = with_subgraph("Sigmoid_1_out");
    assert_eq!(refusal(&model, "Sigmoid"), Reason::OutputShared);
}

#[test]
fn what_is_not_needed_goes() {
    let mut model = sigmoid();
    let graph = model.graph.as_mut().unwrap();
    for (input, output) in [("x", "dead"), ("dead", "deader")] {
        graph.node.push(NodeProto {
            op_type: "Abs".into(),
            input: vec![input.into()],
            output: vec![output.into()],
            ..Default::default()
        });
    }
    let mut unused = graph.initializer[0].clone();
    unused.name = "unused".into();
    graph.initializer.push(unused);
    assert_eq!(ops(&model), ["QLinearSigmoid"]);
}

#[test]
fn nodes_out_of_order_are_put_in_order() {
    let mut model = around(DataType::Uint8, |net, x| {
        let w = net.weights(&[8, 8, 1, 1], &[0.5], 0);
        let y = net.op("Conv", &[x, &w], vec![]);
        let y = net.both(&y, Y);
        net.op("Softmax", &[&y], vec![])
    });
    model.graph.as_mut().unwrap().node.reverse();
    let (lowered, _) = lowered(&model);
    let expected = [
        "QLinearConv",
        "DequantizeLinear",
        "Softmax",
        "QuantizeLinear",
    ];
    assert_eq!(names(&lowered), expected);
}

#[test]
fn the_domain_is_imported_where_it_is_used() {
    let import = |build: fn(&mut Qdq, &Value) -> Value| {
        let mut model = around(DataType::Uint8, build);
        model.opset_import.truncate(1);
        lower(&mut model);
        let domains = model
            .opset_import
            .iter()
            .map(|o| (o.domain.clone(), o.version));
        domains.collect::<Vec<_>>()
    };
    let microsoft = ("com.microsoft".to_string(), 1);
    let onnx = (String::new(), 17);
    let with = import(|net, x| net.op("Sigmoid", &[x], vec![]));
    assert_eq!(with, [onnx.clone(), microsoft]);
    let without = import(|net, x| net.op("Softmax", &[x], vec![]));
    assert_eq!(without, [onnx]);
}

fn untouched(change: impl FnOnce(&mut ModelProto)) -> Option<Malformed> {
    let mut model = sigmoid();
    change(&mut model);
    let before = model.clone();
    let report = lower(&mut model);
    assert!(model == before);
    assert!(report.rewritten.is_empty() && report.left.is_empty());
    report.untouched
}

#[test]
fn a_model_that_is_not_quantized_is_not_touched() {
    let none = untouched(|model| {
        let graph = model.graph.as_mut().unwrap();
        graph.node.retain(|node| node.op_type == "Sigmoid");
    });
    assert_eq!(none, None);
    assert_eq!(
        lower(&mut ModelProto::default()),
        Report {
            untouched: Some(Malformed::NoGraph),
            ..Default::default()
        }
    );
}

#[test]
fn a_malformed_model_is_not_touched() {
    let old = untouched(|model| model.opset_import[0].version = 12);
    assert_eq!(old, Some(Malformed::Opset { found: 12 }));
    let none = untouched(|model| model.opset_import.clear());
    assert_eq!(none, Some(Malformed::Opset { found: 0 }));
    let cycle = untouched(|model| {
        let output = model.graph.as_ref().unwrap().output[0].name.clone();
        node_mut(model, "DequantizeLinear").input[0] = output;
    });
    assert_eq!(cycle, Some(Malformed::Cycle));
    let long = untouched(|model| node_mut(model, "Sigmoid").output.push("x".repeat(5000)));
    assert_eq!(long, Some(Malformed::LongName { bytes: 5000 }));
    let many = untouched(|model| {
        let node = node_mut(model, "Sigmoid").clone();
        model.graph.as_mut().unwrap().node.resize(70_000, node);
    });
    assert_eq!(many, Some(Malformed::TooManyNodes { count: 70_000 }));
}

#[test]
fn a_name_with_two_values_is_malformed() {
    let name = |name: &str| Some(Malformed::DefinedTwice { name: name.into() });
    let by_nodes = untouched(|model| {
        let node = node_mut(model, "Sigmoid").clone();
        model.graph.as_mut().unwrap().node.push(node);
    });
    assert_eq!(by_nodes, name("Sigmoid_1_out"));
    let by_node_and_input = untouched(|model| node_mut(model, "Sigmoid").output[0] = "x".into());
    assert_eq!(by_node_and_input, name("x"));
    let by_initializers = untouched(|model| {
        let graph = model.graph.as_mut().unwrap();
        graph.initializer.push(graph.initializer[0].clone());
    });
    assert_eq!(by_initializers, name("dq_scale_0"));
}

#[test]
fn names_that_are_taken_are_not_given_again() {
    let mut model = around(DataType::Uint8, |net, x| {
        let high = net.floats("high", &[], &[5.0]);
        net.op("Clip", &[x, &x.clone(), &high], vec![])
    });
    node_mut(&mut model, "Clip").input[1].clear();
    for taken in 0..4 {
        for base in ["bound", "QuantizeLinear_2_out", "x"] {
            let name = format!("{base}_qdq{taken}");
            expose(&mut model, &[&name]);
            model.graph.as_mut().unwrap().node.push(NodeProto {
                op_type: "Abs".into(),
                input: vec!["x".into()],
                output: vec![name],
                ..Default::default()
            });
        }
    }
    let mut ops = ops(&model);
    ops.retain(|op| op != "Abs");
    assert_eq!(ops, ["QLinearLeakyRelu", "Clip"]);
}
