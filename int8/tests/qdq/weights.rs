//! Weights and biases, in whatever form they come.

use normgate_int8::tract::pb::tensor_proto::DataType;
use normgate_int8::tract::pb::{ModelProto, NodeProto, TensorProto};

use crate::support::graph::{Value, int, ints};
use crate::support::qdq::{Qdq, X, around, bytes, lowered, node, node_mut, ops};

/// A 1x1 convolution from 8 channels to 2 with weights that are quantized in the graph.
fn with_float_weights(values: &[f32; 16], scales: &[f32], of: DataType) -> ModelProto {
    around(DataType::Uint8, |net, x| {
        let w = quantized(net, &[2, 8, 1, 1], values, scales, of);
        net.op("Conv", &[x, &w], vec![])
    })
}

fn quantized(net: &mut Qdq, dims: &[i64], values: &[f32], scales: &[f32], of: DataType) -> Value {
    let w = net.floats("w", dims, values);
    let shape: &[i64] = if scales.len() == 1 {
        &[]
    } else {
        &[scales.len() as i64]
    };
    let scale = net.graph.floats("w_scale", shape, scales);
    let zeros = vec![if of == DataType::Uint8 { 128 } else { 0 }; scales.len()];
    let zero = net.graph.constant("w_zero", of, shape, zeros);
    let axis = || vec![int("axis", 0)];
    let inputs = |of: String| vec![of, scale.clone(), zero.clone()];
    let codes = net
        .graph
        .node("QuantizeLinear", inputs(w.name), axis(), of, dims);
    net.graph.node(
        "DequantizeLinear",
        inputs(codes.name),
        axis(),
        DataType::Float,
        dims,
    )
}

fn weights(model: &ModelProto) -> Vec<i8> {
    let (lowered, report) = lowered(model);
    assert_eq!(report.left, []);
    let name = &node(&lowered, "QLinearConv").input[3];
    bytes(&lowered, name)
        .iter()
        .map(|byte| *byte as i8)
        .collect()
}

const VALUES: [f32; 16] = [
    0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5, 127.5, -128.5, 1e9, -1e9, 0.49, -0.51, 3.0, -3.0, 0.0,
];

#[test]
fn float_weights_are_rounded_to_even_and_saturate() {
    let model = with_float_weights(&VALUES, &[1.0], DataType::Int8);
    assert_eq!(
        weights(&model),
        [
            0, 2, 2, 0, -2, -2, 126, 127, -128, 127, -128, 0, -1, 3, -3, 0
        ]
    );
}

#[test]
fn float_weights_with_a_scale_for_each_channel() {
    let model = with_float_weights(&VALUES, &[1.0, 0.5], DataType::Int8);
    assert_eq!(
        weights(&model),
        [
            0, 2, 2, 0, -2, -2, 126, 127, -128, 127, -128, 1, -1, 6, -6, 0
        ]
    );
}

#[test]
fn float_weights_to_unsigned_codes() {
    let model = with_float_weights(&VALUES, &[1.0], DataType::Uint8);
    let signed: Vec<i8> = weights(&model)
        .iter()
        .map(|w| w.wrapping_sub(-128))
        .collect();
    assert_eq!(
        signed,
        [
            0, 2, 2, 0, -2, -2, 126, 127, -128, 127, -128, 0, -1, 3, -3, 0
        ]
    );
}

/// What `bias` becomes for 4 channels, input scale 0.02, weight scales 0.5, 0.25, 0.125, 1.
fn bias(build: impl FnOnce(&mut Qdq) -> Value) -> Vec<i32> {
    let model = around(DataType::Uint8, |net, x| {
        let w = net.weights(&[4, 8, 1, 1], &[0.5, 0.25, 0.125, 1.0], 0);
        let bias = build(net);
        net.op("Conv", &[x, &w, &bias], vec![])
    });
    let (lowered, report) = lowered(&model);
    assert_eq!(report.left, []);
    let name = &node(&lowered, "QLinearConv").input[8];
    let (codes, _) = bytes(&lowered, name).as_chunks();
    codes
        .iter()
        .map(|bytes| i32::from_le_bytes(*bytes))
        .collect()
}

