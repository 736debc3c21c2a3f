//! What has no exact int8 form stays in f32, with the reason.

use normgate_int8::qdq::{Reason, lower};
use normgate_int8::tract::pb::tensor_proto::DataType;
use normgate_int8::tract::pb::{ModelProto, TensorProto};

use crate::support::graph::{Affine, Value, int, ints};
use crate::support::qdq::{Qdq, X, Y, around, lowered, names, node_mut, refusal};

fn conv_of(of: DataType, build: impl FnOnce(&mut Qdq) -> Vec<Value>) -> ModelProto {
    around(of, |net, x| {
        let parameters = build(net);
        let mut inputs = vec![x];
        inputs.extend(&parameters);
        net.op("Conv", &inputs, vec![])
    })
}

/// A 1x1 convolution from 8 channels to 4.
fn conv(build: impl FnOnce(&mut Qdq) -> Vec<Value>) -> Reason {
    refusal(&conv_of(DataType::Uint8, build), "Conv")
}

/// The same, whole, then with one change.
fn changed(change: impl FnOnce(&mut ModelProto)) -> Reason {
    let mut model = conv_of(DataType::Uint8, |net| {
        vec![net.weights(&[4, 8, 1, 1], &[0.5], 0)]
    });
    change(&mut model);
    refusal(&model, "Conv")
}

fn tensor<'a>(model: &'a mut ModelProto, prefix: &str) -> &'a mut TensorProto {
    let mut tensors = model.graph.as_mut().unwrap().initializer.iter_mut();
    tensors
        .find(|tensor| tensor.name.starts_with(prefix))
        .unwrap()
}

#[test]
fn operators_without_an_int8_form() {
    let model = around(DataType::Uint8, |net, x| net.op("Softmax", &[x], vec![]));
    assert_eq!(refusal(&model, "Softmax"), Reason::NoInt8Form);
    let mut model = around(DataType::Uint8, |net, x| net.op("Sigmoid", &[x], vec![]));
    node_mut(&mut model, "Sigmoid").domain = "elsewhere".into();
    let mut changed = model.clone();
    let report = lower(&mut changed);
    assert_eq!(report.left[0].reason, Reason::NoInt8Form);
}

#[test]
fn a_chain_of_f32_is_listed_node_by_node() {
    let model = around(DataType::Uint8, |net, x| {
        let y = net.op("Softmax", &[x], vec![]);
        let y = net.op("Sigmoid", &[&y], vec![]);
        net.op("Log", &[&y], vec![])
    });
    let (_, report) = lowered(&model);
    let lines: Vec<String> = report.left.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "Softmax node \"Softmax_1\": no int8 form",
            "Sigmoid node \"Sigmoid_2\": the output is not quantized",
            "Log node \"Log_3\": no int8 form",
        ]
    );
}

#[test]
fn f32_that_no_quantizer_follows_is_listed_where_it_has_a_form() {
    let mut net = Qdq::new(DataType::Uint8);
    let x = net.input("x", X);
    let w = net.weights(&[8, 3], &[0.5], 1);
    let y = net.op("Gemm", &[&x, &w], vec![]);
    let y = net.op("Softmax", &[&y], vec![]);
    let model = net.finish(&y);
    assert_eq!(refusal(&model, "Gemm"), Reason::NotQuantized);
}

#[test]
fn inputs_and_outputs_in_f32() {
    let model = around(DataType::Uint8, |net, x| {
        let c = net.floats("c", &[8, 1, 1], &[0.5; 8]);
        net.op("Add", &[x, &c], vec![])
    });
    assert_eq!(refusal(&model, "Add"), Reason::NotDequantized { input: 1 });
    let model = conv(|net| vec![net.floats("w", &[4, 8, 1, 1], &[0.5; 32])]);
    assert_eq!(model, Reason::NotDequantized { input: 1 });
}

