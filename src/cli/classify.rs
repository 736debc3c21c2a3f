//! `normgate classify`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::bail;
use clap::Args as ClapArgs;
use normgate::frame::{Picture, image_file};
use normgate::pipeline::Judge;
use normgate::sink::{Event, Record};
use normgate_core::CommitPolicy;

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
    args.model.tell_rate(&model);
    let mut judge = Judge::new(model, CommitPolicy::IMMEDIATE)?;
    let mut sink = args.format.sink()?;
    let mut unread = 0;
    for (place, path) in args.images.iter().enumerate() {
        let judgement = match image_file::read(path) {
            Ok(image) => {
                let picture = Picture::rgb(image.width, image.height, &image.rgb)?;
                judge.judge(&picture)
            }
            Err(e) => {
                unread += 1;
                judge.unreadable(e.to_string())
            }
        };
        let record = Record {
            frame: place as u64,
            name: path.display().to_string(),
            time: SystemTime::now(),
            fault: judgement.fault,
            verdict: judgement.verdict,
            committed: judgement.committed,
            latency: judgement.total,
            ..Record::empty(Arc::clone(judge.terms()))
        };
        sink.take(Event::Record(&record, None))?;
    }
    if unread > 0 {
        bail!("{unread} of {} images could not be read", args.images.len());
    }
    Ok(())
}
