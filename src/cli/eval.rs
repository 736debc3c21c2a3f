//! `normgate eval`.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args as ClapArgs;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use normgate::bundle::Gate;
use normgate::dataset::{self, ImageSet, Split};
use normgate::eval::gallery::{self, Gallery};
use normgate::eval::labels::aligned;
use normgate::eval::page::{Page, Source};
use normgate::eval::run::{infer_all, score_all};
use normgate::eval::{Report, ScoredSet, plots};
use normgate::model::Model;
use normgate_core::Score;

use super::model_file::ModelFile;
use super::write_whole;

/// The in-distribution set's name in the report.
const ID_NAME: &str = "in-distribution";

/// Pictures of mistakes, and of accepted unknowns over all sets.
const PICTURES: usize = 24;

/// Pictures of the accepted unknowns of one set, however many sets there are.
const LEAST_PICTURES: usize = 6;

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
    /// A set of --ood that is near-OOD; repeat for more. The others are far-OOD, and each kind has a mean of its own.
    #[arg(long, value_name = "NAME")]
    near: Vec<String>,
    /// Use only the first N images of each set.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Write the report as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write all of it as one page, index.html, and as report.json.
    #[cfg(feature = "report")]
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Write score histograms and ROC curves as SVG.
    #[cfg(feature = "report")]
    #[arg(long, value_name = "DIR")]
    plots: Option<PathBuf>,
    /// No progress bars.
    #[arg(long)]
    quiet: bool,
}

/// Where files for people go.
#[derive(Clone, Copy)]
struct Folders<'a> {
    report: Option<&'a Path>,
    plots: Option<&'a Path>,
}

impl Args {
    #[cfg(feature = "report")]
    fn folders(&self) -> Folders<'_> {
        Folders {
            report: self.report.as_deref(),
            plots: self.plots.as_deref(),
        }
    }

    /// Nowhere, which takes what draws them out of the program.
    #[cfg(not(feature = "report"))]
    #[inline(always)]
    fn folders(&self) -> Folders<'_> {
        Folders {
            report: None,
            plots: None,
        }
    }
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
    if let Some(near) = args
        .near
        .iter()
        .find(|near| !args.ood.iter().any(|(name, _)| name == *near))
    {
        let names: Vec<&str> = args.ood.iter().map(|(name, _)| name.as_str()).collect();
        bail!(
            "--near {near}: no --ood set has this name, expected one of {}",
            names.join(", ")
        );
    }
    let folders = args.folders();
    // A folder that cannot be had is told before the work, not after it.
    for folder in folders.report.iter().chain(&folders.plots) {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let bars = match args.quiet {
        true => None,
        false => Some(MultiProgress::new()),
    };
    let evaluation = Evaluation {
        model: &model,
        gate,
        limit: args.limit,
        pictured: folders.report.is_some(),
        bars,
    };
    let id = evaluation.in_distribution(&args.id)?;
    let most = (PICTURES / args.ood.len().max(1)).max(LEAST_PICTURES);
    let mut ood = Vec::with_capacity(args.ood.len());
    let mut sources = vec![id.source];
    let mut accepted = Vec::new();
    for (name, path) in &args.ood {
        let set = evaluation.ood(name, path, most)?;
        ood.push(set.scored);
        sources.push(set.source);
        accepted.extend(set.gallery);
    }
    let d = model.description();
    let title = format!("{} v{} ({:?})", d.name, d.version, d.precision);
    let report = Report::new(title, gate, &id.scored, &ood)?.with_near(&args.near)?;
    // The first to be told, so that a full disk costs the files only.
    std::io::stdout().write_all(format!("{report}\n").as_bytes())?;
    if let Some(path) = &args.json {
        let json = serde_json::to_vec_pretty(&report)?;
        write_whole(path, &json)?;
    }
    if let Some(folder) = folders.plots {
        plots::write_all(folder, gate, &id.scored, &ood)?;
    }
    if let (Some(folder), Some(mistakes)) = (folders.report, &id.gallery) {
        let page = Page {
            description: d,
            score: gate.score,
            report: &report,
            id: &id.scored,
            labels: &id.labels,
            ood: &ood,
            sources: &sources,
            mistakes,
            accepted: &accepted,
            command: &command(std::env::args_os()),
        };
        page.write(folder)?;
    }
    Ok(())
}

/// The command line, to be pasted into a shell.
fn command(args: impl Iterator<Item = OsString>) -> String {
    let words: Vec<String> = args.map(|a| a.to_string_lossy().into_owned()).collect();
    // Only a NUL cannot be quoted, and no argument has one.
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
}

/// How sets are scored.
struct Evaluation<'a> {
    model: &'a Model,
    gate: &'a Gate,
    limit: Option<u32>,
    /// Whether pictures are kept.
    pictured: bool,
    bars: Option<MultiProgress>,
}

/// A set after its scoring. The images are gone but for the pictures.
struct Set {
    source: Source,
    scored: ScoredSet,
    labels: Vec<u16>,
    gallery: Option<Gallery>,
}

impl Evaluation<'_> {
    fn in_distribution(&self, path: &Path) -> anyhow::Result<Set> {
        let images = self.open(path)?;
        let names = &self.model.description().labels;
        let labels = aligned(&images, names).with_context(|| path.display().to_string())?;
        let scored = self.scored(ID_NAME, &images, Some(&labels))?;
        let gallery = match self.pictured {
            true => Some(gallery::mistakes(
                &scored,
                &images,
                &labels,
                names,
                self.gate.score,
                PICTURES,
            )?),
            false => None,
        };
        Ok(Set {
            source: source(ID_NAME, path, &images),
            scored,
            labels,
            gallery,
        })
    }

    /// Keeps at most `most` pictures.
    fn ood(&self, name: &str, path: &Path, most: usize) -> anyhow::Result<Set> {
        let images = self.open(path)?;
        let scored = self.scored(name, &images, None)?;
        let names = &self.model.description().labels;
        let gallery = match self.pictured {
            true => Some(gallery::accepted(
                &scored,
                &images,
                names,
                self.gate.score,
                most,
            )?),
            false => None,
        };
        Ok(Set {
            source: source(name, path, &images),
            scored,
            labels: Vec::new(),
            gallery,
        })
    }

    fn open(&self, path: &Path) -> anyhow::Result<ImageSet> {
        let set = dataset::open(path, Split::Test, &self.model.preprocess())?;
        Ok(match self.limit {
            Some(n) if (n as usize) < set.len() => set.slice(0..n as usize)?,
            _ => set,
        })
    }

    fn scored(
        &self,
        name: &str,
        images: &ImageSet,
        labels: Option<&[u16]>,
    ) -> anyhow::Result<ScoredSet> {
        let bar = bar(name, images, self.bars.as_ref());
        let outputs = infer_all(self.model, images, || bar.inc(1))?;
        bar.finish_and_clear();
        let temperature = match self.model.description().gate.as_ref() {
            Some(g) => g.energy_temperature,
            None => Score::DEFAULT_TEMPERATURE,
        };
        let references = &self.gate.references;
        Ok(score_all(
            name,
            self.model,
            references,
            &outputs,
            temperature,
            labels,
        )?)
    }
}

fn source(name: &str, path: &Path, images: &ImageSet) -> Source {
    Source {
        name: name.to_owned(),
        path: path.display().to_string(),
        images: images.len(),
        sha256: images.sha256(),
    }
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
