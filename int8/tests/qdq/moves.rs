//! What stands between operators and their quantizers: Relu, Clip, and operators that only move.

use normgate_int8::tract::pb::ModelProto;
use normgate_int8::tract::pb::tensor_proto::DataType;

use crate::support::graph::{Affine, Value, int, ints};
use crate::support::qdq::{Qdq, X, Y, bytes, lowered, names, node, nodes, ops};

fn affine(scale: f32, zero_point: i64) -> Affine {
    Affine { scale, zero_point }
}

/// A convolution, what `build` puts behind it, and a QuantizeLinear.
fn behind_conv(
    of: DataType,
    to: Affine,
    build: impl FnOnce(&mut Qdq, &Value) -> Value,
) -> ModelProto {
    let mut net = Qdq::new(of);
    let x = net.input("x", X);
    let w = net.weights(&[8, 8, 1, 1], &[0.5], 0);
    let y = net.op("Conv", &[&x, &w], vec![]);
    let y = build(&mut net, &y);
    let y = net.quantize(&y, to);
    net.finish(&y)
}

/// A dequantized value, what `build` puts behind it, and a QuantizeLinear.
fn alone(from: Affine, to: Affine, build: impl FnOnce(&mut Qdq, &Value) -> Value) -> ModelProto {
    let mut net = Qdq::new(DataType::Uint8);
    let x = net.input("x", from);
    let y = build(&mut net, &x);
    let y = net.quantize(&y, to);
    net.finish(&y)
}

fn relu(net: &mut Qdq, x: &Value) -> Value {
    net.op("Relu", &[x], vec![])
}

/// The bounds of the one Clip, `None` where it has none.
fn clip_codes(model: &ModelProto) -> [Option<u8>; 2] {
    let lowered = lowered(model).0;
    let inputs = &node(&lowered, "Clip").input;
    [1, 2].map(|at| {
        let name = inputs.get(at).filter(|name| !name.is_empty())?;
        Some(bytes(&lowered, name)[0])
    })
}

#[test]
fn a_relu_that_the_codes_imply_goes() {
    for (of, least) in [(DataType::Uint8, 0), (DataType::Int8, -128)] {
        let model = behind_conv(of, affine(0.1, least), relu);
        assert_eq!(ops(&model), ["QLinearConv"]);
        let report = lowered(&model).1;
        assert_eq!(report.rewritten["Relu"], 1);
    }
}

/// The slope of the one QLinearLeakyRelu, and whether its scales are equal.
fn leaky(model: &ModelProto) -> (f32, bool) {
    let lowered = lowered(model).0;
    let node = node(&lowered, "QLinearLeakyRelu");
    let value = |at: usize| bytes(&lowered, &node.input[at]);
    let equal = (value(1), value(2)) == (value(3), value(4));
    (node.attribute[0].f, equal)
}

#[test]
fn another_relu_is_a_relu_of_codes() {
    let model = behind_conv(DataType::Uint8, affine(0.1, 5), relu);
    assert_eq!(ops(&model), ["QLinearConv", "QLinearLeakyRelu"]);
    assert_eq!(leaky(&model), (0.0, true));
    let model = behind_conv(DataType::Uint8, affine(0.1, 5), clip(Some(0.0), Some(26.0)));
    assert_eq!(ops(&model), ["QLinearConv", "QLinearLeakyRelu"]);
}

fn clip(low: Option<f32>, high: Option<f32>) -> impl FnOnce(&mut Qdq, &Value) -> Value {
    move |net, x| {
        let none = Value {
            name: String::new(),
            ..x.clone()
        };
        let mut bound = |b: Option<f32>| b.map_or(none.clone(), |b| net.floats("b", &[], &[b]));
        let bounds = [bound(low), bound(high)];
        net.op("Clip", &[x, &bounds[0], &bounds[1]], vec![])
    }
}

#[test]
fn a_clip_is_a_bound_where_it_is_inside_the_codes() {
    let to = affine(0.1, 10);
    for (low, high, expected) in [
        (Some(-1.0), Some(24.5), None),
        (Some(-9.0), Some(99.0), None),
        // Rounds to the least code.
        (Some(-0.96), None, None),
        (None, None, None),
        (Some(0.0), Some(6.0), Some([Some(10), Some(70)])),
        (Some(-0.94), None, Some([Some(1), None])),
        (None, Some(24.0), Some([None, Some(250)])),
    ] {
        let model = behind_conv(DataType::Uint8, to, clip(low, high));
        match expected {
            None => assert_eq!(ops(&model), ["QLinearConv"], "{low:?} {high:?}"),
            Some(codes) => assert_eq!(clip_codes(&model), codes, "{low:?} {high:?}"),
        }
    }
}

#[test]
fn a_relu_alone_is_a_table() {
    let model = alone(X, X, relu);
    assert_eq!(ops(&model), ["QLinearLeakyRelu"]);
    assert_eq!(leaky(&model), (0.0, true));
    // No code is below.
    let zero = affine(0.02, 0);
    assert_eq!(ops(&alone(zero, zero, relu)), ["Identity"]);
    let model = alone(X, Y, relu);
    assert_eq!(ops(&model), ["QLinearLeakyRelu"]);
    assert_eq!(leaky(&model), (0.0, false));
    // No code of the output is below.
    let model = alone(X, affine(0.3, 0), relu);
    assert_eq!(ops(&model), ["QLinearLeakyRelu"]);
    assert_eq!(leaky(&model), (1.0, false));
}

