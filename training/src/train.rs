//! The training loop.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use normgate::dataset::ImageSet;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor, no_grad};

use crate::augment::{Batches, Crop};
use crate::checkpoint::{self, State};
use crate::error::TrainError;
use crate::metrics::{EpochMetrics, MetricsFile};
use crate::network::Network;
use crate::optimizer::{Weights, Which};
use crate::pass::Pass;
use crate::pictures::Pool;
use crate::ranges::RangeMethod;
use crate::recipe::Recipe;
use crate::start::Start;
use crate::step::Step;

/// The checkpoint's name in a run's folder.
pub const CHECKPOINT: &str = "checkpoint.safetensors";
/// The metrics' name in a run's folder.
pub const METRICS: &str = "metrics.jsonl";

/// Images a step where no gradient is kept.
const EVALUATION_BATCH: usize = 500;
/// Steps between readings of the loss: each reading waits for the device.
const READ_EVERY: usize = 20;

/// Fit images whose activations the grids of a quantized run have to cover.
const RANGE_IMAGES: usize = 1000;

/// Pictures of nothing that an epoch draws.
const PICTURES: i64 = 2048;

/// What a run needs beside its recipe.
#[derive(Debug)]
pub struct Setting<'a> {
    /// Images that fit the weights, labelled.
    pub fit: &'a ImageSet,
    /// Images that only measure, labelled.
    pub calibration: &'a ImageSet,
    /// The weights to start from, where the recipe names some.
    pub start: Option<&'a Start>,
    /// Where training runs.
    pub device: Device,
    /// The folder of the checkpoint and the metrics; made where it is missing.
    pub out: PathBuf,
    /// Whether to go on from the folder's checkpoint, where there is one.
    pub resume: bool,
    /// Epochs between measurements on the calibration set; the last epoch always measures.
    pub measure_every: usize,
    /// After how long no epoch is begun that would overrun it, by the longest one so far; the first one always runs.
    pub stop_after: Option<Duration>,
    /// Whether progress bars are drawn.
    pub progress: bool,
}

/// Runs `recipe` to its last epoch, or until [`Setting::stop_after`], and returns the metrics of the epochs run here.
///
/// Repeatable on the CPU: the same recipe, images and thread count give the same weights, interrupted or not.
///
/// # Errors
/// A recipe out of range, data without labels, a checkpoint of another run, a loss that is not finite, or I/O.
pub fn train(recipe: &Recipe, setting: &Setting<'_>) -> Result<Vec<EpochMetrics>, TrainError> {
    recipe.check()?;
    let fit_labels = labels(setting.fit, "fit")?;
    let calibration_labels = labels(setting.calibration, "calibration")?;
    let (width, height) = (setting.fit.width(), setting.fit.height());
    if width != height && (recipe.pixmix > 0.0 || recipe.negatives.is_some()) {
        return Err(TrainError::Data(format!(
            "images of {width}x{height} pixels, expected square ones for PixMix and negatives"
        )));
    }
    std::fs::create_dir_all(&setting.out).map_err(|e| TrainError::io(&setting.out, e))?;
    let path = setting.out.join(CHECKPOINT);

    let mut state = State {
        format: State::FORMAT,
        epochs_done: 0,
        recipe: recipe.clone(),
        classes: setting.fit.classes().to_vec(),
        image: [setting.fit.width(), setting.fit.height()],
        fit_sha256: setting.fit.sha256(),
        fit_images: setting.fit.len(),
        calibration_sha256: setting.calibration.sha256(),
        calibration_images: setting.calibration.len(),
    };
    tch::manual_seed(recipe.seed as i64);
    let network = recipe.network(state.classes.len());
    let mut weights = Weights::new(&network, setting.device, recipe.ema_decay > 0.0);
    start(recipe, setting, &state, &mut weights)?;
    if path.exists() {
        resume(&path, setting.resume, &mut state, &mut weights)?;
    }

    let fit = Batches::new(setting.fit, fit_labels, setting.device);
    let pass = pass(recipe, &network, setting.start, &fit)?;
    let calibration = Batches::new(setting.calibration, calibration_labels, setting.device);
    let mut file = MetricsFile::open(&setting.out.join(METRICS), state.epochs_done)?;
    let mut all = vec![];
    let (begun, mut longest) = (Instant::now(), Duration::ZERO);
    for epoch in state.epochs_done..recipe.epochs {
        let started = Instant::now();
        let stop = setting.stop_after;
        if !all.is_empty() && stop.is_some_and(|limit| begun.elapsed() + longest > limit) {
            break;
        }
        let mut metrics = run_epoch(recipe, setting, &pass, &mut weights, &fit, epoch)?;
        if (epoch + 1) % setting.measure_every.max(1) == 0 || epoch + 1 == recipe.epochs {
            metrics.calibration_accuracy = Some(accuracy(
                &pass,
                &weights,
                &calibration,
                recipe.precision.kind(),
            )?);
        }
        metrics.seconds = started.elapsed().as_secs_f64();
        state.epochs_done = epoch + 1;
        // A run that dies between the two drops the line again when it resumes.
        file.write(&metrics)?;
        checkpoint::save(&path, &weights, &state)?;
        all.push(metrics);
        longest = longest.max(started.elapsed());
    }
    Ok(all)
}

