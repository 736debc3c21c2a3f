//! The runtime against onnxruntime, and the verdicts it gives.

use std::path::Path;
use std::process::Command;

use normgate::bundle::Bundle;
use normgate::dataset::{self, Split};
use normgate::eval::run::infer_all;
use normgate::model::{InForce, Inference, Model, ModelError, Threads};
use normgate_core::{ThresholdError, Verdict};
use normgate_int8::tract;
use proptest::prelude::*;
use tract::pb::ValueInfoProto;
use tract::prelude::*;

use crate::support::{MODELS, bundle, demo_frames, fixture, model, model_path, root};

/// Logits agree to this, absolutely: the head is f32 on both sides, summed in another order.
const LOGITS: f32 = 1e-4;
/// Frames whose outputs by onnxruntime are kept in the repository.
const KEPT: usize = 6;

/// The codes of the last int8 layer, which the descriptions of outputs do not show: the same graph, run by tract with
/// one output more.
fn body(name: &str, pixels: &[u8]) -> Vec<u8> {
    let mut proto = bundle(name).model().clone();
    let graph = proto.graph.as_mut().unwrap();
    let last = graph
        .node
        .iter()
        .find(|n| n.op_type == "DequantizeLinear")
        .unwrap();
    graph.output = vec![ValueInfoProto {
        name: last.input[0].clone(),
        ..ValueInfoProto::default()
    }];
    let mut onnx = tract::onnx();
    normgate_int8::register(&mut onnx);
    let plan = onnx
        .parse(&proto, None)
        .unwrap()
        .model
        .into_optimized()
        .unwrap();
    let input = Tensor::from_shape(&[1, 32, 32, 3], pixels).unwrap();
    let output = plan
        .into_runnable()
        .unwrap()
        .run(tvec!(input.into_tvalue()))
        .unwrap();
    output[0]
        .try_as_plain_ram()
        .unwrap()
        .as_slice::<u8>()
        .unwrap()
        .to_vec()
}

