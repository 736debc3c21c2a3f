//! What several modules share: the shipped models, frames, and graphs to break.

use std::path::PathBuf;

use normgate::bundle::Bundle;
use normgate::frame::OwnedFrame;
use normgate::model::Model;
use normgate::source::{self, Next};

pub(crate) const MODELS: [&str; 2] = ["cifar10-resnet8-v1", "cifar10-resnet20-v2"];
/// The scores of their gates; the second model is the default one.
pub(crate) const GATES: [&str; 2] = ["combined", "msp"];

pub(crate) fn root() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

pub(crate) fn fixture(name: &str) -> PathBuf {
    root().join("tests/fixtures").join(name)
}

pub(crate) fn model_path(name: &str) -> PathBuf {
    root().join("models").join(format!("{name}.onnx"))
}

pub(crate) fn bundle(name: &str) -> Bundle {
    Bundle::read(&model_path(name)).unwrap()
}

pub(crate) fn model(name: &str) -> Model {
    Model::load(&model_path(name)).unwrap()
}

/// The 24 sample frames, 32x32 each.
pub(crate) fn demo_frames() -> Vec<OwnedFrame> {
    let mut demo = source::open("demo:").unwrap();
    let mut frames = Vec::new();
    while demo.next(&mut |frame| frames.push(frame.into())).unwrap() != Next::End {}
    frames
}
