//! `normgate-train threshold`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args as ClapArgs;
use indicatif::ProgressBar;
use normgate::bundle::Bundle;
use normgate_core::{ASSURANCE, Rule, Score};
use normgate_train::references::Plan;
use normgate_train::threshold::{self, Wanted};

use super::data::{Held, TrainingImages};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The exported file; it is replaced by one with the threshold in it.
    #[arg(long)]
    model: PathBuf,
    #[command(flatten)]
    images: TrainingImages,
    /// msp, max_logit, logit_norm, feature_norm, energy, nan, cosine, knn or combined.
    #[arg(long, default_value = "combined")]
    score: Score,
    /// The share of in-distribution frames that may be rejected.
    #[arg(long, default_value_t = 0.05)]
    reject_rate: f64,
    /// Temperature of the energy score.
    #[arg(long, default_value_t = Score::DEFAULT_TEMPERATURE)]
    energy_temperature: f32,
    /// Features of fit images that the model keeps for knn, as many of each class as of any other.
    #[arg(long, value_name = "ROWS", default_value_t = 1000)]
    bank: usize,
    /// The neighbour whose distance is knn's score.
    #[arg(long, value_name = "K", default_value_t = 10)]
    neighbour: usize,
    /// Combined's score of the direction.
    #[arg(long, default_value = "cosine")]
    direction: Score,
    /// Combined's score of the magnitude.
    #[arg(long, default_value = "max_logit")]
    magnitude: Score,
    /// How combined joins the two: fisher or min.
    #[arg(long, default_value = "fisher")]
    rule: Rule,
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
    let (fit_images, calibration) = args.images.open(size, Held::Kept(d.calibration.images))?;
    let bar = match args.quiet {
        true => ProgressBar::hidden(),
        false => ProgressBar::new((fit_images.len() + calibration.len()) as u64),
    };
    let wanted = Wanted {
        score: args.score,
        reject_rate: args.reject_rate,
        energy_temperature: args.energy_temperature,
        references: Plan {
            rows: args.bank,
            k: args.neighbour,
            direction: args.direction.at(args.energy_temperature),
            magnitude: args.magnitude.at(args.energy_temperature),
            rule: args.rule,
        },
    };
    let fit = threshold::fit(&bundle, &fit_images, &calibration, &wanted, || bar.inc(1))?;
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
