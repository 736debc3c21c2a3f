//! A run that starts from another's weights.

use normgate_train::loss::Loss;
use normgate_train::network::Arch;
use normgate_train::recipe::Recipe;
use normgate_train::start::Start;

use crate::recipe;
use crate::runs::{FRESH, How, from, run};

fn begun_by(start: &Start, recipe: Recipe) -> Recipe {
    Recipe {
        start: Some(start.sha256().unwrap()),
        ..recipe
    }
}

#[test]
fn a_run_starts_where_the_other_ended() {
    let folders: Vec<_> = (0..4).map(|_| tempfile::tempdir().unwrap()).collect();
    let first = Recipe {
        ema_decay: 0.5,
        ..recipe(Arch::Resnet8, 6)
    };
    let before = run(&first, folders[0].path(), FRESH).unwrap();
    let start = Start::read(folders[0].path()).unwrap();
    // A rate of nearly nothing: the epoch measures what it was given.
    let still = begun_by(
        &start,
        Recipe {
            learning_rate: 1e-12,
            ..recipe(Arch::Resnet8, 1)
        },
    );
    let after = run(&still, folders[1].path(), from(&start)).unwrap();
    assert!(
        after[0].loss < before[0].loss - 0.5,
        "{} {}",
        after[0].loss,
        before[0].loss
    );
    // Parameters stayed, but for the statistics of the batches seen; a loss that scales the features says the same
    // with another head.
    let t2fnorm = Recipe {
        loss: Loss::T2fNorm { tau: 0.1 },
        ..still.clone()
    };
    run(&t2fnorm, folders[3].path(), from(&start)).unwrap();
    for folder in [&folders[1], &folders[3]] {
        let again = Start::read(folder.path()).unwrap();
        for ((name, a), (_, b)) in start.weights.iter().zip(&again.weights) {
            if !name.contains("running") {
                assert!((a - b).abs().max().double_value(&[]) < 1e-6, "{name}");
            }
        }
    }
    let again = Start::read(folders[1].path()).unwrap();
    assert_ne!(start.sha256().unwrap(), again.sha256().unwrap());

    // The fingerprint is part of the recipe: other weights cannot take over.
    let resumed = How {
        resume: true,
        ..from(&again)
    };
    let error = run(&still, folders[1].path(), resumed).unwrap_err();
    assert!(error.to_string().contains("fingerprint"), "{error}");
    let other = begun_by(&again, still.clone());
    let error = run(&other, folders[1].path(), resumed).unwrap_err();
    assert!(error.to_string().contains("another recipe"), "{error}");
    let error = run(&first, folders[2].path(), from(&start)).unwrap_err();
    assert!(error.to_string().contains("fingerprint"), "{error}");
}

#[test]
fn weights_of_another_network_or_an_unfinished_run_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    run(&recipe(Arch::Resnet8, 1), folder.path(), FRESH).unwrap();
    let start = Start::read(folder.path()).unwrap();
    let wide = begun_by(&start, recipe(Arch::Resnet20, 1));
    let error = run(&wide, out.path(), from(&start))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("resnet8") && error.contains("resnet20"),
        "{error}"
    );
    let error = Start::read(out.path()).unwrap_err().to_string();
    assert!(error.contains("no such file"), "{error}");
}