/// Runs onnxruntime on `images` and leaves `<out>.logits`, `.features` and `.body`.
fn onnxruntime(name: &str, images: &[u8], out: &Path) {
    let python = std::env::var("NORMGATE_PYTHON").expect("NORMGATE_PYTHON names an interpreter");
    let input = out.with_extension("images");
    std::fs::write(&input, images).unwrap();
    let done = Command::new(python)
        .arg(root().join("tests/run_onnxruntime.py"))
        .args([&model_path(name), &input, out])
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// Compares our outputs on `images` with the files that [`onnxruntime`] left at `out`.
fn compare(name: &str, images: &[&[u8]], out: &Path) {
    let read = |suffix: &str| std::fs::read(out.with_extension(suffix)).unwrap();
    let floats = |bytes: Vec<u8>| -> Vec<f32> {
        bytes
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
            .collect()
    };
    let (logits, features) = (floats(read("logits")), floats(read("features")));
    let codes = read("body");
    let model = model(name);
    let mut session = model.session().unwrap();
    let (k, c, b) = (
        logits.len() / images.len(),
        features.len() / images.len(),
        codes.len() / images.len(),
    );
    for (i, image) in images.iter().enumerate() {
        assert!(
            body(name, image) == codes[i * b..][..b],
            "{name}: body of image {i}"
        );
        let ours = session.infer(image).unwrap();
        for (a, e) in ours.logits.iter().zip(&logits[i * k..][..k]) {
            assert!(
                (a - e).abs() <= LOGITS * e.abs().max(1.0),
                "{name}: image {i}: logit {a} and {e}"
            );
        }
        for (a, e) in ours.features.iter().zip(&features[i * c..][..c]) {
            assert!(
                (a - e).abs() <= LOGITS,
                "{name}: image {i}: feature {a} and {e}"
            );
        }
    }
}

#[test]
fn outputs_are_those_that_onnxruntime_gave() {
    let frames = demo_frames();
    let images: Vec<&[u8]> = frames
        .iter()
        .take(KEPT)
        .map(|f| f.picture.view().bytes())
        .collect();
    for name in MODELS {
        compare(name, &images, &fixture(&format!("onnxruntime/{name}")));
    }
}

/// `UPDATE_FIXTURES=1` writes what the test above reads.
#[test]
#[ignore = "needs NORMGATE_PYTHON; scripts/test runs it"]
fn outputs_are_those_that_onnxruntime_gives() {
    let frames = demo_frames();
    let spec = model(MODELS[0]).preprocess();
    let set = dataset::open(&fixture("cifar10_test_300.bin"), Split::Test, &spec).unwrap();
    let noise: Vec<Vec<u8>> = (1u32..9)
        .map(|seed| {
            let mut x = seed.wrapping_mul(2_654_435_761);
            let mut next = || {
                x ^= x << 13;
                x ^= x >> 17;
                x ^= x << 5;
                x as u8
            };
            (0..spec.input_len()).map(|_| next()).collect()
        })
        .collect();
    let extremes = [vec![0u8; spec.input_len()], vec![255; spec.input_len()]];
    let images: Vec<&[u8]> = frames
        .iter()
        .map(|f| f.picture.view().bytes())
        .chain((0..60).map(|i| set.image(i)))
        .chain(noise.iter().chain(&extremes).map(Vec::as_slice))
        .collect();
    for name in MODELS {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join(name);
        onnxruntime(name, &images.concat(), &out);
        compare(name, &images, &out);
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            onnxruntime(name, &images[..KEPT].concat(), &out);
            std::fs::create_dir_all(fixture("onnxruntime")).unwrap();
            for suffix in ["logits", "features", "body"] {
                let kept = fixture(&format!("onnxruntime/{name}.{suffix}"));
                std::fs::copy(out.with_extension(suffix), kept).unwrap();
            }
        }
    }
}

/// The verdicts on the sample frames, kept as text: a change of model, runtime or gate shows as a diff.
/// `UPDATE_FIXTURES=1` writes them.
#[test]
fn verdicts_on_the_sample_frames_are_the_kept_ones() {
    let mut lines = String::new();
    for name in MODELS {
        let model = model(name);
        let mut session = model.session().unwrap();
        for frame in demo_frames() {
            let told = match model.judge(&session.infer(frame.picture.view().bytes()).unwrap()) {
                Verdict::Known {
                    class,
                    score,
                    confidence,
                    ..
                } => {
                    format!("{} {score:.3} {confidence:.2}", model.label(class).unwrap())
                }
                Verdict::Unknown { score, .. } => format!("unknown {:.3}", score.unwrap()),
            };
            lines += &format!("{name} {}: {told}\n", frame.name);
        }
    }
    let kept = fixture("demo_verdicts.txt");
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        std::fs::write(&kept, &lines).unwrap();
    }
    assert_eq!(lines, std::fs::read_to_string(kept).unwrap());
}

/// 300 test images that no fit has seen. The share rejected is Beta(rank, n + 1 - rank) by calibration and binomial
/// by sample: mean 5%, deviation 1.3%; four of them are allowed above, and none need be rejected below.
#[test]
fn the_threshold_keeps_its_share_of_fresh_images() {
    for name in MODELS {
        let model = model(name);
        let set = dataset::open(
            &fixture("cifar10_test_300.bin"),
            Split::Test,
            &model.preprocess(),
        )
        .unwrap();
        let outputs = infer_all(&model, &set, || {}).unwrap();
        let rejected = outputs
            .iter()
            .filter(|o| !model.judge(o).is_known())
            .count();
        let n = outputs.len() as f64;
        let rate = model.description().gate.as_ref().unwrap().reject_rate;
        let spread = 4.0 * (rate * (1.0 - rate) * (1.0 / n + 1.0 / 5000.0)).sqrt();
        let share = rejected as f64 / n;
        assert!(
            (share - rate).abs() <= spread,
            "{name}: {share} rejected, expected {rate} +- {spread}"
        );
    }
}

