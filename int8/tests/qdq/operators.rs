//! Each operator between quantized values becomes its int8 form.

use normgate_int8::tract::pb::tensor_proto::DataType;
use normgate_int8::tract::pb::{AttributeProto, ModelProto};

use crate::support::graph::{int, ints, string};
use crate::support::qdq::{Qdq, X, Y, around, lowered, node, ops};

const BOTH: [DataType; 2] = [DataType::Uint8, DataType::Int8];

fn float(name: &str, f: f32) -> AttributeProto {
    AttributeProto {
        r#type: 1,
        f,
        i: 0,
        ..int(name, 0)
    }
}

/// The int8 node, whose inputs come from where the f32 node's came.
fn only(model: &ModelProto, op: &str, domain: &str, inputs: usize) -> ModelProto {
    assert_eq!(ops(model), [op]);
    let (lowered, report) = lowered(model);
    let node = node(&lowered, op);
    assert_eq!((node.domain.as_str(), node.input.len()), (domain, inputs));
    assert!(node.input.iter().all(|name| !name.is_empty()));
    assert_eq!(report.rewritten.values().sum::<usize>(), 1, "{report:?}");
    let output = &lowered.graph.as_ref().unwrap().output[0].name;
    assert_eq!(node.output.as_slice(), std::slice::from_ref(output));
    lowered
}

#[test]
fn unary_operators() {
    for of in BOTH {
        for (op, form) in [
            ("GlobalAveragePool", "QLinearGlobalAveragePool"),
            ("LeakyRelu", "QLinearLeakyRelu"),
            ("Sigmoid", "QLinearSigmoid"),
        ] {
            let model = around(of, |net, x| net.op(op, &[x], vec![]));
            let lowered = only(&model, form, "com.microsoft", 5);
            let node = node(&lowered, form);
            assert_eq!(node.input[0], "x");
            assert!(node.name.starts_with(op), "{}", node.name);
        }
    }
}

#[test]
fn attributes_are_kept() {
    let alpha = vec![float("alpha", 0.2)];
    let model = around(DataType::Uint8, |net, x| {
        net.op("LeakyRelu", &[x], alpha.clone())
    });
    let lowered = only(&model, "QLinearLeakyRelu", "com.microsoft", 5);
    assert_eq!(node(&lowered, "QLinearLeakyRelu").attribute, alpha);
}

#[test]
fn average_pools() {
    let attributes = vec![
        string("auto_pad", "NOTSET"),
        ints("kernel_shape", &[3, 3]),
        ints("pads", &[1; 4]),
        int("count_include_pad", 1),
    ];
    let mut with_dilations = attributes.clone();
    with_dilations.push(ints("dilations", &[1, 1]));
    let model = around(DataType::Uint8, |net, x| {
        net.op("AveragePool", &[x], with_dilations)
    });
    let lowered = only(&model, "QLinearAveragePool", "com.microsoft", 5);
    assert_eq!(node(&lowered, "QLinearAveragePool").attribute, attributes);
}

#[test]
fn sums_and_products() {
    for of in BOTH {
        for (op, form) in [("Add", "QLinearAdd"), ("Mul", "QLinearMul")] {
            let model = around(of, |net, x| {
                let other = net.input("other", Y);
                net.op(op, &[x, &other], vec![])
            });
            let lowered = only(&model, form, "com.microsoft", 8);
            let inputs = &node(&lowered, form).input;
            assert_eq!([&inputs[0], &inputs[3]], ["x", "other"]);
            // A value with itself.
            let model = around(of, |net, x| net.op(op, &[x, x], vec![]));
            let lowered = only(&model, form, "com.microsoft", 8);
            let inputs = &node(&lowered, form).input;
            assert_eq!([&inputs[0], &inputs[3]], ["x", "x"]);
        }
    }
}

#[test]
fn a_sum_with_a_constant() {
    let model = around(DataType::Uint8, |net, x| {
        let bytes = (0..8).collect();
        let c = net.constant(DataType::Uint8, &[8, 1, 1], bytes, &[0.1], 0);
        net.op("Add", &[x, &c], vec![])
    });
    only(&model, "QLinearAdd", "com.microsoft", 8);
}

#[test]
fn concatenations() {
    let model = around(DataType::Int8, |net, x| {
        let others = [net.input("b", Y), net.input("c", X)];
        net.op("Concat", &[x, &others[0], &others[1]], vec![int("axis", 1)])
    });
    let lowered = only(&model, "QLinearConcat", "com.microsoft", 11);
    let inputs = &node(&lowered, "QLinearConcat").input;
    assert_eq!([&inputs[2], &inputs[5], &inputs[8]], ["x", "b", "c"]);
}

#[test]
fn convolutions() {
    let attributes = vec![ints("kernel_shape", &[3, 3]), ints("pads", &[1; 4])];
    for of in BOTH {
        for scales in [vec![0.5], vec![0.1, 0.2, 0.3, 0.4]] {
            let model = around(of, |net, x| {
                let w = net.weights(&[4, 8, 3, 3], &scales, 0);
                net.op("Conv", &[x, &w], attributes.clone())
            });
            let lowered = only(&model, "QLinearConv", "", 8);
            assert_eq!(node(&lowered, "QLinearConv").attribute, attributes);
            let model = around(of, |net, x| {
                let w = net.weights(&[4, 8, 3, 3], &scales, 0);
                let steps: Vec<f32> = scales.iter().map(|w| X.scale * w).collect();
                let bias = net.bias(4, &steps);
                net.op("Conv", &[x, &w, &bias], attributes.clone())
            });
            only(&model, "QLinearConv", "", 9);
        }
    }
}

