//! The files of a page, and the command that writes them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use normgate::eval::Report;
use normgate::eval::page::PageError;
use serde_json::Value;

use super::html::{parsed, texts};
use super::made::{Made, classes};
use crate::support::{fixture, root};

#[test]
fn files_are_replaced_as_a_whole_or_left() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("new/report");
    let names = |dir: &Path| {
        let entries = std::fs::read_dir(dir).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let first = Made::new(&classes(10), &["svhn"], 60);
    first.page().write(&dir).unwrap();
    assert_eq!(names(&dir), ["index.html", "report.json"]);
    let old = std::fs::read(dir.join("index.html")).unwrap();
    let second = Made::new(&classes(10), &["dtd"], 60);
    second.page().write(&dir).unwrap();
    assert_eq!(names(&dir), ["index.html", "report.json"]);
    assert_ne!(std::fs::read(dir.join("index.html")).unwrap(), old);

    // A file where the folder should be.
    let file = folder.path().join("file");
    std::fs::write(&file, "kept").unwrap();
    let error = first.page().write(&file).unwrap_err();
    assert!(matches!(&error, PageError::Write { path, .. } if *path == file));
    assert!(!error.to_string().contains('\n'));
    assert_eq!(std::fs::read(&file).unwrap(), b"kept");

    // A folder where the page should be: its neighbour is whole, and no partial file stays.
    let taken = folder.path().join("taken");
    std::fs::create_dir_all(taken.join("index.html")).unwrap();
    let error = first.page().write(&taken).unwrap_err();
    assert!(matches!(&error, PageError::Write { path, .. } if path.ends_with("index.html")));
    assert!(
        names(&taken)
            .iter()
            .all(|n| !n.to_string_lossy().contains("partial"))
    );
}

/// Sample frames of one set in a folder of their own.
fn sample(folder: &Path, prefix: &str) -> PathBuf {
    let to = folder.join(prefix);
    std::fs::create_dir(&to).unwrap();
    for entry in std::fs::read_dir(root().join("device/source/src/demo_frames")).unwrap() {
        let from = entry.unwrap().path();
        let name = from.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with(prefix) {
            std::fs::copy(&from, to.join(name)).unwrap();
        }
    }
    to
}

fn evaluate(ood: &str, report: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_normgate"))
        .args(["eval", "--quiet", "--ood", ood, "--id"])
        .arg(fixture("cifar10_test_300.bin"))
        .arg("--report")
        .arg(report)
        .args(more)
        .output()
        .unwrap()
}

#[test]
fn the_command_writes_the_page_of_the_gate_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let digits = sample(folder.path(), "mnist");
    let name = "<b>it's</b>";
    let report = folder.path().join("a report");
    let ood = format!("{name}={}", digits.display());
    let output = evaluate(&ood, &report, &["--reject-rate", "0.1"]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let json: Value =
        serde_json::from_slice(&std::fs::read(report.join("report.json")).unwrap()).unwrap();
    let read: Report = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(read.to_string(), text.trim_end());
    // floor(0.1 * 5001)
    assert_eq!(json["gate"]["rank"], 500);
    assert_eq!(json["sources"][0]["images"], 300);
    let html = std::fs::read_to_string(report.join("index.html")).unwrap();
    let elements = parsed(&html);
    assert!(texts(&elements, "th").contains(&name));
    // The command can be pasted: a shell reads the same words.
    let command = texts(&elements, "code").pop().unwrap();
    let last = texts(&elements, "pre").pop().unwrap();
    let words = shlex::split(last).unwrap();
    assert!(
        words.contains(&ood) && words.contains(&report.display().to_string()),
        "{last}"
    );
    assert_eq!(command, "report.json");
    let shown = json["accepted"][0]["pictures"].as_array().unwrap().len();
    let mistakes = json["mistakes"]["pictures"].as_array().unwrap().len();
    assert_eq!(texts(&elements, "img").len(), shown + mistakes);
}

#[test]
fn a_folder_that_cannot_be_had_is_told_in_one_line_before_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "kept").unwrap();
    // The sets are not even there.
    let output = evaluate("x=/absent", &file.join("report"), &[]);
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    assert!(
        said.contains(file.join("report").to_str().unwrap()),
        "{said}"
    );
    assert_eq!(std::fs::read(&file).unwrap(), b"kept");
}
