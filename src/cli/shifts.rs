//! `normgate shifts`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args as ClapArgs;
use indicatif::{ProgressBar, ProgressStyle};
use normgate::dataset::{self, Split};
use normgate::shift::{Corruption, Plan, Severity, study};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;

use super::drift::Every;
use super::model_file::ModelFile;
use super::write_whole;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    model: ModelFile,
    /// Labelled in-distribution images: a CIFAR binary file or folder, an IDX file, a folder with one folder a class.
    #[arg(long, value_name = "PATH")]
    id: PathBuf,
    /// Use only N images, drawn at random.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Only this corruption; may be given again. All where not given.
    #[arg(long, value_name = "NAME", value_parser = corruption)]
    corruption: Vec<Corruption>,
    /// Random orders in which the images are shown.
    #[arg(long, value_name = "N", default_value_t = 101, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    orders: u32,
    /// Chooses the orders, the noise and the images of --limit.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    every: Every,
    /// Look at one frame in N.
    #[arg(long, value_name = "N", default_value_t = 1)]
    drift_stride: u32,
    /// Write the report as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// No progress bar.
    #[arg(long)]
    quiet: bool,
}

fn corruption(name: &str) -> Result<Corruption, String> {
    let found = Corruption::ALL.into_iter().find(|c| c.name() == name);
    found.ok_or_else(|| {
        let names = Corruption::ALL.map(Corruption::name);
        format!("expected one of {}", names.join(", "))
    })
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let model = args.model.load_gated()?;
    let plan = Plan {
        corruptions: match args.corruption.as_slice() {
            [] => Corruption::ALL.to_vec(),
            some => some.to_vec(),
        },
        policy: args.every.policy(args.drift_stride)?,
        orders: args.orders,
        seed: args.seed,
    };
    args.model.tell_rate(&model);
    let mut set = dataset::open(&args.id, Split::Test, &model.preprocess())?;
    if let Some(limit) = args.limit {
        let mut places: Vec<usize> = (0..set.len()).collect();
        places.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(args.seed));
        places.truncate(limit as usize);
        set = set.select(&places)?;
    }
    let shifts = 1 + plan.corruptions.len() * Severity::ALL.len();
    let bar = match args.quiet {
        true => ProgressBar::hidden(),
        false => ProgressBar::new((shifts * set.len()) as u64).with_style(
            ProgressStyle::with_template("{bar:40} {pos}/{len} {per_sec} eta {eta}")
                .unwrap_or_else(|_| ProgressStyle::default_bar()),
        ),
    };
    let report =
        study(&model, &set, &plan, || bar.inc(1)).with_context(|| args.id.display().to_string())?;
    bar.finish_and_clear();
    println!("{report}");
    if let Some(path) = &args.json {
        write_whole(path, &serde_json::to_vec_pretty(&report)?)?;
    }
    Ok(())
}
