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

#[test]
fn other_operators_equal_onnxruntime() {
    check("mixed");
}

/// From the pixels to the output there is one program, and nothing that moves memory.
#[test]
fn a_network_is_one_program() {
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
    assert_eq!(names, ["Source", "Int8Program"]);
    // 6 convolutions, two of them with the adds in them.
    let info = model.nodes()[1].op.info().unwrap().join("");
    assert!(info.starts_with("6 steps"), "{info}");
}
