//! `normgate-train threshold`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args as ClapArgs;
use indicatif::ProgressBar;
use normgate::bundle::Bundle;
use normgate_core::Score;
use normgate_train::threshold;

use super::data::TrainingImages;

/// Assurance of the printed bound.
const ASSURANCE: f64 = 0.95;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The exported file; it is replaced by one with the threshold in it.
    #[arg(long)]
    model: PathBuf,
    #[command(flatten)]
    images: TrainingImages,
    /// msp, max_logit, logit_norm, feature_norm or energy.
    #[arg(long, default_value = "max_logit")]
    score: Score,
    /// The share of in-distribution frames that may be rejected.
    #[arg(long, default_value_t = 0.05)]
    reject_rate: f64,
    /// Temperature of the energy score.
    #[arg(long, default_value_t = Score::DEFAULT_TEMPERATURE)]
    energy_temperature: f32,
    /// No progress bar.
    #[arg(long)]
    quiet: bool,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    if !(args.energy_temperature.is_finite() && args.energy_temperature > 0.0) {
        bail!(
            "--energy-temperature is {}, expected a finite number above 0",
            args.energy_temperature
        );
    }
    let bundle = Bundle::read(&args.model)?;
    let d = bundle.description();
    let size = [d.input.width, d.input.height];
    let (_, calibration) = args.images.open(size, d.calibration.images)?;
    let bar = match args.quiet {
        true => ProgressBar::hidden(),
        false => ProgressBar::new(calibration.len() as u64),
    };
    let fit = threshold::fit(
        &bundle,
        &calibration,
        args.score,
        args.reject_rate,
        args.energy_temperature,
        || bar.inc(1),
    )?;
    bar.finish_and_clear();
    fit.bundle.write(&args.model)?;
    println!(
        "{}: accept iff {} >= {}; rank {} of {} calibration scores; rejects at most {:.2}% of known inputs with {:.0}% assurance",
        args.model.display(),
        args.score,
        fit.fitted.threshold.get(),
        fit.fitted.rank,
        fit.fitted.n,
        fit.fitted.coverage_bound(ASSURANCE)? * 100.0,
        ASSURANCE * 100.0
    );
    Ok(())
}
