//! Bit equality with onnxruntime, on models made here.
//!
//! Needs a Python with numpy, onnx and onnxruntime, named by NORMGATE_PYTHON. QLinearAdd is
//! compared on x86-64 only: on ARM onnxruntime adds in fixed point and rounds differently.

mod support;

use std::path::PathBuf;

use prost::Message;
use support::live::{assert_equal, onnxruntime};
use support::{Case, models, operators};

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
    let cases: Vec<_> = [
        models::residual(1),
        models::separable(1),
        operators::mixed(1),
    ]
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
