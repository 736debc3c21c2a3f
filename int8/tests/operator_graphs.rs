//! How the operators beside convolution and plain add meet the rest of a graph.

mod support;

use normgate_int8::tract::pb::tensor_proto::DataType;
use normgate_int8::tract::pb::tensor_shape_proto::dimension;
use normgate_int8::tract::pb::{ModelProto, type_proto};
use normgate_int8::tract::prelude::*;
use support::graph::{Affine, Graph, Value, ints};
use support::{Rng, operators, run};

const INPUT: [i64; 4] = [1, 8, 6, 6];
const CODES: Affine = Affine {
    scale: 0.02,
    zero_point: 128,
};

fn load(model: &ModelProto) -> InferenceModel {
    let mut onnx = normgate_int8::tract::onnx();
    normgate_int8::register(&mut onnx);
    onnx.model_for_proto_model(model).unwrap()
}

fn run_typed(model: TypedModel, shape: &[usize], input: &[u8]) -> Vec<u8> {
    let mut tensor = Tensor::zero_dt(model.input_fact(0).unwrap().datum_type, shape).unwrap();
    tensor.as_bytes_mut().copy_from_slice(input);
    let outputs = model
        .into_runnable()
        .unwrap()
        .run(tvec!(tensor.into_tvalue()));
    outputs.unwrap()[0].as_bytes().to_vec()
}

#[test]
fn a_network_of_all_is_one_program() {
    let model = operators::mixed(3);
    let merged = load(&model.model).into_optimized().unwrap();
    let names: Vec<_> = merged
        .nodes()
        .iter()
        .map(|n| n.op.name().to_string())
        .collect();
    assert_eq!(names, ["Source", "Int8Program"]);
    let alone = load(&model.model)
        .into_typed()
        .unwrap()
        .into_decluttered()
        .unwrap();
    let shape = [1, 3, 18, 14];
    assert_eq!(
        run_typed(merged, &shape, &model.input),
        run_typed(alone, &shape, &model.input)
    );
}

/// Two images, times a constant for each channel; the batch known when the model is loaded, or when it runs.
#[test]
fn a_constant_goes_with_each_image() {
    let model = |batch: dimension::Value| {
        let mut graph = Graph::default();
        let a = graph.input("a", DataType::Uint8, &[2, 8, 6, 6]);
        let b = graph.constant(
            "b",
            a.of,
            &[8, 1, 1],
            vec![90, 110, 120, 130, 140, 150, 160, 200],
        );
        let b = Value {
            name: b,
            ..a.clone()
        };
        let y = mul(&mut graph, &a, &b, &a.shape);
        let mut model = graph.finish(&y);
        let graph = model.graph.as_mut().unwrap();
        for value in graph.input.iter_mut().chain(&mut graph.output) {
            let Some(type_proto::Value::TensorType(t)) = &mut value.r#type.as_mut().unwrap().value
            else {
                panic!("a tensor")
            };
            t.shape.as_mut().unwrap().dim[0].value = Some(batch.clone());
        }
        load(&model)
    };
    let input = Rng::new(6).bytes(2 * 288);
    let shape = [2, 8, 6, 6];
    let known = model(dimension::Value::DimValue(2));
    let expected = run_typed(known.clone().into_optimized().unwrap(), &shape, &input);
    assert_eq!(
        run_typed(known.into_typed().unwrap(), &shape, &input),
        expected
    );
    let unknown = model(dimension::Value::DimParam("N".into()));
    assert_eq!(
        run_typed(unknown.into_optimized().unwrap(), &shape, &input),
        expected
    );
}

fn mul(graph: &mut Graph, a: &Value, b: &Value, shape: &[i64]) -> Value {
    let mut inputs = vec![a.name.clone()];
    inputs.extend(graph.affine("a", a.of, CODES));
    inputs.push(b.name.clone());
    inputs.extend(graph.affine("b", a.of, CODES));
    let to = Affine {
        scale: 0.05,
        ..CODES
    };
    inputs.extend(graph.affine("c", a.of, to));
    graph.node("QLinearMul", inputs, vec![], a.of, shape)
}

fn floats(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    values.into_iter().flat_map(f32::to_le_bytes).collect()
}

#[test]
fn a_pool_of_floats_is_tracts_own() {
    let mut graph = Graph::default();
    let x = graph.input("x", DataType::Float, &[1, 1, 2, 3]);
    let attributes = vec![ints("kernel_shape", &[2, 2])];
    let y = graph.node(
        "MaxPool",
        vec![x.name.clone()],
        attributes,
        x.of,
        &[1, 1, 1, 2],
    );
    let found = run(&graph.finish(&y), &floats([1.0, 5.5, -2.0, 0.0, 3.0, 6.25])).unwrap();
    assert_eq!(found, floats([5.5, 6.25]));
}

#[test]
fn a_scale_for_each_channel_is_tracts_own() {
    let mut graph = Graph::default();
    let x = graph.input("x", DataType::Float, &[1, 2, 1, 2]);
    let inputs = vec![
        x.name.clone(),
        graph.floats("y_scale", &[2], &[0.5, 0.25]),
        graph.constant("y_zero", DataType::Uint8, &[2], vec![10, 20]),
    ];
    let y = graph.node("QuantizeLinear", inputs, vec![], DataType::Uint8, &x.shape);
    let found = run(&graph.finish(&y), &floats([1.0, -1.0, 1.0, -1.0])).unwrap();
    assert_eq!(found, [12, 8, 24, 16]);
}

/// Operands that are computed can have fewer axes than the other.
#[test]
fn a_computed_operand_is_repeated() {
    let mut graph = Graph::default();
    let a = graph.input("a", DataType::Uint8, &INPUT);
    let axes = graph.constant("shape", DataType::Int64, &[3], {
        [8i64, 1, 1].iter().flat_map(|n| n.to_le_bytes()).collect()
    });
    let mut inputs = vec![a.name.clone()];
    inputs.extend(graph.affine("x", a.of, CODES));
    inputs.extend(graph.affine("y", a.of, CODES));
    let g = graph.node(
        "QLinearGlobalAveragePool",
        inputs,
        vec![],
        a.of,
        &[1, 8, 1, 1],
    );
    let g = graph.node("Reshape", vec![g.name, axes], vec![], a.of, &[8, 1, 1]);
    let y = mul(&mut graph, &a, &g, &INPUT);
    let input = Rng::new(4).bytes(288);
    let found = run(&graph.finish(&y), &input).unwrap();
    for (channel, codes) in input.chunks(36).enumerate() {
        let sum: i32 = codes.iter().map(|code| *code as i32 - 128).sum();
        let mean = (sum as f32 * (0.02f32 / (0.02 * 36.0))).round_ties_even();
        for (i, code) in codes.iter().enumerate() {
            let product = (*code as i32 - 128) as f32 * mean;
            let real = (product * (0.02f32 * 0.02 / 0.05) + 128.0).round_ties_even();
            assert_eq!(found[channel * 36 + i] as f32, real.clamp(0.0, 255.0));
        }
    }
}