/// On the grids of the weights that a quantized run starts from, or in real numbers.
fn pass<'a>(
    recipe: &Recipe,
    network: &'a Network,
    start: Option<&Start>,
    fit: &Batches,
) -> Result<Pass<'a>, TrainError> {
    let Some(start) = start.filter(|_| recipe.quantized) else {
        return Ok(Pass::float(network));
    };
    let indices: Vec<i64> = (0..fit.len().min(RANGE_IMAGES) as i64).collect();
    let crops = vec![Crop::CENTRE; indices.len()];
    let (images, _) = fit.batch(&indices, &crops, Kind::Float);
    let named = start.scaled(network.head_scale);
    let images = images.to_device(Device::Cpu);
    Pass::quantized(network, &named, &images, RangeMethod::Mse).map_err(TrainError::Data)
}

/// Puts the weights that the recipe names into `weights`.
fn start(
    recipe: &Recipe,
    setting: &Setting<'_>,
    state: &State,
    weights: &mut Weights,
) -> Result<(), TrainError> {
    let found = setting.start.map(Start::sha256).transpose()?;
    if found != recipe.start {
        return Err(TrainError::Recipe {
            field: "start",
            value: format!("{:?}", recipe.start),
            expected: "the fingerprint of the weights given",
        });
    }
    let Some(start) = setting.start else {
        return Ok(());
    };
    let theirs = &start.state;
    if (theirs.recipe.arch, &theirs.classes) != (recipe.arch, &state.classes) {
        return Err(TrainError::Data(format!(
            "the weights to start from are a {} for {} classes, expected a {} for the same {} classes",
            theirs.recipe.arch,
            theirs.classes.len(),
            recipe.arch,
            state.classes.len()
        )));
    }
    weights
        .start_from(&start.scaled(recipe.loss.head_scale()))
        .map_err(TrainError::Data)
}

fn labels<'a>(set: &'a ImageSet, role: &str) -> Result<&'a [u16], TrainError> {
    let labels = set
        .labels()
        .ok_or_else(|| TrainError::Data(format!("the {role} images have no labels")))?;
    if set.classes().len() < 2 {
        return Err(TrainError::Data(format!(
            "the {role} images have {} class, expected 2 or more",
            set.classes().len()
        )));
    }
    Ok(labels)
}

fn resume(
    path: &Path,
    wanted: bool,
    state: &mut State,
    weights: &mut Weights,
) -> Result<(), TrainError> {
    let fault = |why: String| TrainError::Checkpoint {
        path: path.to_owned(),
        why,
    };
    if !wanted {
        return Err(fault(
            "is there already; --resume goes on from it, another --out starts afresh".into(),
        ));
    }
    let (saved, tensors) = checkpoint::load(path)?;
    let expected = State {
        epochs_done: saved.epochs_done,
        ..state.clone()
    };
    if saved != expected {
        return Err(fault(
            "is of another recipe or other data; expected the same ones as when it was written"
                .into(),
        ));
    }
    weights.restore(&tensors).map_err(fault)?;
    *state = saved;
    Ok(())
}