#[test]
fn scales_for_each_channel_of_an_activation() {
    let mut model = around(DataType::Uint8, |net, x| net.op("Sigmoid", &[x], vec![]));
    for prefix in ["dq_scale", "dq_zero"] {
        let tensor = tensor(&mut model, prefix);
        tensor.dims = vec![8];
        tensor.raw_data = tensor.raw_data.repeat(8);
    }
    assert_eq!(
        refusal(&model, "Sigmoid"),
        Reason::PerAxis { of: "x".into() }
    );
}

#[test]
fn parameters_that_are_not_constant_or_not_of_their_form() {
    for change in [
        (|t: &mut TensorProto| t.dims = vec![2]) as fn(&mut TensorProto),
        |t| t.dims = vec![1, 1],
        |t| t.dims = vec![i64::MAX, i64::MAX],
        |t| t.dims = vec![-1],
        |t| t.dims = vec![0],
        |t| t.data_type = DataType::Float16 as i32,
        |t| t.data_type = 99,
        |t| t.raw_data.clear(),
        |t| t.raw_data.push(0),
        |t| t.data_location = Some(1),
        |t| t.name = "elsewhere".into(),
    ] {
        let mut model = around(DataType::Uint8, |net, x| net.op("Sigmoid", &[x], vec![]));
        change(tensor(&mut model, "dq_scale"));
        let mut after = model.clone();
        let report = lower(&mut after);
        assert_eq!(report.left[0].reason, Reason::Parameters { of: "x".into() });
        assert_eq!(names(&after), names(&model));
    }
    let reason = Reason::Parameters { of: "x".into() };
    let mut model = around(DataType::Uint8, |net, x| net.op("Sigmoid", &[x], vec![]));
    let dequantize = node_mut(&mut model, "DequantizeLinear");
    dequantize.attribute.push(int("block_size", 2));
    assert_eq!(refusal(&model, "Sigmoid"), reason);
}

#[test]
fn scales_that_cannot_be_computed_with() {
    for scale in [0.0, -0.5, f32::NAN, f32::INFINITY, 1e-40, f32::MAX] {
        let mut model = around(DataType::Uint8, |net, x| net.op("Sigmoid", &[x], vec![]));
        tensor(&mut model, "q_scale").raw_data = scale.to_le_bytes().into();
        let of = "QuantizeLinear_2_out".to_string();
        let scale = scale.to_string();
        assert_eq!(refusal(&model, "Sigmoid"), Reason::Scale { of, scale });
    }
}

#[test]
fn scales_that_have_no_use_together() {
    let refused = |op: &str, from: f32, to: f32| {
        let mut net = Qdq::new(DataType::Uint8);
        let affine = |scale| Affine {
            scale,
            zero_point: 9,
        };
        let x = net.input("x", affine(from));
        let w = net.weights(&[8, 8, 1, 1], &[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0], 0);
        let y = match op {
            "Conv" => net.op(op, &[&x, &w], vec![]),
            "GlobalAveragePool" => net.op(op, &[&x], vec![]),
            _ => net.op(op, &[&x, &x], vec![]),
        };
        let y = net.quantize(&y, affine(to));
        match refusal(&net.finish(&y), op) {
            Reason::Multiplier { found, .. } => found,
            other => panic!("{other}"),
        }
    };
    assert_eq!(refused("Add", 256.0, 1.0), "256");
    assert_eq!(refused("Mul", 16.0, 1.0), "256");
    assert_eq!(refused("Mul", 1e30, 1.0), "inf");
    assert_eq!(refused("Conv", 128.0, 1.0), "256");
    assert_eq!(refused("GlobalAveragePool", 256.0, 1.0), "256");
    assert_eq!(refused("GlobalAveragePool", 1.0, 512.0), "0.001953125");
}

