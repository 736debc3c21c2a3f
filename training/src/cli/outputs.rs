//! `normgate-train outputs`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args as ClapArgs;
use normgate::dataset::Split;
use normgate_train::outputs::outputs;
use normgate_train::start::Start;
use tch::Tensor;

use super::data;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Folder of a finished run.
    #[arg(long)]
    run: PathBuf,
    /// Images and a name for them; may be given several times.
    #[arg(long, value_name = "NAME=PATH", required = true, value_parser = named)]
    images: Vec<(String, PathBuf)>,
    /// Safetensors file: NAME.features [N, C] and NAME.logits [N, K] in f32, NAME.labels [N] in i64 where there are some.
    #[arg(long)]
    out: PathBuf,
    /// CPU threads; all cores where not given.
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..))]
    threads: Option<i32>,
}

fn named(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => {
            Ok((name.to_owned(), path.into()))
        }
        _ => Err("expected NAME=PATH".into()),
    }
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    if let Some(threads) = args.threads {
        tch::set_num_threads(threads);
    }
    let start = Start::read(&args.run)?;
    let mut all = vec![];
    for (name, path) in &args.images {
        let set = data::open(path, Split::Test, start.state.image)?;
        let (features, logits) = outputs(&start, &set)?;
        all.push((format!("{name}.features"), features));
        all.push((format!("{name}.logits"), logits));
        if let Some(labels) = set.labels() {
            let labels: Vec<i64> = labels.iter().map(|&l| i64::from(l)).collect();
            all.push((format!("{name}.labels"), Tensor::from_slice(&labels)));
        }
    }
    let partial = args.out.with_extension("partial");
    Tensor::write_safetensors(&all, &partial).with_context(|| args.out.display().to_string())?;
    std::fs::rename(&partial, &args.out).with_context(|| args.out.display().to_string())
}
