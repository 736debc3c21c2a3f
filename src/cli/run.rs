//! `normgate run`: the camera loop.

use std::io::Write;

use anyhow::{Context, bail};
use clap::Args as ClapArgs;
use normgate::latency::Latency;
use normgate::pipeline::{Pipeline, PipelineError, Stage, Summary};
use normgate::sink::Terms;
use normgate::source::{self, NewestFrame, Source};
use normgate_core::CommitPolicy;
use serde_json::json;

use super::Format;
use super::model_file::ModelFile;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    model: ModelFile,
    /// demo: (sample frames), dir:PATH (image files), - (a raw or Y4M video on standard input; raw as
    /// -?size=WxH&format=rgb24).
    #[arg(
        long,
        value_name = "URI",
        default_value = "demo:",
        allow_hyphen_values = true
    )]
    source: String,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Stop after N frames.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    frames: Option<u64>,
    /// Commit to a class once K of the last N verdicts agree; 3/5 for a live source, 1/1 for still frames.
    #[arg(long, value_name = "K/N", value_parser = policy)]
    commit: Option<CommitPolicy>,
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
    let source = source::open(&args.source)?;
    let live = source.is_live();
    let policy = match args.commit {
        Some(policy) => policy,
        None if live => CommitPolicy::new(3, 5)?,
        None => CommitPolicy::IMMEDIATE,
    };
    let mut pipeline = Pipeline::new(&model, policy)?;
    let mut sink = args.format.sink(Terms::of(&model));
    let described = source.describe();
    let (ended, dropped) = if live {
        let mut newest = NewestFrame::spawn(source)?;
        let ended = pipeline.run(&mut newest, &mut *sink, args.frames);
        (ended, newest.dropped_frames())
    } else {
        let mut source = source;
        (pipeline.run(&mut *source, &mut *sink, args.frames), 0)
    };
    drop(sink);
    if !matches!(ended, Err(PipelineError::Sink(_))) {
        summarise(args.format, pipeline.summary(), dropped, &described)?;
    }
    ended?;
    if pipeline.summary().frames == 0 {
        bail!("{described}: no frame");
    }
    Ok(())
}

fn summarise(format: Format, s: &Summary, dropped: u64, source: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let us = |l: &Latency, p| l.percentile(p).map(|t| t.as_secs_f64() * 1e6);
    match format {
        Format::Json => {
            let stages: serde_json::Map<_, _> = Stage::ALL
                .into_iter()
                .map(|stage| {
                    let l = s.latency(stage);
                    let times = json!({ "p50_us": us(l, 0.5), "p99_us": us(l, 0.99) });
                    (stage.name().to_owned(), times)
                })
                .collect();
            let summary = json!({
                "source": source,
                "frames": s.frames,
                "known": s.known,
                "unknown": s.unknown,
                "faults": s.faults,
                "dropped": dropped,
                "latency": stages,
            });
            writeln!(out, "{}", json!({ "summary": summary }))
        }
        Format::Text => {
            writeln!(
                out,
                "\n{source}: {} frames, {} known, {} unknown ({} of them not read or scored), {dropped} dropped",
                s.frames, s.known, s.unknown, s.faults
            )?;
            Stage::ALL.into_iter().try_for_each(|stage| {
                let l = s.latency(stage);
                match (us(l, 0.5), us(l, 0.99)) {
                    (Some(p50), Some(p99)) => {
                        writeln!(out, "{:<11} p50 {p50:9.1} us  p99 {p99:9.1} us", stage.name())
                    }
                    _ => Ok(()),
                }
            })
        }
    }
    .context("summary")
}
