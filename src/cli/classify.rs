//! `normgate classify`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args as ClapArgs;
use normgate::frame::image_file;
use normgate::pipeline::Pipeline;
use normgate::sink::{Record, Terms};
use normgate_core::{CommitPolicy, Committed, Verdict};

use super::Format;
use super::model_file::ModelFile;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    model: ModelFile,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// PNG, JPEG, WebP or BMP files.
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let model = args.model.load_gated()?;
    let mut pipeline = Pipeline::new(&model, CommitPolicy::IMMEDIATE)?;
    let mut sink = args.format.sink(Terms::of(&model));
    let mut unread = 0;
    for (place, path) in args.images.iter().enumerate() {
        let record = match image_file::read(path) {
            Ok(image) => {
                let name = path.display().to_string();
                Record {
                    frame: place as u64,
                    ..pipeline.process(image.into_frame(place as u64, name))
                }
            }
            Err(e) => {
                unread += 1;
                Record {
                    frame: place as u64,
                    name: path.display().to_string(),
                    truth: None,
                    fault: Some(e.to_string()),
                    verdict: Verdict::UNSCORED,
                    committed: Committed::Unknown,
                    latency: std::time::Duration::ZERO,
                }
            }
        };
        sink.take(&record)?;
    }
    if unread > 0 {
        bail!("{unread} of {} images could not be read", args.images.len());
    }
    Ok(())
}
