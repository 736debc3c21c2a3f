//! Training on real images: it learns, it repeats, it resumes.

use std::path::Path;
use std::time::Duration;

use clap::ValueEnum;
use normgate::dataset::ImageSet;
use normgate_train::checkpoint;
use normgate_train::metrics::EpochMetrics;
use normgate_train::negatives::{Making, Negatives};
use normgate_train::network::Arch;
use normgate_train::recipe::Recipe;
use normgate_train::train::{CHECKPOINT, METRICS, Setting, train};
use tch::{Device, Tensor};

use crate::recipe;
use crate::runs::{FRESH, How, RESUMED, run};

fn tensors(folder: &Path) -> Vec<(String, Tensor)> {
    let (_, mut named) = checkpoint::load(&folder.join(CHECKPOINT)).unwrap();
    named.sort_by(|a, b| a.0.cmp(&b.0));
    named
}

fn assert_same(a: &Path, b: &Path) {
    for ((name, a), (_, b)) in tensors(a).iter().zip(tensors(b)) {
        assert!(a.equal(&b), "{name}");
    }
}

#[test]
fn a_short_run_on_real_images_learns() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = Recipe {
        batch: 25,
        learning_rate: 0.02,
        warmup_epochs: 2.0,
        ..recipe(Arch::Resnet8, 16)
    };
    let metrics = run(&recipe, folder.path(), FRESH).unwrap();
    let (first, last) = (&metrics[0], &metrics[15]);
    assert!(
        last.loss < first.loss - 1.0,
        "{} to {}",
        first.loss,
        last.loss
    );
    // Chance is 0.10; of 100 held-out images that is a spread of 0.03, so the margin is four of them.
    let accuracy = last.calibration_accuracy.unwrap();
    assert!(accuracy >= 0.22, "{accuracy}");
    assert!(last.fit_accuracy >= 0.35, "{}", last.fit_accuracy);
    let lines = std::fs::read_to_string(folder.path().join(METRICS)).unwrap();
    let read: Vec<EpochMetrics> = lines
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(read.len(), 16);
    assert_eq!(read.last().map(|m| m.epoch), Some(16));
}

#[test]
fn a_seed_repeats_and_another_differs() {
    let folders: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    let first = recipe(Arch::Resnet8, 1);
    let other = Recipe {
        seed: 4,
        ..first.clone()
    };
    for (recipe, folder) in [&first, &first, &other].into_iter().zip(&folders) {
        run(recipe, folder.path(), FRESH).unwrap();
    }
    assert_same(folders[0].path(), folders[1].path());
    let (a, b) = (tensors(folders[0].path()), tensors(folders[2].path()));
    assert!(!a[0].1.equal(&b[0].1));
}

#[test]
fn an_interrupted_run_ends_as_an_uninterrupted_one() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let recipe = Recipe {
        ema_decay: 0.9,
        dropout: 0.1,
        pixmix: 0.5,
        mixup: 0.4,
        negatives: Some(every_negative()),
        ..recipe(Arch::Resnet8, 3)
    };
    run(&recipe, whole.path(), FRESH).unwrap();
    // The checkpoint of epoch 2 is what a run killed in epoch 3 leaves.
    run(&recipe, parts.path(), FRESH).unwrap();
    let path = parts.path().join(CHECKPOINT);
    let partial = tempfile::tempdir().unwrap();
    stop_after(&recipe, 2, partial.path());
    std::fs::copy(partial.path().join(CHECKPOINT), &path).unwrap();
    let rest = run(&recipe, parts.path(), RESUMED).unwrap();
    assert_eq!(rest.iter().map(|m| m.epoch).collect::<Vec<_>>(), [3]);
    assert_same(whole.path(), parts.path());
    let lines = std::fs::read_to_string(parts.path().join(METRICS)).unwrap();
    assert_eq!(lines.lines().count(), 3);
}

#[test]
fn a_run_that_is_out_of_time_stops_at_a_checkpoint_and_goes_on() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let recipe = recipe(Arch::Resnet8, 3);
    run(&recipe, whole.path(), FRESH).unwrap();
    // No time at all is time for one epoch.
    let short = How {
        stop_after: Some(Duration::ZERO),
        ..RESUMED
    };
    for epoch in 1..=3 {
        let metrics = run(&recipe, parts.path(), short).unwrap();
        assert_eq!(metrics.iter().map(|m| m.epoch).collect::<Vec<_>>(), [epoch]);
    }
    assert_same(whole.path(), parts.path());
}

