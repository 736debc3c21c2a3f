//! `normgate eval`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args as ClapArgs;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use normgate::dataset::{self, ImageSet, Split};
use normgate::eval::labels::aligned;
use normgate::eval::run::{infer_all, score_all};
use normgate::eval::{Report, ScoredSet, plots};
use normgate::model::Model;
use normgate_core::Score;

use super::model_file::ModelFile;
use super::write_whole;

/// The in-distribution set's name in the report.
const ID_NAME: &str = "in-distribution";

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    model: ModelFile,
    /// Labelled in-distribution images: a CIFAR binary file or folder, an IDX file, a folder with one folder a class.
    #[arg(long, value_name = "PATH")]
    id: PathBuf,
    /// Out-of-distribution images, labelled or not; repeat for more sets.
    #[arg(long, value_name = "NAME=PATH", required = true, value_parser = named)]
    ood: Vec<(String, PathBuf)>,
    /// Use only the first N images of each set.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Write the report as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write score histograms and ROC curves as SVG.
    #[arg(long, value_name = "DIR")]
    plots: Option<PathBuf>,
    /// No progress bars.
    #[arg(long)]
    quiet: bool,
}

fn named(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => {
            Ok((name.to_owned(), path.into()))
        }
        _ => Err("expected NAME=PATH, such as svhn=data/svhn".into()),
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let model = args.model.load_gated()?;
    let gate = model.gate().context("the model has no threshold")?;
    for (i, (name, _)) in args.ood.iter().enumerate() {
        if name == ID_NAME || args.ood[..i].iter().any(|(other, _)| other == name) {
            bail!("--ood {name}=...: another set has this name, expected one of its own");
        }
    }
    let bars = match args.quiet {
        true => None,
        false => Some(MultiProgress::new()),
    };
    let id = score(&model, ID_NAME, &args.id, args.limit, true, bars.as_ref())?;
    let ood = args
        .ood
        .iter()
        .map(|(name, path)| score(&model, name, path, args.limit, false, bars.as_ref()))
        .collect::<anyhow::Result<Vec<ScoredSet>>>()?;
    let d = model.description();
    let title = format!("{} v{} ({:?})", d.name, d.version, d.precision);
    let report = Report::new(title, gate, &id, &ood)?;
    println!("{report}");
    if let Some(path) = &args.json {
        write_whole(path, &serde_json::to_vec_pretty(&report)?)?;
    }
    if let Some(folder) = &args.plots {
        plots::write_all(folder, gate, &id, &ood)?;
    }
    Ok(())
}

fn score(
    model: &Model,
    name: &str,
    path: &Path,
    limit: Option<u32>,
    labelled: bool,
    bars: Option<&MultiProgress>,
) -> anyhow::Result<ScoredSet> {
    let set = dataset::open(path, Split::Test, &model.preprocess())?;
    let set = match limit {
        Some(n) if (n as usize) < set.len() => set.slice(0..n as usize)?,
        _ => set,
    };
    let labels = match labelled {
        true => Some(
            aligned(&set, &model.description().labels)
                .with_context(|| path.display().to_string())?,
        ),
        false => None,
    };
    let bar = bar(name, &set, bars);
    let outputs = infer_all(model, &set, || bar.inc(1))?;
    bar.finish_and_clear();
    let temperature = match model.description().gate.as_ref() {
        Some(g) => g.energy_temperature,
        None => Score::DEFAULT_TEMPERATURE,
    };
    let gate = model.gate().context("the model has no threshold")?;
    Ok(score_all(
        name,
        model,
        &gate.references,
        &outputs,
        temperature,
        labels.as_deref(),
    )?)
}

fn bar(name: &str, set: &ImageSet, bars: Option<&MultiProgress>) -> ProgressBar {
    let Some(bars) = bars else {
        return ProgressBar::hidden();
    };
    let style =
        ProgressStyle::with_template("{prefix:16} {bar:30} {pos}/{len} {per_sec} eta {eta}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
    bars.add(ProgressBar::new(set.len() as u64))
        .with_style(style)
        .with_prefix(name.to_owned())
}
