//! The stages of a frame's way, each alone and all together, on the shipped models.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use normgate::frame::{ColorSpace, Picture, PixelFormat};
use normgate::model::Model;
use normgate::pipeline::{Judge, terms_of};
use normgate::preprocess::Preprocessor;
use normgate::sink::{Event, Fanout, Meters, Record, Sink, SinkError};
use normgate_core::{CommitPolicy, DriftDetector, DriftPolicy};

const MODELS: [&str; 2] = ["cifar10-resnet8-v1", "cifar10-resnet20-v2"];
/// A webcam's usual frame.
const CAMERA: (u32, u32) = (640, 480);

fn model(name: &str) -> Model {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    Model::load(&folder.join(format!("{name}.onnx"))).expect("a shipped model")
}

/// Bytes with detail in them; what they are does not change the times.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 31 % 251) as u8).collect()
}

fn yuyv(bytes: &[u8]) -> Picture<'_> {
    let stride = 2 * CAMERA.0 as usize;
    Picture::new(
        PixelFormat::Yuyv,
        ColorSpace::default(),
        CAMERA,
        stride,
        bytes,
    )
    .expect("a picture")
}

fn preprocess(c: &mut Criterion) {
    let spec = model(MODELS[0]).preprocess();
    let mut pixels = vec![0; spec.input_len()];
    let same = bytes(spec.input_len());
    let same = Picture::rgb(spec.width, spec.height, &same).expect("a picture");
    let camera = bytes(2 * (CAMERA.0 * CAMERA.1) as usize);
    for (name, picture) in [("rgb-32x32", same), ("yuyv-640x480", yuyv(&camera))] {
        let mut preprocessor = Preprocessor::new(spec);
        c.bench_function(&format!("preprocess/{name}"), |b| {
            b.iter(|| preprocessor.run(black_box(&picture), &mut pixels));
        });
    }
}

fn network(c: &mut Criterion) {
    for name in MODELS {
        let model = model(name);
        let mut session = model.session().expect("a session");
        let pixels = bytes(32 * 32 * 3);
        c.bench_function(&format!("model/{name}"), |b| {
            b.iter(|| session.infer(black_box(&pixels)));
        });
        let inference = session.infer(&pixels).expect("outputs");
        c.bench_function(&format!("gate/{name}"), |b| {
            b.iter(|| model.judge(black_box(&inference)));
        });
    }
}

/// The test of a frame that is looked at, and the making of one, as for a model that is swapped in.
fn drift(c: &mut Criterion) {
    let model = model(MODELS[1]);
    let table = &model.gate().expect("a gate").table;
    let policy = DriftPolicy::new(1e8, 1, 0.95).expect("a policy");
    let mut detector = DriftDetector::new(table, policy);
    let scores = table.values().to_vec();
    let mut at = 0;
    c.bench_function("drift/frame", |b| {
        b.iter(|| {
            at = (at + 71) % scores.len();
            detector.push(table.tails(black_box(scores[at])))
        });
    });
    c.bench_function("drift/new", |b| {
        b.iter(|| DriftDetector::new(black_box(table), policy));
    });
}

/// All that a frame in hand costs until its sinks have it, and all but the network of it.
fn end_to_end(c: &mut Criterion) {
    for name in MODELS {
        let camera = bytes(2 * (CAMERA.0 * CAMERA.1) as usize);
        let picture = yuyv(&camera);
        let policy = CommitPolicy::new(3, 5).expect("a policy");
        let watch = DriftPolicy::new(1e8, 1, 0.95).expect("a policy");
        let judge = Judge::new(model(name), policy).expect("a session");
        let mut judge = judge.with_drift(watch);
        c.bench_function(&format!("camera-to-verdict/{name}"), |b| {
            b.iter(|| judge.judge(black_box(&picture)));
        });
    }
}

/// Takes everything and does nothing.
struct Silent;

impl Sink for Silent {
    fn name(&self) -> &'static str {
        "silent"
    }

    fn take(&mut self, _: Event<'_>) -> Result<(), SinkError> {
        Ok(())
    }
}

/// What the loop spends on telling one sink of a frame.
fn hand_over(c: &mut Criterion) {
    let camera = bytes(2 * (CAMERA.0 * CAMERA.1) as usize);
    let picture = yuyv(&camera);
    let terms = Arc::new(terms_of(&model(MODELS[1])));
    let meters = Arc::new(Meters::new(Arc::clone(&terms)));
    let mut record = Record::empty(terms);
    record.name.push_str("frame 1234");
    let mut fanout = Fanout::new(Arc::clone(&meters));
    fanout.add(Box::new(Silent), 64).expect("a thread");
    c.bench_function("hand-over/one-sink", |b| {
        b.iter(|| {
            meters.count(&record.verdict, false);
            fanout.offer(black_box(&record), Some(picture));
        });
    });
}

criterion_group!(benches, preprocess, network, drift, end_to_end, hand_over);
criterion_main!(benches);
