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
