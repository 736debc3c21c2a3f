//! `scripts/train-away`, both of its machines on this one.

use std::path::Path;
use std::process::Command;

use normgate_train::checkpoint;
use normgate_train::start::Start;
use normgate_train::train::{CHECKPOINT, METRICS};

use crate::IMAGES;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/train-away");

/// Runs the script as on a machine that keeps its things in `cache`; gives what it said.
fn away(folder: &Path, cache: &str, args: &[&str]) -> String {
    let output = Command::new(std::env::var("NORMGATE_PYTHON").unwrap())
        .arg(SCRIPT)
        .args(args)
        .current_dir(folder)
        .env("TRAIN_AWAY", folder.join(cache))
        .env("TRAIN_AWAY_RECIPES", folder.join("recipes.txt"))
        .env(
            "LD_LIBRARY_PATH",
            concat!(env!("CARGO_MANIFEST_DIR"), "/../.libtorch/lib"),
        )
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

fn unpack_all(folder: &Path, cache: &str, packed: &str) -> usize {
    let volumes = std::fs::read_dir(folder.join(packed)).unwrap();
    let mut count = 0;
    for volume in volumes {
        away(
            folder,
            cache,
            &["unpack", volume.unwrap().path().to_str().unwrap()],
        );
        count += 1;
    }
    count
}

#[test]
#[ignore = "needs NORMGATE_PYTHON"]
fn what_was_trained_away_comes_back_and_goes_on_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let batches = at.join("data/cifar-10-batches-bin");
    std::fs::create_dir_all(&batches).unwrap();
    let records = std::fs::read(IMAGES).unwrap();
    for (i, part) in (1..=5).zip([0, 100, 200, 300, 100]) {
        let part = &records[part * 3073..][..300 * 3073];
        std::fs::write(batches.join(format!("data_batch_{i}.bin")), part).unwrap();
    }
    let options = "--arch resnet8 --epochs 2 --calibration 300 --limit 800 --batch 100 --threads 1";
    let recipes = format!("# comment\nfirst {options} --loss ce\nsecond {options} --ema 0.9\n");
    std::fs::write(at.join("recipes.txt"), recipes).unwrap();

    // Volumes are split by size, and what is unpacked is what was packed.
    away(
        at,
        "there",
        &["pack", "data", "small", "/bin/true", "--volume", "1"],
    );
    assert!(unpack_all(at, "there", "small") >= 3);
    for i in 1..=5 {
        let name = format!("data_batch_{i}.bin");
        let found = std::fs::read(at.join("there/data").join(&name)).unwrap();
        assert!(
            found == std::fs::read(batches.join(&name)).unwrap(),
            "{name}"
        );
    }

    let trainer = env!("CARGO_BIN_EXE_normgate-train");
    away(at, "there", &["pack", "data", "carry", trainer]);
    unpack_all(at, "there", "carry");
    let said = away(at, "there", &["run", "out", "500", "--jobs", "2"]);
    assert!(
        said.contains("epoch 2 of 2") && said.contains("2 runs"),
        "{said}"
    );
    let said = away(at, "here", &["collect", "out", "runs"]);
    assert!(said.contains("runs/first: 2 of 2 epochs"), "{said}");
    for name in ["first", "second"] {
        let path = at.join("runs").join(name);
        let there = Start::read(&at.join("there/runs").join(name)).unwrap();
        let here = Start::read(&path).unwrap();
        assert_eq!(here.sha256().unwrap(), there.sha256().unwrap(), "{name}");
        let metrics = std::fs::read_to_string(path.join(METRICS)).unwrap();
        assert_eq!(metrics.lines().count(), 2);
        let (_, named) = checkpoint::load(&path.join(CHECKPOINT)).unwrap();
        assert!(named.iter().any(|(n, _)| n == "optimizer.momentum"));
    }

    // Another machine takes up what came back, and does only what is left.
    let longer = std::fs::read_to_string(at.join("recipes.txt")).unwrap()
        + &format!("third {options} --loss ce --seed 2\n");
    std::fs::write(at.join("recipes.txt"), longer).unwrap();
    away(at, "new", &["pack", "data", "again", trainer, "runs"]);
    unpack_all(at, "new", "again");
    let said = away(at, "new", &["run", "more", "500", "first", "third"]);
    assert!(said.contains("first: finished before"), "{said}");
    assert!(said.contains("third: epoch 2 of 2"), "{said}");
    // What finds no room is told, and nothing else is lost.
    let said = away(at, "new", &["run", "none", "500", "first", "--pieces", "0"]);
    assert!(said.contains("no room for: first"), "{said}");
}