#[test]
fn codes_of_two_types() {
    let mut net = Qdq::new(DataType::Int8);
    let x = net.input("x", X);
    net.of = DataType::Uint8;
    let y = net.op("Sigmoid", &[&x], vec![]);
    let y = net.quantize(&y, Y);
    let model = net.finish(&y);
    assert_eq!(
        refusal(&model, "Sigmoid"),
        Reason::CodeTypes { of: "x".into() }
    );
    // 16 bits are not codes at all.
    let wide = Qdq::new(DataType::Uint16);
    let mut net = wide;
    let codes = net.graph.input("x", DataType::Uint16, &[8]);
    let scale = net.graph.floats("scale", &[], &[0.5]);
    let inputs = vec![codes.name, scale];
    let x = net
        .graph
        .node("DequantizeLinear", inputs, vec![], DataType::Float, &[8]);
    net.of = DataType::Uint8;
    let y = net.op("Sigmoid", &[&x], vec![]);
    let y = net.quantize(&y, Y);
    let (after, report) = lowered(&net.finish(&y));
    assert_eq!(report.left.len(), 1);
    assert_eq!(
        names(&after),
        ["DequantizeLinear", "Sigmoid", "QuantizeLinear"]
    );
}

#[test]
fn weights_of_another_form() {
    let shape = |dims: &[i64]| Reason::WeightsShape {
        found: dims.into(),
        expected: "[M, C / group, kH, kW]",
    };
    for dims in [&[4, 8, 1][..], &[4, 8, 1, 1, 1]] {
        assert_eq!(conv(|net| vec![net.weights(dims, &[0.5], 0)]), shape(dims));
    }
    let axis = |axis, scales| Reason::Axis {
        of: "codes_2".into(),
        scales,
        axis,
        channels: 4,
        expected: 0,
    };
    let reason = conv(|net| vec![net.weights(&[4, 4, 1, 1], &[0.5; 4], 1)]);
    assert_eq!(reason, axis(1, 4));
    let reason = conv(|net| vec![net.weights(&[4, 8, 1, 1], &[0.5; 3], 0)]);
    assert_eq!(reason, axis(0, 3));
    let reason = conv(|net| vec![net.weights(&[4, 8, 1, 1], &[0.5; 4], i64::MIN)]);
    assert_eq!(reason, axis(i64::MIN, 4));
    let computed = conv(|net| vec![net.input("w", X)]);
    assert_eq!(computed, Reason::WeightsNotConstant);
}

#[test]
fn weights_that_are_not_symmetric() {
    let reason = changed(|model| tensor(model, "zero").raw_data = vec![1]);
    let asymmetric = |found, expected| Reason::WeightsNotSymmetric { found, expected };
    assert_eq!(reason, asymmetric(1, 0));
    let unsigned = |net: &mut Qdq| {
        let bytes = vec![0; 32];
        vec![net.constant(DataType::Uint8, &[4, 8, 1, 1], bytes, &[0.5], 0)]
    };
    assert_eq!(conv(unsigned), asymmetric(0, 128));
    let signed = refusal(&conv_of(DataType::Int8, unsigned), "Conv");
    assert_eq!(
        signed,
        Reason::CodeTypes {
            of: "codes_2".into()
        }
    );
}

#[test]
fn biases_that_cannot_be_added_to_the_sums() {
    let with = |bias: fn(&mut Qdq) -> Value| {
        conv(move |net| vec![net.weights(&[4, 8, 1, 1], &[0.5], 0), bias(net)])
    };
    let bias = Reason::Bias { channels: 4 };
    assert_eq!(with(|net| net.floats("b", &[3], &[0.0; 3])), bias);
    assert_eq!(with(|net| net.floats("b", &[1, 4], &[0.0; 4])), bias);
    assert_eq!(with(|net| net.bias(3, &[0.01])), bias);
    assert_eq!(with(|net| net.input("b", X)), bias);
    let missing = Reason::NotDequantized { input: 2 };
    assert_eq!(
        with(|net| net.graph.input("b", DataType::Float, &[4])),
        missing
    );
    assert_eq!(with(|net| net.bias(4, &[0.0101])), Reason::BiasScale);
    assert_eq!(
        with(|net| net.bias(4, &[0.01, 0.01, 0.01, 0.02])),
        Reason::BiasScale
    );
    let range = with(|net| net.floats("b", &[4], &[0.0, 0.0, 3e7, 0.0]));
    assert_eq!(range, Reason::BiasRange);
    let nan = with(|net| net.floats("b", &[4], &[f32::NAN; 4]));
    assert_eq!(nan, Reason::BiasRange);
    let shifted = refusal(
        &{
            let mut model = conv_of(DataType::Uint8, |net| {
                vec![net.weights(&[4, 8, 1, 1], &[0.5], 0), net.bias(4, &[0.01])]
            });
            let graph = model.graph.as_mut().unwrap();
            let zero = graph
                .initializer
                .iter_mut()
                .filter(|t| t.name.starts_with("zero"));
            zero.last().unwrap().raw_data = 1i32.to_le_bytes().into();
            model
        },
        "Conv",
    );
    assert_eq!(shifted, Reason::BiasScale);
}

