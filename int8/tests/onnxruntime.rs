//! Bit equality with onnxruntime, on models made here.
//!
//! Needs a Python with numpy, onnx and onnxruntime, named by NORMGATE_PYTHON. QLinearAdd is
//! compared on x86-64 only: on ARM onnxruntime adds in fixed point and rounds differently.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use prost::Message;
use support::{Case, models};

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
        .arg(script)
        .arg(folder.path())
        .status()
        .unwrap();
    assert!(status.success());
    let read =
        |case: &Case| std::fs::read(folder.path().join(&case.name).with_extension("out")).unwrap();
    cases.iter().map(read).collect()
}

fn assert_equal(cases: Vec<Case>) {
    let expected = onnxruntime(&cases);
    let mut wrong = Vec::new();
    for (case, expected) in cases.iter().zip(expected) {
        let found = support::run(&case.model, &case.input)
            .unwrap_or_else(|e| panic!("{}: {e:?}", case.name));
        assert_eq!(found.len(), expected.len(), "{}", case.name);
        let differ = found.iter().zip(&expected).filter(|(a, b)| a != b).count();
        let distinct: std::collections::BTreeSet<_> = expected.iter().collect();
        // A constant output would be equal for no good reason.
        assert!(
            distinct.len() > 4,
            "{} has {} distinct codes",
            case.name,
            distinct.len()
        );
        if differ > 0 {
            wrong.push(format!("{}: {differ} of {}", case.name, expected.len()));
        }
    }
    assert!(wrong.is_empty(), "bytes differ: {wrong:#?}");
}

#[test]
#[ignore = "needs NORMGATE_PYTHON; scripts/test runs it"]
fn convolutions() {
    assert_equal((0..120).map(models::random_conv).collect());
}

#[test]
#[ignore = "needs NORMGATE_PYTHON; scripts/test runs it"]
#[cfg(target_arch = "x86_64")]
fn adds_on_all_pairs() {
    assert_equal((0..40).map(models::random_add).collect());
}

#[test]
#[ignore = "needs NORMGATE_PYTHON; scripts/test runs it"]
#[cfg(target_arch = "x86_64")]
fn residual_networks() {
    assert_equal((0..12).map(models::residual).collect());
}

#[test]
#[ignore = "needs NORMGATE_PYTHON; scripts/test runs it"]
fn separable_networks() {
    assert_equal((0..12).map(models::separable).collect());
}

/// The fixtures are what the builder and onnxruntime give today; UPDATE_FIXTURES=1 writes them.
#[test]
#[ignore = "needs NORMGATE_PYTHON; scripts/test runs it"]
#[cfg(target_arch = "x86_64")]
fn fixtures_are_current() {
    let cases: Vec<_> = [models::residual(1), models::separable(1)]
        .into_iter()
        .map(|case| Case {
            name: case.name.trim_end_matches("_1").into(),
            ..case
        })
        .collect();
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for (case, output) in cases.iter().zip(onnxruntime(&cases)) {
        let files = [
            ("onnx", case.model.encode_to_vec()),
            ("in", case.input.clone()),
            ("out", output),
        ];
        for (extension, bytes) in files {
            let path = fixtures.join(&case.name).with_extension(extension);
            if std::env::var_os("UPDATE_FIXTURES").is_some() {
                std::fs::write(&path, &bytes).unwrap();
            }
            assert!(
                std::fs::read(&path).unwrap() == bytes,
                "{} is stale",
                path.display()
            );
        }
    }
}