#[test]
fn a_reject_rate_that_is_no_share_is_refused_with_a_gate_or_without() {
    let gated = bundle(MODELS[0]);
    let mut description = gated.description().clone();
    (description.gate, description.references) = (None, None);
    description.calibration_scores.clear();
    let ungated = Bundle::new(gated.model().clone(), description).unwrap();
    for bundle in [gated, ungated] {
        let model = Model::new(bundle).unwrap();
        for rate in [7.0, 1.0, 0.0, -0.1, f64::NAN] {
            let why = model.clone().with_reject_rate(rate).unwrap_err();
            assert!(
                matches!(why, ThresholdError::RejectRate(_)),
                "{rate}: {why}"
            );
        }
        let other = model.clone().with_reject_rate(0.1).unwrap();
        assert_eq!(other.gate().is_some(), model.gate().is_some());
    }
}

#[test]
fn a_rate_between_two_stored_scores_promises_what_the_lower_one_does() {
    let at = |rate| {
        let model = model(MODELS[0]).with_reject_rate(rate).unwrap();
        InForce::of(model.gate().unwrap())
    };
    let (between, below) = (at(0.0071), at(0.005));
    assert_eq!(between, below);
    assert_eq!((between.rank, between.calibration_images), (25, 5000));
    assert_eq!(between.expected_reject, 25.0 / 5001.0);
    let bound = between.reject_bound.unwrap();
    assert!(
        bound.share > between.expected_reject && bound.share < 0.0071,
        "{bound:?}"
    );
    let said = between.to_string();
    for part in ["rank 25 of 5000", "0.50%", "95% assurance"] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn many_threads_give_what_one_gives() {
    let model = model(MODELS[0]);
    let set = dataset::open(
        &fixture("cifar10_sample.bin"),
        Split::Test,
        &model.preprocess(),
    )
    .unwrap();
    let mut session = model.session().unwrap();
    let one: Vec<Inference> = (0..set.len())
        .map(|i| session.infer(set.image(i)).unwrap())
        .collect();
    assert_eq!(infer_all(&model, &set, || {}).unwrap(), one);
}

#[test]
fn pixels_of_another_size_are_refused() {
    let model = model(MODELS[0]);
    let error = model.session().unwrap().infer(&[0; 100]).unwrap_err();
    assert!(
        matches!(
            error,
            ModelError::Input {
                found: 100,
                expected: 3072
            }
        ),
        "{error}"
    );
}

#[test]
fn a_pool_of_threads_gives_the_same_outputs() {
    for name in MODELS {
        let one = model(name);
        let many = Model::load_with_threads(&model_path(name), &Threads::new(3).unwrap()).unwrap();
        let pixels: Vec<u8> = (0..3072u32).map(|i| (i * 37 % 251) as u8).collect();
        assert_eq!(
            many.session().unwrap().infer(&pixels).unwrap(),
            one.session().unwrap().infer(&pixels).unwrap()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_pixels_get_finite_outputs_and_the_same_ones_again(seed in any::<u64>(), mask in any::<u8>()) {
        let model = Model::from_bytes(&std::fs::read(model_path(MODELS[0])).unwrap()).unwrap();
        let mut session = model.session().unwrap();
        let mut x = seed | 1;
        let pixels: Vec<u8> = (0..3072).map(|_| { x ^= x << 13; x ^= x >> 7; x ^= x << 17; (x >> 24) as u8 & mask }).collect();
        let first = session.infer(&pixels).unwrap();
        prop_assert!(first.logits.iter().chain(&first.features).all(|v| v.is_finite()));
        prop_assert_eq!(session.infer(&pixels).unwrap(), first);
    }
}
