//! A QDQ model and what becomes of it give the same bytes in onnxruntime, which rewrites QDQ
//! models itself.
//!
//! Needs a Python with numpy, onnx and onnxruntime, named by NORMGATE_PYTHON.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use normgate_int8::qdq::lower;
use normgate_int8::tract::pb::ModelProto;
use normgate_int8::tract::pb::tensor_proto::DataType;
use prost::Message;

use crate::support::graph::{Affine, Value, ints};
use crate::support::qdq::{Qdq, names, ops, undefined};
use crate::support::{Case, Rng, qdq_nets};

/// Runs the script that it is given. On x86 onnxruntime rewrites signed codes only in part, unless
/// it is told to.
const RUN: &str = "
import runpy, sys, onnxruntime

class Options(onnxruntime.SessionOptions):
    def __init__(self):
        super().__init__()
        self.add_session_config_entry('session.qdqisint8allowed', '1')

onnxruntime.SessionOptions = Options
del sys.argv[0]
runpy.run_path(sys.argv[0])
";

/// What onnxruntime gives for each case.
fn onnxruntime(cases: &[Case]) -> Vec<Vec<u8>> {
    let python = std::env::var("NORMGATE_PYTHON").expect("NORMGATE_PYTHON names a Python");
    let folder = tempfile::tempdir().unwrap();
    for case in cases {
        let path = folder.path().join(&case.name);
        std::fs::write(path.with_extension("onnx"), case.model.encode_to_vec()).unwrap();
        std::fs::write(path.with_extension("in"), &case.input).unwrap();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run_onnxruntime.py");
    let status = Command::new(python)
        .args(["-c", RUN])
        .args([&script, folder.path()])
        .status()
        .unwrap();
    assert!(status.success());
    let read =
        |case: &Case| std::fs::read(folder.path().join(&case.name).with_extension("out")).unwrap();
    cases.iter().map(read).collect()
}

/// What the model and what becomes of it give, with nothing left in f32.
fn both(cases: &[Case]) -> Vec<[Vec<u8>; 2]> {
    let rewritten: Vec<Case> = cases.iter().map(rewritten).collect();
    let found = onnxruntime(&rewritten);
    let pairs = onnxruntime(cases).into_iter().zip(found);
    pairs.map(|(expected, found)| [expected, found]).collect()
}

fn rewritten(case: &Case) -> Case {
    let mut model = case.model.clone();
    let report = lower(&mut model);
    assert_eq!(report.left, [], "{}", case.name);
    assert_eq!(undefined(&model), Vec::<String>::new(), "{}", case.name);
    let f32s = [
        "Conv", "Gemm", "MatMul", "Add", "Mul", "Concat", "Relu", "Sigmoid",
    ];
    let names = names(&model);
    assert!(!names.iter().any(|name| f32s.contains(&name.as_str())));
    Case {
        name: case.name.clone(),
        model,
        input: case.input.clone(),
    }
}

fn assert_equal(cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for (case, [expected, found]) in cases.iter().zip(both(&cases)) {
        assert_eq!(found.len(), expected.len(), "{}", case.name);
        let distinct: BTreeSet<_> = expected.as_chunks::<4>().0.iter().collect();
        // A constant output would be equal for no good reason.
        assert!(distinct.len() > 2, "{} is constant", case.name);
        let differ = expected.iter().zip(&found).filter(|(a, b)| a != b).count();
        if differ > 0 {
            wrong.push(format!("{}: {differ} of {}", case.name, expected.len()));
        }
    }
    assert!(wrong.is_empty(), "bytes differ: {wrong:#?}");
}

#[test]
#[ignore = "needs NORMGATE_PYTHON; scripts/test runs it"]
fn unsigned_networks() {
    assert_equal(
        (0..60)
            .map(|seed| qdq_nets::random(DataType::Uint8, seed))
            .collect(),
    );
}

#[test]
#[ignore = "needs NORMGATE_PYTHON; scripts/test runs it"]
fn signed_networks() {
    assert_equal(
        (0..60)
            .map(|seed| qdq_nets::random(DataType::Int8, seed))
            .collect(),
    );
}

/// A code for each code, between scales that make ties among others.
fn elementwise(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let of = rng.one_of(&[DataType::Uint8, DataType::Int8]);
    let mut net = Qdq::new(of);
    let mut affine = |from: f32| Affine {
        scale: match rng.range(0, 2) {
            0 => from * rng.one_of(&[0.5, 2.0, 4.0, 1.5]),
            _ => from * rng.scale(0.3, 3.0),
        },
        zero_point: rng.range(60, 190) - if of == DataType::Int8 { 128 } else { 0 },
    };
    let from = affine(0.02);
    let to = affine(from.scale);
    let codes = net.graph.input("x", of, &[1, 1, 16, 16]);
    let x = net.dequantize(&codes, from);
    let y = match rng.range(0, 4) {
        0 => x,
        1 => net.op("Relu", &[&x], vec![]),
        2 => {
            let low = rng.range(-400, 200) as f32 / 4.0;
            let high = low + rng.scale(20.0, 200.0);
            let bounds = [low, high].map(|b| net.floats("b", &[], &[b * from.scale]));
            net.op("Clip", &[&x, &bounds[0], &bounds[1]], vec![])
        }
        _ => {
            let attributes = vec![ints("kernel_shape", &[3, 3]), ints("pads", &[1; 4])];
            net.op("MaxPool", &[&x], attributes)
        }
    };
    let y = Value {
        shape: codes.shape,
        ..y
    };
    let y = net.quantize(&y, to);
    Case {
        name: format!("elementwise_{seed}"),
        model: net.finish(&y),
        input: (0..=255).collect(),
    }
}

/// onnxruntime computes these in f32; tables and bounds of codes are exact.
#[test]
#[ignore = "needs NORMGATE_PYTHON; scripts/test runs it"]
fn rewritings_that_onnxruntime_does_not_know() {
    assert_equal((0..80).map(elementwise).collect());
}

/// A convolution with codes below the zero point and a relu: onnxruntime computes both in f32,
/// whose sums are rounded. The codes differ by 1, where a sum is next to a tie.
#[test]
#[ignore = "needs NORMGATE_PYTHON; scripts/test runs it"]
fn a_relu_inside_the_codes_is_within_a_code() {
    let cases: Vec<Case> = (0..20).map(qdq_nets::symmetric_relu).collect();
    let (mut differ, mut count) = (0, 0);
    for (case, [expected, found]) in cases.iter().zip(both(&cases)) {
        for (a, b) in expected.iter().zip(&found) {
            let apart = (*a as i8).abs_diff(*b as i8);
            assert!(apart <= 1, "{}", case.name);
            differ += u32::from(apart);
            count += 1;
        }
    }
    assert!(differ * 1000 < count, "{differ} of {count}");
}

/// What onnxruntime.quantization writes for a classifier.
fn quantized() -> Vec<Case> {
    let python = std::env::var("NORMGATE_PYTHON").expect("NORMGATE_PYTHON names a Python");
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/qdq_quantize.py");
    let status = Command::new(python)
        .args([&script, folder.path()])
        .status()
        .unwrap();
    assert!(status.success());
    let files = std::fs::read_dir(folder.path()).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "onnx"));
    paths.sort();
    let case = |path: std::path::PathBuf| Case {
        name: path.file_stem().unwrap().to_str().unwrap().into(),
        model: ModelProto::decode(&std::fs::read(&path).unwrap()[..]).unwrap(),
        input: std::fs::read(path.with_extension("in")).unwrap(),
    };
    paths.into_iter().map(case).collect()
}