#[test]
fn unsigned_weights_in_the_middle() {
    let mut model = around(DataType::Uint8, |net, x| {
        let w = net.constant(DataType::Uint8, &[4, 8, 1, 1], vec![128; 32], &[0.5], 0);
        net.op("Conv", &[x, &w], vec![])
    });
    let graph = model.graph.as_mut().unwrap();
    let mut tensors = graph.initializer.iter_mut();
    let zero = tensors.find(|t| t.name.starts_with("zero")).unwrap();
    zero.raw_data = vec![128];
    only(&model, "QLinearConv", "", 8);
}

/// A linear layer on a vector of 8.
fn linear(op: &str, dims: &[i64], axis: i64, attributes: Vec<AttributeProto>) -> ModelProto {
    around(DataType::Uint8, |net, x| {
        let pooled = net.op("GlobalAveragePool", &[x], vec![]);
        let pooled = net.both(&pooled, X);
        let flat = net.op("Flatten", &[&pooled], vec![]);
        let flat = net.both(&flat, X);
        let w = net.weights(dims, &[0.1, 0.2, 0.3], axis);
        let bias = net.bias(3, &[0.1, 0.2, 0.3].map(|w| X.scale * w));
        match op {
            "Gemm" => net.op(op, &[&flat, &w, &bias], attributes),
            _ => net.op(op, &[&flat, &w], attributes),
        }
    })
}

#[test]
fn linear_layers() {
    let float_one = || vec![float("alpha", 1.0), float("beta", 1.0), int("transB", 1)];
    for (model, form, inputs, attributes) in [
        (linear("Gemm", &[8, 3], 1, vec![]), "QGemm", 9, 0),
        (linear("Gemm", &[8, 3], -1, vec![]), "QGemm", 9, 0),
        (linear("Gemm", &[3, 8], 0, float_one()), "QGemm", 9, 2),
        (linear("MatMul", &[8, 3], 1, vec![]), "QLinearMatMul", 8, 0),
    ] {
        assert_eq!(ops(&model), ["QLinearGlobalAveragePool", "Flatten", form]);
        let lowered = lowered(&model).0;
        let node = node(&lowered, form);
        assert_eq!(
            (node.input.len(), node.attribute.len()),
            (inputs, attributes)
        );
        assert!(node.attribute.iter().all(|a| a.name != "beta"));
    }
}

#[test]
fn a_gemm_without_a_bias() {
    let model = around(DataType::Uint8, |net, x| {
        let w = net.weights(&[6, 3], &[0.1], 1);
        net.op("Gemm", &[x, &w], vec![])
    });
    let lowered = lowered(&model).0;
    let inputs = &node(&lowered, "QGemm").input;
    assert_eq!((inputs.len(), inputs[6].as_str()), (9, ""));
}

#[test]
fn zero_points_that_are_left_out() {
    let mut model = around(DataType::Uint8, |net, x| {
        let w = net.weights(&[4, 8, 1, 1], &[0.5, 0.5, 0.5, 0.25], 0);
        net.op("Conv", &[x, &w], vec![])
    });
    for node in &mut model.graph.as_mut().unwrap().node {
        if node.op_type != "Conv" {
            node.input.truncate(2);
        }
    }
    let lowered = only(&model, "QLinearConv", "", 8);
    let initializers = &lowered.graph.as_ref().unwrap().initializer;
    let of = |at: usize| {
        let name = &node(&lowered, "QLinearConv").input[at];
        let found = initializers.iter().find(|t| t.name == *name).unwrap();
        (found.data_type, found.dims.clone(), found.raw_data.clone())
    };
    assert_eq!(of(2), (DataType::Uint8 as i32, vec![], vec![0]));
    assert_eq!(of(5), (DataType::Int8 as i32, vec![4], vec![0; 4]));
    assert_eq!(of(7), (DataType::Uint8 as i32, vec![], vec![0]));
}

#[test]
fn a_zero_point_left_out_with_a_type() {
    let mut model = around(DataType::Int8, |net, x| net.op("Sigmoid", &[x], vec![]));
    for node in &mut model.graph.as_mut().unwrap().node {
        match node.op_type.as_str() {
            "QuantizeLinear" => {
                node.input.truncate(2);
                node.attribute
                    .push(int("output_dtype", DataType::Int8 as i64));
            }
            // The input of the graph has the type.
            "DequantizeLinear" => node.input.truncate(2),
            _ => {}
        }
    }
    only(&model, "QLinearSigmoid", "com.microsoft", 5);
}

#[test]
fn the_quantizers_of_onnxruntimes_domain() {
    let mut model = around(DataType::Uint8, |net, x| net.op("Sigmoid", &[x], vec![]));
    for node in &mut model.graph.as_mut().unwrap().node {
        if node.op_type != "Sigmoid" {
            node.domain = "com.microsoft".into();
        }
    }
    only(&model, "QLinearSigmoid", "com.microsoft", 5);
}

#[test]
fn a_chain_of_operators() {
    let mut net = Qdq::new(DataType::Uint8);
    let x = net.input("x", X);
    let w = net.weights(&[8, 8, 1, 1], &[0.5], 0);
    let a = net.op("Conv", &[&x, &w], vec![]);
    let a = net.both(&a, Y);
    let b = net.op("Add", &[&a, &x], vec![]);
    let b = net.both(&b, X);
    let c = net.op("Sigmoid", &[&b], vec![]);
    let c = net.both(&c, Y);
    let d = net.op("Mul", &[&c, &b], vec![]);
    let d = net.both(&d, X);
    let model = net.finish(&d);
    let expected = [
        "QLinearConv",
        "QLinearAdd",
        "QLinearSigmoid",
        "QLinearMul",
        "DequantizeLinear",
    ];
    assert_eq!(ops(&model), expected);
}
