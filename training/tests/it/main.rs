//! What the desk's half promises, one module a part.

mod augment;
mod away;
mod command;
mod export;
mod fold;
mod loss;
mod mix;
mod negatives;
mod optimizer;
mod outputs;
mod pass;
mod pictures;
mod runs;
mod start;
mod train;

use std::sync::{Mutex, MutexGuard, PoisonError};

use normgate::dataset::{self, ImageSet, Split};
use normgate_core::{Fit, PreprocessSpec};
use normgate_train::device::Precision;
use normgate_train::loss::Loss;
use normgate_train::network::Arch;
use normgate_train::recipe::Recipe;
use normgate_train::schedule::Schedule;

const IMAGES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/fixtures/cifar10_train_600.bin"
);

/// libtorch has one random generator a process: what draws from it runs alone.
fn torch_rng() -> MutexGuard<'static, ()> {
    static RNG: Mutex<()> = Mutex::new(());
    RNG.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Real images: 600 of CIFAR-10's training half.
fn images() -> ImageSet {
    let spec = PreprocessSpec::new(32, 32, Fit::CenterCrop);
    dataset::open(IMAGES.as_ref(), Split::Train, &spec).unwrap()
}

fn recipe(arch: Arch, epochs: usize) -> Recipe {
    Recipe {
        arch,
        loss: Loss::LogitNorm { tau: 0.04 },
        epochs,
        batch: 32,
        learning_rate: 0.05,
        schedule: Schedule::Cosine,
        warmup_epochs: 0.5,
        momentum: 0.9,
        weight_decay: 5e-4,
        dropout: 0.0,
        ema_decay: 0.0,
        augment: true,
        start: None,
        pixmix: 0.0,
        mixup: 0.0,
        negatives: None,
        quantized: false,
        precision: Precision::F32,
        seed: 3,
    }
}