#[test]
#[ignore = "needs NORMGATE_PYTHON; scripts/test runs it"]
fn what_onnxruntime_quantizes() {
    let cases = quantized();
    assert_eq!(cases.len(), 8);
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        let case = cases.iter().find(|case| case.name == "u8_channels");
        std::fs::write(FIXTURE, case.unwrap().model.encode_to_vec()).unwrap();
    }
    // Symmetric codes keep their relus: within a code, like the test above.
    let (symmetric, other) = cases
        .into_iter()
        .partition(|c| c.name.contains("symmetric"));
    assert_equal(other);
    for pair in both(&symmetric) {
        let [expected, found] = pair.map(|bytes| {
            let floats = bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b));
            floats.collect::<Vec<_>>()
        });
        let greatest = expected.iter().fold(0f32, |most, v| most.max(v.abs()));
        for (a, b) in expected.iter().zip(&found) {
            assert!((a - b).abs() <= greatest / 50.0, "{expected:?} {found:?}");
        }
    }
}

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/qdq.onnx");

/// One of them, kept.
#[test]
fn a_quantized_classifier_is_rewritten_from_end_to_end() {
    let model = ModelProto::decode(&std::fs::read(FIXTURE).unwrap()[..]).unwrap();
    let expected = [
        "QuantizeLinear",
        "QLinearConv",
        "MaxPool",
        "QLinearConv",
        "QLinearAdd",
        "QLinearConv",
        "QLinearConcat",
        "QLinearGlobalAveragePool",
        "Flatten",
        "QGemm",
        "DequantizeLinear",
    ];
    assert_eq!(ops(&model), expected);
}
