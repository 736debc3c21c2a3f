//! `normgate bench`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args as ClapArgs;
use normgate::frame::{ColorSpace, Picture, PixelFormat};
use normgate::latency::Latency;
use normgate::model::{InForce, Model};
use normgate::pipeline::Judge;
use normgate::preprocess::Preprocessor;
use normgate_core::CommitPolicy;
use serde_json::json;

use super::drift;
use super::model_file::ModelFile;

/// Runs before the clock counts.
const WARM_UP: usize = 20;
/// A webcam's usual frame, in YUYV.
const CAMERA: (u32, u32) = (640, 480);
/// How long each stage took, run by run.
struct Stages {
    same: Latency,
    resized: Latency,
    network: Latency,
    gate: Latency,
    total: Latency,
    overhead: Latency,
}

impl Stages {
    fn named(&self) -> [(&'static str, &Latency); 6] {
        [
            ("preprocess, model's size", &self.same),
            ("preprocess, 640 x 480 YUYV", &self.resized),
            ("model", &self.network),
            ("gate", &self.gate),
            ("640 x 480 YUYV to verdict", &self.total),
            ("the same without the model", &self.overhead),
        ]
    }
}

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    model: ModelFile,
    /// Runs of each stage.
    #[arg(long, default_value_t = 500)]
    iterations: usize,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    if args.iterations == 0 {
        bail!("--iterations is 0, expected 1 or more");
    }
    let start = Instant::now();
    let model = args.model.load()?;
    let load = start.elapsed();
    let stages = measure(&model, args.iterations)?;
    let us = |t: Duration| t.as_secs_f64() * 1e6;
    let at = |l: &Latency, p| l.percentile(p).map_or(f64::NAN, us);
    let d = model.description();
    let gate = model.gate().map(InForce::of);
    if args.json {
        let stages: Vec<_> = stages
            .named()
            .into_iter()
            .map(|(name, l)| json!({ "stage": name, "p50_us": at(l, 0.5), "p99_us": at(l, 0.99) }))
            .collect();
        let all = json!({
            "model": d.name,
            "version": d.version,
            "precision": d.precision,
            "iterations": args.iterations,
            "threads": args.model.threads(),
            "gate": gate,
            "load_us": us(load),
            "stages": stages,
        });
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    println!(
        "{} v{} ({:?}), {} runs a stage, {} thread(s)",
        d.name,
        d.version,
        d.precision,
        args.iterations,
        args.model.threads()
    );
    if let Some(gate) = &gate {
        println!("threshold: {gate}");
    }
    println!("{:<28} {:9.1} us", "load and prepare", us(load));
    for (name, l) in stages.named() {
        println!(
            "{name:<28} p50 {:9.1} us  p99 {:9.1} us",
            at(l, 0.5),
            at(l, 0.99)
        );
    }
    let (overhead, network) = (&stages.overhead, &stages.network);
    if let (Some(overhead), Some(network)) = (overhead.percentile(0.5), network.percentile(0.5)) {
        let share = 100.0 * overhead.as_secs_f64() / network.as_secs_f64();
        println!("capture to verdict, the model apart: {share:.1} % of the model's time");
    }
    Ok(())
}

fn measure(model: &Model, iterations: usize) -> anyhow::Result<Stages> {
    let spec = model.preprocess();
    let mut pixels = vec![0; spec.input_len()];
    let mut preprocessor = Preprocessor::new(spec);
    let mut session = model.session()?;
    let (mut small, mut large) = (Vec::new(), Vec::new());
    let frame = picture(PixelFormat::Rgb24, (spec.width, spec.height), &mut small)?;
    let camera = picture(PixelFormat::Yuyv, CAMERA, &mut large)?;
    preprocessor.run(&frame, &mut pixels)?;
    let inference = session.infer(&pixels)?;

    let same = time(iterations, || Ok(preprocessor.run(&frame, &mut pixels)?))?;
    let mut resized_pixels = pixels.clone();
    let resized = time(iterations, || {
        Ok(preprocessor.run(&camera, &mut resized_pixels)?)
    })?;
    let network = time(iterations, || {
        black_box(session.infer(&pixels)?);
        Ok(())
    })?;
    let gate = time(iterations, || {
        black_box(model.judge(black_box(&inference)));
        Ok(())
    })?;
    let (total, overhead) = camera_to_verdict(model, &camera, iterations)?;
    Ok(Stages {
        same,
        resized,
        network,
        gate,
        total,
        overhead,
    })
}

/// The loop's way from a picture to a verdict, watched for drift as `run` does, whole and without the model's part of
/// the very same runs.
fn camera_to_verdict(
    model: &Model,
    camera: &Picture<'_>,
    iterations: usize,
) -> anyhow::Result<(Latency, Latency)> {
    let judge = Judge::new(model.clone(), CommitPolicy::new(3, 5)?)?;
    let mut judge = judge.with_drift(drift::usual()?);
    let (mut total, mut overhead) = (Latency::default(), Latency::default());
    for i in 0..WARM_UP + iterations {
        let judgement = black_box(judge.judge(camera));
        let network = judgement.network;
        let network = network.with_context(|| judgement.fault.unwrap_or_default())?;
        if i >= WARM_UP {
            total.push(judgement.total);
            overhead.push(judgement.total - network);
        }
    }
    Ok((total, overhead))
}

/// A picture with detail in it; its contents do not change the times.
fn picture(
    format: PixelFormat,
    (width, height): (u32, u32),
    bytes: &mut Vec<u8>,
) -> anyhow::Result<Picture<'_>> {
    let stride = format.row_len(width);
    let length = format.len(width, height, stride)?.unwrap_or_default();
    bytes.extend((0..length).map(|i| (i * 31 % 251) as u8));
    let color = ColorSpace::default();
    Ok(Picture::new(format, color, (width, height), stride, bytes)?)
}

fn time(
    iterations: usize,
    mut work: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<Latency> {
    let mut latency = Latency::default();
    for i in 0..WARM_UP + iterations {
        let start = Instant::now();
        work()?;
        if i >= WARM_UP {
            latency.push(start.elapsed());
        }
    }
    Ok(latency)
}
