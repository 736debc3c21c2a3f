//! The stages of a frame's way, each alone and all together, on the shipped models.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use normgate::frame::Frame;
use normgate::model::Model;
use normgate::preprocess::Preprocessor;

const MODELS: [&str; 2] = ["cifar10-resnet8-v1", "cifar10-resnet20-v1"];
/// A camera's usual frame.
const CAMERA: (u32, u32) = (640, 480);

fn model(name: &str) -> Model {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    Model::load(&folder.join(format!("{name}.onnx"))).expect("a shipped model")
}

/// A picture with detail in it; its contents do not change the times.
fn picture((width, height): (u32, u32)) -> Frame {
    let rgb = (0..width * height * 3)
        .map(|i| (i * 31 % 251) as u8)
        .collect();
    Frame::new(0, "picture", width, height, rgb).expect("a frame")
}

fn preprocess(c: &mut Criterion) {
    let spec = model(MODELS[0]).preprocess();
    let mut pixels = vec![0; spec.input_len()];
    for size in [(spec.width, spec.height), CAMERA] {
        let (frame, mut preprocessor) = (picture(size), Preprocessor::new(spec));
        c.bench_function(&format!("preprocess/{}x{}", size.0, size.1), |b| {
            b.iter(|| preprocessor.run(black_box(&frame), &mut pixels));
        });
    }
}

fn network(c: &mut Criterion) {
    for name in MODELS {
        let model = model(name);
        let mut session = model.session().expect("a session");
        let pixels = picture((32, 32)).rgb;
        c.bench_function(&format!("model/{name}"), |b| {
            b.iter(|| session.infer(black_box(&pixels)));
        });
        let inference = session.infer(&pixels).expect("outputs");
        c.bench_function(&format!("gate/{name}"), |b| {
            b.iter(|| model.judge(black_box(&inference)));
        });
    }
}

fn end_to_end(c: &mut Criterion) {
    for name in MODELS {
        let model = model(name);
        let spec = model.preprocess();
        let (frame, mut preprocessor) = (picture(CAMERA), Preprocessor::new(spec));
        let mut session = model.session().expect("a session");
        let mut pixels = vec![0; spec.input_len()];
        c.bench_function(&format!("camera-to-verdict/{name}"), |b| {
            b.iter(|| {
                preprocessor
                    .run(black_box(&frame), &mut pixels)
                    .expect("pixels");
                model.judge(&session.infer(&pixels).expect("outputs"))
            });
        });
    }
}

criterion_group!(benches, preprocess, network, end_to_end);
criterion_main!(benches);