#[test]
fn steps_that_turn_images_want_square_ones() {
    let folder = tempfile::tempdir().unwrap();
    let classes = vec!["a".to_owned(), "b".to_owned()];
    let set = ImageSet::new(8, 4, vec![7; 2 * 96], Some(vec![0, 1]), classes).unwrap();
    let setting = Setting {
        fit: &set,
        calibration: &set,
        start: None,
        device: Device::Cpu,
        out: folder.path().join("run"),
        resume: false,
        measure_every: 1,
        stop_after: None,
        progress: false,
    };
    let recipe = Recipe {
        negatives: Some(every_negative()),
        ..recipe(Arch::Resnet8, 1)
    };
    let error = train(&recipe, &setting).unwrap_err().to_string();
    assert!(error.contains("8x4") && error.contains("square"), "{error}");
    assert!(!folder.path().join("run").exists());
}

fn every_negative() -> Negatives {
    Negatives {
        share: 0.25,
        weight: 0.5,
        kinds: Making::value_variants().to_vec(),
    }
}

#[test]
fn a_recipe_without_the_newer_steps_reads_and_writes_as_it_always_did() {
    let plain = recipe(Arch::Resnet8, 1);
    let mut json = serde_json::to_value(&plain).unwrap();
    let fields = json.as_object_mut().unwrap();
    for newer in ["start", "pixmix", "mixup", "negatives"] {
        assert!(!fields.contains_key(newer), "{newer}");
    }
    // As written before bf16 came.
    fields.remove("precision");
    assert_eq!(serde_json::from_value::<Recipe>(json).unwrap(), plain);
    let full = Recipe {
        negatives: Some(every_negative()),
        start: Some("00".repeat(32)),
        pixmix: 0.5,
        mixup: 0.2,
        ..plain
    };
    let json = serde_json::to_string(&full).unwrap();
    assert_eq!(serde_json::from_str::<Recipe>(&json).unwrap(), full);
}

/// Runs `recipe` and takes a checkpoint away as soon as `epochs` are done.
fn stop_after(recipe: &Recipe, epochs: usize, keep: &Path) {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        let out = folder.path();
        let running = scope.spawn(move || run(recipe, out, FRESH));
        let path = folder.path().join(CHECKPOINT);
        loop {
            if let Ok((state, _)) = checkpoint::load(&path)
                && state.epochs_done == epochs
            {
                std::fs::copy(&path, keep.join(CHECKPOINT)).unwrap();
                let (kept, _) = checkpoint::load(&keep.join(CHECKPOINT)).unwrap();
                if kept.epochs_done == epochs {
                    break;
                }
            }
            assert!(
                !running.is_finished(),
                "the run ended before its checkpoint was seen"
            );
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        running.join().unwrap().unwrap();
    });
}

#[test]
fn a_folder_is_never_overwritten_nor_resumed_by_another_recipe() {
    let folder = tempfile::tempdir().unwrap();
    let first = recipe(Arch::Resnet8, 1);
    run(&first, folder.path(), FRESH).unwrap();
    let before = std::fs::read(folder.path().join(CHECKPOINT)).unwrap();
    let error = run(&first, folder.path(), FRESH).unwrap_err().to_string();
    assert!(error.contains("--resume"), "{error}");
    let other = Recipe {
        learning_rate: 0.01,
        ..first
    };
    let error = run(&other, folder.path(), RESUMED).unwrap_err().to_string();
    assert!(error.contains("another recipe"), "{error}");
    assert_eq!(
        std::fs::read(folder.path().join(CHECKPOINT)).unwrap(),
        before
    );
}

#[test]
fn a_recipe_out_of_range_is_refused_by_field() {
    let good = recipe(Arch::Resnet8, 2);
    for (bad, field) in [
        (
            Recipe {
                epochs: 0,
                ..good.clone()
            },
            "epochs",
        ),
        (
            Recipe {
                batch: 0,
                ..good.clone()
            },
            "batch",
        ),
        (
            Recipe {
                momentum: 1.0,
                ..good.clone()
            },
            "momentum",
        ),
        (
            Recipe {
                learning_rate: f64::NAN,
                ..good.clone()
            },
            "learning rate",
        ),
        (
            Recipe {
                ema_decay: -0.1,
                ..good.clone()
            },
            "EMA decay",
        ),
        (
            Recipe {
                pixmix: 1.5,
                ..good.clone()
            },
            "PixMix",
        ),
        (
            Recipe {
                mixup: f64::INFINITY,
                ..good.clone()
            },
            "mixup",
        ),
        (
            Recipe {
                negatives: Some(Negatives {
                    share: 0.0,
                    ..every_negative()
                }),
                ..good.clone()
            },
            "negatives",
        ),
        (
            Recipe {
                negatives: Some(Negatives {
                    kinds: vec![],
                    ..every_negative()
                }),
                ..good
            },
            "kinds",
        ),
    ] {
        let error = bad.check().unwrap_err().to_string();
        assert!(
            error.contains(field) && error.contains("expected"),
            "{error}"
        );
    }
}
