//! The same models in onnxruntime.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use prost::Message;

use super::{Case, run};

/// What onnxruntime gives for each case.
pub(crate) fn onnxruntime(cases: &[Case]) -> Vec<Vec<u8>> {
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

pub(crate) fn assert_equal(cases: Vec<Case>) {
    let expected = onnxruntime(&cases);
    let (mut wrong, mut dull) = (Vec::new(), 0);
    for (case, expected) in cases.iter().zip(expected) {
        let found =
            run(&case.model, &case.input).unwrap_or_else(|e| panic!("{}: {e:?}", case.name));
        assert_eq!(found.len(), expected.len(), "{}", case.name);
        let differ = found.iter().zip(&expected).filter(|(a, b)| a != b).count();
        dull += (expected.iter().collect::<BTreeSet<_>>().len() <= 4) as usize;
        if differ > 0 {
            wrong.push(format!("{}: {differ} of {}", case.name, expected.len()));
        }
    }
    // A constant output would be equal for no good reason.
    assert!(
        dull * 8 <= cases.len(),
        "{dull} cases have hardly any codes"
    );
    assert!(wrong.is_empty(), "bytes differ: {wrong:#?}");
}