#[test]
fn a_quantized_bias_is_taken_as_it_is() {
    let steps = [0.5, 0.25, 0.125, 1.0].map(|w| X.scale * w);
    assert_eq!(bias(|net| net.bias(4, &steps)), [0, 1000, 2000, 3000]);
    // As good as the same.
    let steps = steps.map(|step| step * (1.0 + f32::EPSILON));
    assert_eq!(bias(|net| net.bias(4, &steps)), [0, 1000, 2000, 3000]);
}

#[test]
fn a_float_bias_is_quantized_in_steps_of_the_sums() {
    let floats = [1.0, -1.0, 0.00375, 0.0501];
    assert_eq!(
        bias(|net| net.floats("bias", &[4], &floats)),
        [100, -200, 2, 3]
    );
}

/// PyTorch divides and casts in the graph, and makes the zero points from a shape.
#[test]
fn a_bias_that_pytorch_quantizes_in_the_graph() {
    let codes = bias(|net| {
        let float = net.floats("bias", &[4], &[1.0, -1.0, 0.00375, 0.059]);
        let x_scale = net.floats("x_scale", &[], &[X.scale]);
        let w_scale = net.floats("w_scale", &[4], &[0.5, 0.25, 0.125, 1.0]);
        let steps = net.op("Mul", &[&w_scale, &x_scale], vec![]);
        let shape = net.op("Shape", &[&steps], vec![]);
        let zeros = net.op("ConstantOfShape", &[&shape], vec![]);
        let filled = net.graph.proto.node.last_mut().unwrap();
        let mut value = int("value", 0);
        value.r#type = 4;
        value.t = Some(TensorProto {
            dims: vec![1],
            data_type: DataType::Int32 as i32,
            int32_data: vec![0],
            ..Default::default()
        });
        filled.attribute.push(value);
        let divided = net.op("Div", &[&float, &steps], vec![]);
        let cast = net.op("Cast", &[&divided], vec![int("to", DataType::Int32 as i64)]);
        net.op(
            "DequantizeLinear",
            &[&cast, &steps, &zeros],
            vec![int("axis", 0)],
        )
    });
    assert_eq!(codes, [100, -200, 1, 2]);
}

/// PyTorch's scales are Constant nodes of f64 that are cast, its 7-bit codes are clipped, and its
/// linear layers transpose their weights.
#[test]
fn weights_that_pytorch_quantizes_in_the_graph() {
    let model = around(DataType::Uint8, |net, x| {
        let mut constant = |of: DataType, raw_data: Vec<u8>| {
            let value = net.op("Constant", &[], vec![int("value", 0)]);
            let attribute = &mut net.graph.proto.node.last_mut().unwrap().attribute[0];
            attribute.r#type = 4;
            attribute.t = Some(TensorProto {
                data_type: of as i32,
                raw_data,
                ..Default::default()
            });
            value
        };
        let scale = constant(DataType::Double, 0.5f64.to_le_bytes().into());
        let zero = constant(DataType::Int64, 0i64.to_le_bytes().into());
        let most = constant(DataType::Int8, vec![63]);
        let to = |of: DataType| vec![int("to", of as i64)];
        let scale = net.op("Cast", &[&scale], to(DataType::Float));
        let zero = net.op("Cast", &[&zero], to(DataType::Int8));
        let w = net.floats("w", &[2, 3], &[0.5, 1.0, 1.5, 2.0, 2.5, 99.0]);
        let codes = net.op("QuantizeLinear", &[&w, &scale, &zero], vec![]);
        let none = Value {
            name: String::new(),
            ..most.clone()
        };
        let clipped = net.op("Clip", &[&codes, &none, &most], vec![]);
        let w = net.op("DequantizeLinear", &[&clipped, &scale, &zero], vec![]);
        let w = net.op("Transpose", &[&w], vec![ints("perm", &[1, 0])]);
        net.op("MatMul", &[x, &w], vec![])
    });
    assert_eq!(ops(&model), ["QLinearMatMul"]);
    let lowered = lowered(&model).0;
    let inputs = &node(&lowered, "QLinearMatMul").input;
    assert_eq!(bytes(&lowered, &inputs[3]), [1, 4, 2, 5, 3, 63]);
}

