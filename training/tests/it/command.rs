//! The command from end to end, on real images.

use std::path::Path;
use std::process::{Command, Output};

use crate::IMAGES;

fn normgate_train(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_normgate-train"))
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn succeeds(folder: &Path, args: &[&str]) -> String {
    let output = normgate_train(folder, args);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

/// The one line of a refusal.
fn refused(folder: &Path, args: &[&str]) -> String {
    let output = normgate_train(folder, args);
    assert!(!output.status.success());
    let error = text(&output.stderr).to_owned();
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

#[test]
fn train_export_threshold_make_a_file_that_names_its_gate() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let train = [
        "train",
        "--data",
        IMAGES,
        "--calibration",
        "100",
        "--epochs",
        "1",
        "--warmup",
        "0.5",
        "--quiet",
    ];
    succeeds(at, &[&train[..], &["--out", "run"]].concat());
    let said = succeeds(
        at,
        &[
            "export", "--run", "run", "--data", IMAGES, "--test", IMAGES, "--name", "sample",
            "--f32", "--quiet",
        ],
    );
    assert!(
        said.contains("<- chosen") && said.contains("test accuracy"),
        "{said}"
    );
    assert!(at.join("models/sample-f32-v1.onnx").is_file());
    let model = "models/sample-v1.onnx";
    let said = succeeds(
        at,
        &[
            "threshold",
            "--model",
            model,
            "--data",
            IMAGES,
            "--score",
            "energy",
            "--quiet",
        ],
    );
    assert!(
        said.contains("accept iff energy >=") && said.contains("assurance"),
        "{said}"
    );
    let bundle = normgate::bundle::Bundle::read(&at.join(model)).unwrap();
    assert_eq!(bundle.description().gate.as_ref().unwrap().score, "energy");
    assert_eq!(bundle.description().calibration.images, 100);
}

#[test]
fn bad_input_is_one_line_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let error = refused(at, &["train", "--data", "absent", "--out", "run"]);
    assert!(error.contains("absent"), "{error}");
    let error = refused(
        at,
        &[
            "train",
            "--data",
            IMAGES,
            "--calibration",
            "600",
            "--out",
            "run",
        ],
    );
    assert!(error.contains("--calibration is 600"), "{error}");
    let error = refused(
        at,
        &[
            "train",
            "--data",
            IMAGES,
            "--calibration",
            "100",
            "--tau",
            "0",
            "--out",
            "run",
        ],
    );
    assert!(error.contains("tau"), "{error}");
    let error = refused(
        at,
        &["export", "--run", "run", "--data", IMAGES, "--name", "x"],
    );
    assert!(error.contains("checkpoint"), "{error}");
    let error = refused(
        at,
        &[
            "train",
            "--data",
            IMAGES,
            "--calibration",
            "100",
            "--device",
            "cuda",
            "--out",
            "run",
        ],
    );
    assert!(error.contains("CUDA"), "{error}");
    assert!(std::fs::read_dir(at).unwrap().next().is_none());
}

#[test]
fn a_network_without_two_classes_gives_outputs_of_both() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let train = [
        "train",
        "--data",
        IMAGES,
        "--calibration",
        "100",
        "--epochs",
        "1",
        "--quiet",
        "--out",
    ];
    let error = refused(at, &[&train[..], &["run", "--leave-out", "dgo"]].concat());
    assert!(
        error.contains("dgo") && error.contains("--leave-out"),
        "{error}"
    );
    let all_steps = [
        "run",
        "--leave-out",
        "dog,truck",
        "--pixmix",
        "0.5",
        "--mixup",
        "0.2",
        "--negatives",
        "0.2",
        "--negatives-kinds",
        "rotated,pictures",
    ];
    succeeds(at, &[&train[..], &all_steps].concat());
    let images = format!("all={IMAGES}");
    succeeds(
        at,
        &[
            "outputs",
            "--run",
            "run",
            "--images",
            &images,
            "--out",
            "o.safetensors",
        ],
    );
    let tensors = tch::Tensor::read_safetensors(at.join("o.safetensors")).unwrap();
    let size = |name: &str| tensors.iter().find(|(n, _)| n == name).unwrap().1.size();
    assert_eq!(size("all.features"), [600, 64]);
    assert_eq!(size("all.logits"), [600, 8]);
    assert_eq!(size("all.labels"), [600]);
    // The file's calibration images are found again, whatever the classes beside them.
    let rest = ["--data", IMAGES, "--leave-out", "dog,truck", "--quiet"];
    let export = ["export", "--run", "run", "--name", "eight"];
    succeeds(at, &[&export[..], &rest[..]].concat());
    let threshold = ["threshold", "--model", "models/eight-v1.onnx"];
    let said = succeeds(at, &[&threshold[..], &rest[..]].concat());
    assert!(said.contains("accept iff combined >="), "{said}");
    // A start from it wants the same classes.
    let error = refused(at, &[&train[..], &["second", "--init", "run"]].concat());
    assert!(error.contains("8 classes"), "{error}");
    succeeds(
        at,
        &[
            &train[..],
            &["third", "--init", "run", "--leave-out", "dog,truck"],
        ]
        .concat(),
    );
}
