//! Models with outputs that onnxruntime gave, in the repository: equality to the bit without it.

mod support;

use std::path::Path;

use normgate_int8::tract::pb::ModelProto;
use prost::Message;

fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name);
    let read = |extension| std::fs::read(path.with_extension(extension)).unwrap();
    let model = ModelProto::decode(&*read("onnx")).unwrap();
    assert_eq!(support::run(&model, &read("in")).unwrap(), read("out"));
}

#[test]
fn residual_blocks_equal_onnxruntime() {
    check("residual");
}

#[test]
fn separable_convolutions_equal_onnxruntime() {
    check("separable");
}

/// The body stays NHWC from the pixels on: 6 convolutions would otherwise move memory 12 times.
#[test]
fn transposes_cancel() {
    use normgate_int8::tract::prelude::*;

    let mut onnx = normgate_int8::tract::onnx();
    normgate_int8::register(&mut onnx);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/residual.onnx");
    let model = onnx.model_for_path(path).unwrap().into_optimized().unwrap();
    let names: Vec<_> = model
        .nodes()
        .iter()
        .map(|n| n.op.name().to_string())
        .collect();
    let moves = names
        .iter()
        .filter(|n| n.contains("Move") || n.contains("Axis"))
        .count();
    assert_eq!(
        names.iter().filter(|n| *n == "QLinearConvNhwc").count(),
        6,
        "{names:?}"
    );
    // The operands of the last add, which leaves the graph as NCHW.
    assert!(moves <= 2, "{names:?}");
}
