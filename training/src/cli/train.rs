//! `normgate-train train`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use clap::{Args as ClapArgs, ValueEnum};
use normgate_train::device::{self, DeviceChoice, Precision, PrecisionChoice};
use normgate_train::loss::Loss;
use normgate_train::negatives::{Making, Negatives};
use normgate_train::network::Arch;
use normgate_train::recipe::Recipe;
use normgate_train::schedule::Schedule;
use normgate_train::start::Start;
use normgate_train::train::{self, Setting};

use super::data::{self, Held, TrainingImages};

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LossName {
    Ce,
    Logitnorm,
    Elogitnorm,
    T2fnorm,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ScheduleName {
    Cosine,
    Step,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    images: TrainingImages,
    /// The last N of them are kept out of the weights: they set ranges and thresholds.
    #[arg(long, default_value_t = 5000)]
    calibration: usize,
    /// Side of the images that the network sees, pixels; others are cropped and resized.
    #[arg(long, default_value_t = data::SIDE)]
    size: u32,
    /// Folder for the checkpoint and the metrics.
    #[arg(long)]
    out: PathBuf,
    /// Go on from the checkpoint in --out, where there is one.
    #[arg(long)]
    resume: bool,
    /// The network.
    #[arg(long, value_enum, default_value = "resnet8")]
    arch: Arch,
    /// The loss: cross entropy, LogitNorm, Extended LogitNorm, or T2FNorm.
    #[arg(long, value_enum, default_value = "logitnorm")]
    loss: LossName,
    /// The temperature of LogitNorm (0.04 where not given) or T2FNorm (0.1).
    #[arg(long)]
    tau: Option<f64>,
    /// Passes over the fit images.
    #[arg(long, default_value_t = 30)]
    epochs: usize,
    /// Images a step.
    #[arg(long, default_value_t = 128)]
    batch: usize,
    /// Peak learning rate.
    #[arg(long, default_value_t = 0.1)]
    lr: f64,
    /// How the learning rate falls: half a cosine, or by steps.
    #[arg(long, value_enum, default_value = "cosine")]
    schedule: ScheduleName,
    /// Epochs after which --schedule step lowers the rate.
    #[arg(long, value_delimiter = ',', default_values_t = [80, 140])]
    milestones: Vec<usize>,
    /// Factor of --schedule step.
    #[arg(long, default_value_t = 0.1)]
    gamma: f64,
    /// Epochs of linear warm-up; 1, or a tenth of a run shorter than 10 epochs, where not given.
    #[arg(long)]
    warmup: Option<f64>,
    /// Momentum of Nesterov's SGD.
    #[arg(long, default_value_t = 0.9)]
    momentum: f64,
    /// L2 penalty on every parameter.
    #[arg(long, default_value_t = 5e-4)]
    weight_decay: f64,
    /// Dropout in wide blocks.
    #[arg(long, default_value_t = 0.0)]
    dropout: f64,
    /// Decay a step of the averaged weights; 0 keeps none.
    #[arg(long, default_value_t = 0.0)]
    ema: f64,
    /// Start from the weights that the finished run in this folder would export.
    #[arg(long, value_name = "FOLDER")]
    init: Option<PathBuf>,
    /// Share of the images that go through PixMix, with pictures of nothing for its fractals.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pixmix: f64,
    /// mixup's alpha; 0 mixes nothing.
    #[arg(long, value_name = "ALPHA", default_value_t = 0.0)]
    mixup: f64,
    /// Negatives a step, made of the batch and of nothing, as a share of the batch; 0 makes none.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    negatives: f64,
    /// Weight of the negatives' loss.
    #[arg(long, value_name = "WEIGHT", default_value_t = 0.5)]
    negatives_weight: f64,
    /// How negatives are made, in equal parts.
    #[arg(long, value_name = "KINDS", value_delimiter = ',', default_values = ["pictures", "shuffled"])]
    negatives_kinds: Vec<Making>,
    /// Round weights and activations as the int8 file does, with normalisation folded; for a few last epochs from
    /// --init, in f32.
    #[arg(long)]
    quantized: bool,
    /// Neither crop nor flip.
    #[arg(long)]
    no_augment: bool,
    /// Seed of initial weights, order, augmentation and dropout.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where to train.
    #[arg(long, value_enum, default_value = "auto")]
    device: DeviceChoice,
    /// Arithmetic of the convolutions; auto is bf16 on CUDA and f32 on the CPU.
    #[arg(long, value_enum, default_value = "auto")]
    precision: PrecisionChoice,
    /// CPU threads; all cores where not given.
    #[arg(long)]
    threads: Option<i32>,
    /// Epochs between measurements on the calibration set.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    measure_every: u32,
    /// Begin no epoch that would end later than this many seconds after the first began; --resume goes on from there.
    #[arg(long, value_name = "SECONDS")]
    stop_after: Option<u64>,
    /// No progress bars.
    #[arg(long)]
    quiet: bool,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let device = device::select(args.device)?;
    let start = args.init.as_deref().map(Start::read).transpose()?;
    let recipe = Recipe {
        start: start.as_ref().map(Start::sha256).transpose()?,
        ..recipe(&args, device::precision(device, args.precision)?)
    };
    recipe.check()?;
    if let Some(threads) = args.threads {
        if threads < 1 {
            bail!("--threads is {threads}, expected 1 or more");
        }
        tch::set_num_threads(threads);
    }
    let (fit, calibration) = args
        .images
        .open([args.size; 2], Held::Last(args.calibration))?;
    let setting = Setting {
        fit: &fit,
        calibration: &calibration,
        start: start.as_ref(),
        device,
        out: args.out.clone(),
        resume: args.resume,
        measure_every: args.measure_every as usize,
        stop_after: args.stop_after.map(Duration::from_secs),
        progress: !args.quiet,
    };
    let metrics = train::train(&recipe, &setting)?;
    match metrics.last() {
        Some(last) => println!(
            "{}: epoch {} of {}, loss {:.4}, calibration accuracy {:.4}, {:.0} images/s",
            args.out.display(),
            last.epoch,
            recipe.epochs,
            last.loss,
            last.calibration_accuracy.unwrap_or(f64::NAN),
            last.images_per_second
        ),
        None => println!("{}: nothing left to train", args.out.display()),
    }
    Ok(())
}

fn recipe(args: &Args, precision: Precision) -> Recipe {
    Recipe {
        arch: args.arch,
        loss: match args.loss {
            LossName::Ce => Loss::CrossEntropy,
            LossName::Logitnorm => Loss::LogitNorm {
                tau: args.tau.unwrap_or(0.04),
            },
            LossName::Elogitnorm => Loss::ElogitNorm,
            LossName::T2fnorm => Loss::T2fNorm {
                tau: args.tau.unwrap_or(0.1),
            },
        },
        epochs: args.epochs,
        batch: args.batch,
        learning_rate: args.lr,
        schedule: match args.schedule {
            ScheduleName::Cosine => Schedule::Cosine,
            ScheduleName::Step => Schedule::Step {
                milestones: args.milestones.clone(),
                gamma: args.gamma,
            },
        },
        warmup_epochs: args.warmup.unwrap_or((args.epochs as f64 / 10.0).min(1.0)),
        momentum: args.momentum,
        weight_decay: args.weight_decay,
        dropout: args.dropout,
        ema_decay: args.ema,
        augment: !args.no_augment,
        start: None,
        pixmix: args.pixmix,
        mixup: args.mixup,
        negatives: (args.negatives != 0.0).then(|| {
            let mut kinds = args.negatives_kinds.clone();
            kinds.sort_unstable();
            Negatives {
                share: args.negatives,
                weight: args.negatives_weight,
                kinds,
            }
        }),
        quantized: args.quantized,
        precision,
        seed: args.seed,
    }
}