#[test]
fn a_transposed_matrix_keeps_its_scales() {
    let model = around(DataType::Uint8, |net, x| {
        let w = net.weights(&[2, 3], &[0.5, 0.25], 0);
        let w = net.op("Transpose", &[&w], vec![]);
        net.op("MatMul", &[x, &w], vec![])
    });
    assert_eq!(ops(&model), ["QLinearMatMul"]);
    let lowered = lowered(&model).0;
    let inputs = &node(&lowered, "QLinearMatMul").input;
    assert_eq!(bytes(&lowered, &inputs[3]), [0, 3, 1, 4, 2, 5]);
}

#[test]
fn a_row_is_a_bias_of_a_gemm() {
    let model = around(DataType::Uint8, |net, x| {
        let w = net.weights(&[6, 2], &[0.5], 1);
        let bias = net.floats("bias", &[1, 2], &[1.0, -1.0]);
        net.op("Gemm", &[x, &w, &bias], vec![])
    });
    let lowered = lowered(&model).0;
    let bias = &node(&lowered, "QGemm").input[6];
    let expected: Vec<u8> = [100i32, -100]
        .iter()
        .flat_map(|b| b.to_le_bytes())
        .collect();
    assert_eq!(bytes(&lowered, bias), expected);
}

/// Constant nodes in the place of all initializers.
#[test]
fn constant_nodes_are_constants() {
    let mut model = with_float_weights(&VALUES, &[1.0, 0.5], DataType::Int8);
    let graph = model.graph.as_mut().unwrap();
    let constants = std::mem::take(&mut graph.initializer)
        .into_iter()
        .map(|tensor| {
            let mut attribute = int("value", 0);
            attribute.r#type = 4;
            let output = vec![tensor.name.clone()];
            attribute.t = Some(tensor);
            NodeProto {
                op_type: "Constant".into(),
                output,
                attribute: vec![attribute],
                ..Default::default()
            }
        });
    let nodes: Vec<NodeProto> = constants.collect();
    graph.node.splice(0..0, nodes);
    let (lowered, report) = lowered(&model);
    assert_eq!(report.left, []);
    let kinds = ["Constant", "QLinearConv"];
    assert!(
        lowered
            .graph
            .unwrap()
            .node
            .iter()
            .all(|n| kinds.contains(&n.op_type.as_str()))
    );
}

#[test]
fn values_in_the_typed_fields() {
    let mut model = with_float_weights(&VALUES, &[1.0, 0.5], DataType::Int8);
    for tensor in &mut model.graph.as_mut().unwrap().initializer {
        let raw = std::mem::take(&mut tensor.raw_data);
        if tensor.data_type == DataType::Float as i32 {
            let (floats, _) = raw.as_chunks();
            tensor.float_data = floats.iter().map(|b| f32::from_le_bytes(*b)).collect();
        } else {
            tensor.int32_data = raw.iter().map(|byte| i32::from(*byte)).collect();
        }
    }
    assert_eq!(weights(&model).len(), 16);
}

#[test]
fn identities_are_looked_through() {
    let mut model = with_float_weights(&VALUES, &[1.0], DataType::Int8);
    let graph = model.graph.as_mut().unwrap();
    let mut nodes = Vec::new();
    for mut node in std::mem::take(&mut graph.node) {
        for input in &mut node.input {
            let output = format!("{input}_{}", nodes.len());
            nodes.push(NodeProto {
                op_type: "Identity".into(),
                input: vec![std::mem::replace(input, output.clone())],
                output: vec![output],
                ..Default::default()
            });
        }
        nodes.push(node);
    }
    graph.node = nodes;
    assert_eq!(ops(&model), ["QLinearConv"]);
}

/// A default value can be overridden, unless the file is so old that it knows no such thing.
#[test]
fn an_initializer_that_is_an_input_is_not_constant() {
    let mut model = with_float_weights(&VALUES, &[1.0], DataType::Int8);
    let name = node_mut(&mut model, "QuantizeLinear").input[0].clone();
    let graph = model.graph.as_mut().unwrap();
    let mut input = graph.input[0].clone();
    input.name = name;
    graph.input.push(input);
    let mut changed = model.clone();
    let report = normgate_int8::qdq::lower(&mut changed);
    assert_eq!(report.left.len(), 1);
    assert_eq!(
        report.left[0].reason.to_string(),
        "the weights are not constant"
    );
    model.ir_version = 3;
    let report = normgate_int8::qdq::lower(&mut model);
    assert_eq!(report.left, []);
}
