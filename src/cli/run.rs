//! `normgate run`: the camera loop.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args as ClapArgs;
use normgate::pipeline::{Judge, Pipeline, PipelineError, Successor, Swapper};
use normgate::sink::{Fanout, Meters, Wait};
use normgate::source;
use normgate_core::CommitPolicy;
use sd_notify::NotifyState;

use super::control::Signals;
use super::drift::DriftArgs;
use super::model_file::ModelFile;
use super::sinks::SinkArgs;

/// How long the sinks may take for what is left when the loop ends.
const PATIENCE_AT_END: Duration = Duration::from_secs(5);

#[derive(Debug, ClapArgs)]
#[command(args_override_self = true)]
pub(super) struct Args {
    /// A TOML file whose keys are the long options of this subcommand; the command line has the last word.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    model: ModelFile,
    /// Swap the model when its file changes. SIGHUP swaps it in any case.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true")]
    watch: bool,
    /// v4l2:DEVICE (a camera; see `normgate cameras`), file:PATH (Y4M or MJPEG), dir:PATH (image files), demo: (sample
    /// frames), - (raw, Y4M or MJPEG video on standard input). Options follow as in
    /// v4l2:/dev/video0?size=640x480&format=yuyv&fps=15.
    #[arg(
        long,
        value_name = "URI",
        default_value = "demo:",
        allow_hyphen_values = true
    )]
    source: String,
    /// Stop after N frames.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    frames: Option<u64>,
    /// Commit to a class once K of the last N verdicts agree; 3/5 for a live source, 1/1 for still frames.
    #[arg(long, value_name = "K/N", value_parser = policy)]
    commit: Option<CommitPolicy>,
    #[command(flatten)]
    drift: DriftArgs,
    #[command(flatten)]
    sinks: SinkArgs,
}

fn policy(text: &str) -> Result<CommitPolicy, String> {
    let numbers = text
        .split_once('/')
        .and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
    let (k, n) = numbers.ok_or("expected K/N, such as 3/5")?;
    CommitPolicy::new(k, n).map_err(|e| e.to_string())
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let model = args.model.load_gated()?;
    let labels = model.description().labels.clone();
    let mut source = source::open(&args.source)?;
    let live = source.is_live();
    let policy = match args.commit {
        Some(policy) => policy,
        None if live => CommitPolicy::new(3, 5)?,
        None => CommitPolicy::IMMEDIATE,
    };
    let drift = args.drift.policy()?;
    args.model.tell_rate(&model);
    let mut judge = Judge::new(model, policy)?;
    if let Some(policy) = drift {
        judge = judge.with_drift(policy);
    }
    let meters = Arc::new(Meters::new(Arc::clone(judge.terms())));
    let swapper = match args.model.path() {
        Some(path) => {
            let threads = args.model.pool()?;
            let wanted = Successor {
                threads,
                labels,
                reject_rate: args.model.reject_rate(),
                drift,
            };
            let swapper = Swapper::spawn(path.to_owned(), wanted, args.watch);
            Some(swapper.context("the thread that reads models")?)
        }
        None if args.watch => bail!("--watch without --model; expected a model file to watch"),
        None => None,
    };
    let mut signals = Signals::listen(swapper)?;
    let wait = if live {
        Wait::Never
    } else {
        Wait::Until(signals.stop_flag())
    };
    let mut fanout = Fanout::new(Arc::clone(&meters)).with_wait(wait);
    args.sinks.add_to(&mut fanout, &meters)?;
    let described = source.describe();
    Signals::notify(&[NotifyState::Ready, NotifyState::Status(&described)]);

    let mut pipeline = Pipeline::new(judge, meters);
    let ended = pipeline.run(&mut *source, &mut fanout, &mut signals, args.frames);
    Signals::notify(&[NotifyState::Stopping]);
    let summary = pipeline.summary(&*source);
    let frames = summary.frames;
    for late in fanout.finish(summary, PATIENCE_AT_END) {
        eprintln!(
            "normgate: {late}: still busy after {} s, left behind",
            PATIENCE_AT_END.as_secs()
        );
    }
    match ended {
        // Who closed standard output wants no more.
        Err(PipelineError::Closed(_)) => return Ok(()),
        ended => ended?,
    }
    if frames == 0 && !signals.stopped() {
        bail!("{described}: no frame");
    }
    Ok(())
}
