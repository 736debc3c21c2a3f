//! An independent decoder, written from SPEC.md alone, reads the vectors as this crate does.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use crate::vectors;

#[test]
fn a_decoder_in_python_reads_the_vectors() {
    if Command::new("python3").arg("--version").output().is_err() {
        // Past the capture of the test harness: a test that passes hides what it prints.
        let skipped = "SKIPPED: no python3, so no independent decoder has read the vectors";
        writeln!(std::io::stderr(), "{skipped}").unwrap();
        return;
    }
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/decode_vectors.py");
    let output = Command::new("python3")
        .arg("-B")
        .arg(&script)
        .arg(vectors::folder())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{wrong}");
    let cases: usize = crate::cases::all()
        .iter()
        .map(|(_, cases)| cases.len())
        .sum();
    assert!(
        said.contains(&format!("{cases} vectors, all as expected")),
        "{said}"
    );
}