#[test]
fn movers_between_equal_scales_work_on_codes() {
    let kernel = || vec![ints("kernel_shape", &[2, 2])];
    for (op, attributes) in [
        ("MaxPool", kernel()),
        ("Flatten", vec![]),
        ("Transpose", vec![ints("perm", &[0, 2, 3, 1])]),
        ("Squeeze", vec![]),
    ] {
        // The quantized value goes on to another operator.
        let mut net = Qdq::new(DataType::Uint8);
        let x = net.input("x", X);
        let y = net.op(op, &[&x], attributes.clone());
        let y = net.both(&y, X);
        let y = net.op("Sigmoid", &[&y], vec![]);
        let y = net.quantize(&y, Y);
        let model = net.finish(&y);
        assert_eq!(ops(&model), [op, "QLinearSigmoid"]);
        let lowered = lowered(&model).0;
        assert_eq!(node(&lowered, op).input[0], "x");
        assert_eq!(node(&lowered, op).attribute, attributes);
    }
}

#[test]
fn movers_keep_their_other_inputs() {
    for op in ["Reshape", "Unsqueeze"] {
        let model = alone(X, X, |net, x| {
            let shape = net
                .graph
                .constant("shape", DataType::Int64, &[1], vec![0xff; 8]);
            let shape = Value {
                name: shape,
                ..x.clone()
            };
            net.op(op, &[x, &shape], vec![])
        });
        assert_eq!(ops(&model), [op]);
        assert!(node(&lowered(&model).0, op).input[1].starts_with("shape"));
    }
}

#[test]
fn movers_stand_aside_for_the_operator_in_front() {
    let model = behind_conv(DataType::Uint8, affine(0.1, 0), |net, x| {
        let y = net.op("MaxPool", &[x], vec![ints("kernel_shape", &[2, 2])]);
        let y = net.op("Relu", &[&y], vec![]);
        net.op("Transpose", &[&y], vec![])
    });
    assert_eq!(ops(&model), ["QLinearConv", "MaxPool", "Transpose"]);
}

#[test]
fn movers_stand_aside_for_the_operator_behind() {
    let model = alone(X, Y, |net, x| {
        let y = net.op("Flatten", &[x], vec![]);
        net.op("Sigmoid", &[&y], vec![])
    });
    assert_eq!(ops(&model), ["Flatten", "QLinearSigmoid"]);
}

#[test]
fn a_split_of_codes() {
    let mut net = Qdq::new(DataType::Uint8);
    let x = net.input("x", X);
    let a = net.op("Split", &[&x], vec![int("axis", 1)]);
    let b = Value {
        name: "b".into(),
        ..a.clone()
    };
    net.graph
        .proto
        .node
        .last_mut()
        .unwrap()
        .output
        .push("b".into());
    let parts = [net.both(&a, X), net.both(&b, X)];
    let y = net.op("Mul", &[&parts[0], &parts[1]], vec![]);
    let y = net.quantize(&y, Y);
    assert_eq!(ops(&net.finish(&y)), ["Split", "QLinearMul"]);
}

#[test]
fn other_scales_behind_a_mover_are_a_table() {
    let model = alone(X, Y, |net, x| net.op("Flatten", &[x], vec![]));
    assert_eq!(ops(&model), ["Flatten", "QLinearLeakyRelu"]);
}

#[test]
fn a_pool_that_also_gives_indices_stays() {
    let model = alone(X, X, |net, x| {
        let y = net.op("MaxPool", &[x], vec![ints("kernel_shape", &[2, 2])]);
        net.graph
            .proto
            .node
            .last_mut()
            .unwrap()
            .output
            .push("indices".into());
        y
    });
    let (lowered, report) = lowered(&model);
    assert_eq!(
        names(&lowered),
        ["DequantizeLinear", "MaxPool", "QuantizeLinear"]
    );
    assert_eq!(
        report.left[0].to_string(),
        "MaxPool node \"MaxPool_1\": no int8 form"
    );
}

#[test]
fn pairs_of_the_same_codes_go() {
    let mut net = Qdq::new(DataType::Uint8);
    let x = net.input("x", X);
    let y = net.both(&x, X);
    let y = net.both(&y, X);
    let y = net.op("Sigmoid", &[&y], vec![]);
    let y = net.both(&y, Y);
    let y = net.quantize(&y, Y);
    let model = net.finish(&y);
    // The name of the output stays.
    assert_eq!(ops(&model), ["QLinearSigmoid", "Identity"]);
    let lowered = lowered(&model).0;
    assert_eq!(nodes(&lowered)[1].output, [y.name]);
}

#[test]
fn pairs_of_other_codes_are_a_table() {
    let model = alone(X, Y, |_, x| x.clone());
    assert_eq!(ops(&model), ["QLinearLeakyRelu"]);
    let lowered = lowered(&model).0;
    assert_eq!(node(&lowered, "QLinearLeakyRelu").attribute[0].f, 1.0);
}
