//! What is merged into programs, and that merging changes no byte.

mod support;

use normgate_int8::tract::pb::tensor_proto::DataType;
use normgate_int8::tract::pb::tensor_shape_proto::dimension;
use normgate_int8::tract::pb::{ModelProto, type_proto};
use normgate_int8::tract::prelude::*;
use support::graph::{Affine, Graph};
use support::models::{self, Conv};
use support::{Case, Rng};

fn load(model: &ModelProto) -> InferenceModel {
    let mut onnx = normgate_int8::tract::onnx();
    normgate_int8::register(&mut onnx);
    onnx.model_for_proto_model(model).unwrap()
}

fn names(model: &TypedModel) -> Vec<String> {
    let nodes = model.nodes().iter();
    nodes.map(|n| n.op.name().to_string()).collect()
}

/// The bytes of all outputs for a batch of images.
fn run(model: TypedModel, shape: &[usize], input: &[u8]) -> Vec<Vec<u8>> {
    let datum_type = model.input_fact(0).unwrap().datum_type;
    let mut tensor = Tensor::zero_dt(datum_type, shape).unwrap();
    tensor.as_bytes_mut().copy_from_slice(input);
    let model = model.into_runnable().unwrap();
    let outputs = model.run(tvec!(tensor.into_tvalue())).unwrap();
    outputs.iter().map(|o| o.as_bytes().to_vec()).collect()
}

/// A stem, and two convolutions that read it; the stem is an output too.
fn branches(seed: u64, batch: i64) -> (ModelProto, Vec<usize>) {
    let mut rng = Rng::new(seed);
    let mut graph = Graph::default();
    let shape = [batch, 5, 9, 7];
    let x = graph.input("x", DataType::Uint8, &shape);
    let from = Affine {
        scale: 0.02,
        zero_point: 110,
    };
    let mut conv = |x: &_, from, c: &Conv| models::conv(&mut graph, &mut rng, x, from, c);
    let (stem, from) = conv(&x, from, &Conv::square(12, 3, 1));
    let (left, from_left) = conv(&stem, from, &Conv::square(8, 3, 1));
    let (right, from_right) = conv(&stem, from, &Conv::square(8, 1, 1));
    let (sum, _) = models::add(
        &mut graph,
        &mut rng,
        (&left, from_left),
        (&right, from_right),
    );
    let stem_name = stem.name.clone();
    let mut model = graph.finish(&sum);
    let outputs = &mut model.graph.as_mut().unwrap().output;
    let mut stem_info = outputs[0].clone();
    stem_info.name = stem_name;
    if let Some(type_proto::Value::TensorType(t)) = &mut stem_info.r#type.as_mut().unwrap().value {
        let dims = &mut t.shape.as_mut().unwrap().dim;
        dims[1].value = Some(dimension::Value::DimValue(12));
    }
    outputs.push(stem_info);
    (model, shape.map(|d| d as usize).to_vec())
}

#[test]
fn a_merged_model_gives_the_bytes_of_its_operators_alone() {
    for seed in 0..4 {
        let (model, shape) = branches(seed, 1);
        let input = Rng::new(seed + 50).bytes(shape.iter().product());
        let merged = load(&model).into_optimized().unwrap();
        assert_eq!(names(&merged), ["Source", "Int8Program"]);
        let alone = load(&model)
            .into_typed()
            .unwrap()
            .into_decluttered()
            .unwrap();
        assert!(names(&alone).iter().filter(|n| *n == "QLinearConv").count() == 3);
        let expected = run(alone, &shape, &input);
        assert_eq!(expected.len(), 2);
        assert!(run(merged, &shape, &input) == expected);
    }
    for Case { model, input, .. } in (0..4).map(models::residual) {
        let alone = load(&model)
            .into_typed()
            .unwrap()
            .into_decluttered()
            .unwrap();
        let merged = load(&model).into_optimized().unwrap();
        let shape = [1, 10, 8, 3];
        assert!(run(merged, &shape, &input) == run(alone, &shape, &input));
    }
}

#[test]
fn a_batch_is_its_images_one_by_one() {
    let (model, mut shape) = branches(3, 3);
    let input = Rng::new(9).bytes(shape.iter().product());
    let together = run(load(&model).into_optimized().unwrap(), &shape, &input);
    let (model, _) = branches(3, 1);
    shape[0] = 1;
    let mut images: Vec<Vec<u8>> = vec![vec![]; 2];
    for image in input.chunks(input.len() / 3) {
        let outputs = run(load(&model).into_optimized().unwrap(), &shape, image);
        for (all, one) in images.iter_mut().zip(outputs) {
            all.extend(one);
        }
    }
    assert!(together == images);
}

#[test]
fn the_batch_may_be_known_only_when_it_runs() {
    let (mut model, _) = branches(5, 1);
    let graph = model.graph.as_mut().unwrap();
    for value in graph.input.iter_mut().chain(&mut graph.output) {
        let Some(type_proto::Value::TensorType(t)) = &mut value.r#type.as_mut().unwrap().value
        else {
            panic!("a tensor")
        };
        let dim = &mut t.shape.as_mut().unwrap().dim[0];
        dim.value = Some(dimension::Value::DimParam("N".into()));
    }
    let merged = load(&model).into_optimized().unwrap();
    assert_eq!(names(&merged), ["Source", "Int8Program"]);
    let (fixed, shape) = branches(5, 2);
    let input = Rng::new(1).bytes(shape.iter().product());
    let expected = run(load(&fixed).into_optimized().unwrap(), &shape, &input);
    assert!(run(merged, &shape, &input) == expected);
}

#[test]
fn threads_change_no_byte() {
    let Case { model, input, .. } = models::residual(7);
    let shape = [1, 10, 8, 3];
    let one = load(&model).into_optimized().unwrap();
    let mut many = one.clone();
    let threads = normgate_int8::engine::Threads::new(3).unwrap();
    normgate_int8::use_threads(&mut many, &threads).unwrap();
    assert!(run(many, &shape, &input) == run(one, &shape, &input));
}

/// A session keeps its memory from run to run; what one run leaves does not reach the next.
#[test]
fn a_session_can_run_again() {
    let Case { model, input, .. } = models::residual(2);
    let runnable = load(&model)
        .into_optimized()
        .unwrap()
        .into_runnable()
        .unwrap();
    let mut session = runnable.spawn().unwrap();
    let mut outputs = |bytes: &[u8]| {
        let tensor = Tensor::from_shape(&[1, 10, 8, 3], bytes).unwrap();
        let outputs = session.run(tvec!(tensor.into_tvalue())).unwrap();
        outputs[0].as_bytes().to_vec()
    };
    let first = outputs(&input);
    let other = outputs(&vec![255; input.len()]);
    assert!(first != other);
    assert!(outputs(&input) == first);
}
