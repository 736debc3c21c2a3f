//! `normgate bench`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::Args as ClapArgs;
use normgate::frame::Frame;
use normgate::latency::Latency;
use normgate::model::Model;
use normgate::preprocess::Preprocessor;
use serde_json::json;

use super::model_file::ModelFile;

/// Runs before the clock counts.
const WARM_UP: usize = 20;
/// A camera's usual frame.
const CAMERA: (u32, u32) = (640, 480);

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
    if args.json {
        let stages: Vec<_> = stages
            .iter()
            .map(|(name, l)| json!({ "stage": name, "p50_us": at(l, 0.5), "p99_us": at(l, 0.99) }))
            .collect();
        let all = json!({
            "model": d.name,
            "version": d.version,
            "precision": d.precision,
            "iterations": args.iterations,
            "threads": args.model.threads(),
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
    println!("{:<26} {:9.1} us", "load and prepare", us(load));
    for (name, l) in &stages {
        println!(
            "{name:<26} p50 {:9.1} us  p99 {:9.1} us",
            at(l, 0.5),
            at(l, 0.99)
        );
    }
    Ok(())
}

fn measure(model: &Model, iterations: usize) -> anyhow::Result<Vec<(&'static str, Latency)>> {
    let spec = model.preprocess();
    let mut pixels = vec![0; spec.input_len()];
    let mut preprocessor = Preprocessor::new(spec);
    let mut session = model.session()?;
    let frame = picture(spec.width, spec.height)?;
    let camera = picture(CAMERA.0, CAMERA.1)?;
    preprocessor.run(&frame, &mut pixels)?;
    let inference = session.infer(&pixels)?;

    let same = time(iterations, || Ok(preprocessor.run(&frame, &mut pixels)?))?;
    let mut small = pixels.clone();
    let resized = time(iterations, || Ok(preprocessor.run(&camera, &mut small)?))?;
    let network = time(iterations, || {
        black_box(session.infer(&pixels)?);
        Ok(())
    })?;
    let gate = time(iterations, || {
        black_box(model.judge(black_box(&inference)));
        Ok(())
    })?;
    let total = time(iterations, || {
        preprocessor.run(&camera, &mut small)?;
        black_box(model.judge(&session.infer(&small)?));
        Ok(())
    })?;
    Ok(vec![
        ("preprocess, model's size", same),
        ("preprocess, 640 x 480", resized),
        ("model", network),
        ("gate", gate),
        ("640 x 480 to verdict", total),
    ])
}

/// A picture with detail in it; its contents do not change the times.
fn picture(width: u32, height: u32) -> anyhow::Result<Frame> {
    let rgb = (0..width * height * 3)
        .map(|i| (i * 31 % 251) as u8)
        .collect();
    Ok(Frame::new(0, "picture", width, height, rgb)?)
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