fn run_epoch(
    recipe: &Recipe,
    setting: &Setting<'_>,
    pass: &Pass<'_>,
    weights: &mut Weights,
    fit: &Batches,
    epoch: usize,
) -> Result<EpochMetrics, TrainError> {
    // An epoch's draws follow from its number alone, so that a resumed run repeats an uninterrupted one.
    let mut rng = ChaCha8Rng::seed_from_u64(recipe.seed);
    rng.set_stream(epoch as u64 + 1);
    tch::manual_seed(recipe.seed.wrapping_add(1 + epoch as u64) as i64);
    let mut order: Vec<i64> = (0..fit.len() as i64).collect();
    order.shuffle(&mut rng);

    let bar = progress(setting.progress, fit.len(), recipe.epochs, epoch);
    let started = Instant::now();
    let options = (Kind::Float, setting.device);
    let (mut loss_sum, mut hits, mut norm_sum) = (
        Tensor::zeros([], options),
        Tensor::zeros([], options),
        Tensor::zeros([], options),
    );
    let pool = recipe
        .needs_pictures()
        .then(|| Pool::new(PICTURES, i64::from(setting.fit.height()), setting.device));
    let steps = order.len().div_ceil(recipe.batch);
    let mut learning_rate = 0.0;
    for (step, indices) in order.chunks(recipe.batch).enumerate() {
        let crops: Vec<Crop> = indices
            .iter()
            .map(|_| match recipe.augment {
                true => Crop::random(&mut rng),
                false => Crop::CENTRE,
            })
            .collect();
        let (images, labels) = fit.batch(indices, &crops, Kind::Float);
        let batch = Step::new(images, &labels, recipe, pool.as_ref(), &mut rng);
        let parameters = weights.views(Which::Live, recipe.precision.kind());
        let statistics = weights.statistics(Which::Live);
        let input = batch.input(recipe.precision.kind());
        let forward = pass.run(&input, &parameters, &statistics, true, recipe.dropout);
        let (weight, bias) = pass.network.head(&parameters);
        let normalized = recipe.loss.normalized(&forward, weight, bias);
        let loss = batch.loss(&normalized, &labels, recipe);
        loss.backward();
        let at = epoch as f64 + (step + 1) as f64 / steps as f64;
        learning_rate = recipe.learning_rate
            * recipe
                .schedule
                .factor(at, recipe.epochs as f64, recipe.warmup_epochs);
        weights.step(learning_rate, recipe.momentum, recipe.weight_decay);
        weights.average(recipe.ema_decay);
        no_grad(|| {
            let n = indices.len() as f64;
            let logits = forward.logits.detach().narrow(0, 0, indices.len() as i64);
            let hit = logits.argmax(1, false).eq_tensor(&labels).sum(Kind::Float);
            let norm = logits
                .norm_scalaropt_dim(2.0, [1i64].as_slice(), false)
                .sum(Kind::Float);
            loss_sum += loss.detach() * n;
            hits += hit;
            norm_sum += norm;
        });
        bar.inc(indices.len() as u64);
        if step % READ_EVERY == 0 {
            let value = loss.double_value(&[]);
            if !value.is_finite() {
                return Err(TrainError::Diverged {
                    epoch: epoch + 1,
                    loss: value,
                });
            }
            bar.set_message(format!("loss {value:.3}"));
        }
    }
    let n = order.len() as f64;
    let loss = loss_sum.double_value(&[]) / n;
    let seconds = started.elapsed().as_secs_f64();
    bar.finish_and_clear();
    if !loss.is_finite() {
        return Err(TrainError::Diverged {
            epoch: epoch + 1,
            loss,
        });
    }
    Ok(EpochMetrics {
        epoch: epoch + 1,
        learning_rate,
        loss,
        fit_accuracy: hits.double_value(&[]) / n,
        calibration_accuracy: None,
        logit_norm: norm_sum.double_value(&[]) / n,
        images_per_second: n / seconds,
        seconds,
    })
}

/// Share of `images` whose largest logit is their class's, in [0, 1], with the averaged weights where kept.
///
/// # Errors
/// [`TrainError::Torch`].
pub fn accuracy(
    pass: &Pass<'_>,
    weights: &Weights,
    images: &Batches,
    conv_kind: Kind,
) -> Result<f64, TrainError> {
    no_grad(|| {
        let parameters = weights.views(Which::Averaged, conv_kind);
        let statistics = weights.statistics(Which::Averaged);
        let indices: Vec<i64> = (0..images.len() as i64).collect();
        let mut hits = 0i64;
        for chunk in indices.chunks(EVALUATION_BATCH) {
            let crops = vec![Crop::CENTRE; chunk.len()];
            let (batch, labels) = images.batch(chunk, &crops, conv_kind);
            let forward = pass.run(&batch, &parameters, &statistics, false, 0.0);
            let hit = forward.logits.argmax(1, false).eq_tensor(&labels);
            hits += i64::try_from(hit.sum(Kind::Int64))?;
        }
        Ok(hits as f64 / images.len() as f64)
    })
}

fn progress(shown: bool, images: usize, epochs: usize, epoch: usize) -> ProgressBar {
    if !shown {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(
        "{prefix} {bar:30} {pos}/{len} images {per_sec} {msg} eta {eta}",
    )
    .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(images as u64)
        .with_style(style)
        .with_prefix(format!("epoch {}/{epochs}", epoch + 1))
}