#[test]
fn attributes_that_the_int8_operator_does_not_have() {
    let attribute = |name: &str| Reason::Attribute { name: name.into() };
    let strange = changed(|model| node_mut(model, "Conv").attribute.push(int("strange", 1)));
    assert_eq!(strange, attribute("strange"));
    let pool = |attributes| {
        let model = around(DataType::Uint8, |net, x| {
            net.op("AveragePool", &[x], attributes)
        });
        refusal(&model, "AveragePool")
    };
    assert_eq!(pool(vec![]), attribute("kernel_shape"));
    assert_eq!(
        pool(vec![ints("kernel_shape", &[3])]),
        attribute("kernel_shape")
    );
    let dilated = vec![ints("kernel_shape", &[2, 2]), ints("dilations", &[1, 2])];
    assert_eq!(pool(dilated), attribute("dilations"));
    for (name, value) in [("transA", 1), ("alpha", 2), ("beta", 0)] {
        let model = around(DataType::Uint8, |net, x| {
            let w = net.weights(&[6, 3], &[0.5], 1);
            net.op("Gemm", &[x, &w], vec![int(name, value)])
        });
        assert_eq!(refusal(&model, "Gemm"), attribute(name));
    }
}

#[test]
fn a_clamp_whose_bounds_are_computed() {
    let model = around(DataType::Uint8, |net, x| {
        let bound = net.graph.input("bound", DataType::Float, &[]);
        net.op("Clip", &[x, &bound], vec![])
    });
    assert_eq!(refusal(&model, "Clip"), Reason::NoInt8Form);
}

/// A file can say anything of its values.
#[test]
fn codes_of_another_type_than_the_zero_point() {
    let mut model = around(DataType::Uint8, |net, x| net.op("Sigmoid", &[x], vec![]));
    tensor(&mut model, "dq_zero").data_type = DataType::Int8 as i32;
    assert_eq!(
        refusal(&model, "Sigmoid"),
        Reason::NotDequantized { input: 0 }
    );
}

#[test]
fn as_many_new_constants_as_the_file_has() {
    // A bias of 60 kB that 100 convolutions share.
    let channels = 15_000;
    let mut net = Qdq::new(DataType::Uint8);
    let mut x = net.input("x", X);
    let bias = net.floats("bias", &[channels], &vec![0.5; channels as usize]);
    let w = net
        .graph
        .constant("w", DataType::Int8, &[channels, 1, 1, 1], vec![]);
    let scale = net.graph.floats("scale", &[], &[0.5]);
    let zero = net.graph.constant("zero", DataType::Int8, &[], vec![0]);
    let w = net.graph.node(
        "DequantizeLinear",
        vec![w, scale, zero],
        vec![],
        DataType::Float,
        &[],
    );
    for scale in 1..=100 {
        let affine = Affine {
            scale: scale as f32,
            zero_point: 0,
        };
        let y = net.op("Conv", &[&x, &w, &bias], vec![]);
        x = net.both(&y, affine);
    }
    let mut lowered = net.finish(&x);
    let report = lower(&mut lowered);
    let reasons: Vec<_> = report.left.iter().map(|left| &left.reason).collect();
    assert!(reasons.len() > 90 && reasons.iter().all(|r| **r == Reason::NoRoom));
    let held = |t: &TensorProto| t.raw_data.len();
    let bytes: usize = lowered.graph.unwrap().initializer.iter().map(held).sum();
    assert!(bytes < 200_000, "{bytes}");
}
