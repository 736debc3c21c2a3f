//! `normgate-train export`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args as ClapArgs;
use indicatif::ProgressBar;
use normgate::dataset::Split;
use normgate_train::checkpoint;
use normgate_train::export::{Request, export};
use normgate_train::train::CHECKPOINT;

use super::data::{self, Held, TrainingImages};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The run's folder, as given to `train --out`.
    #[arg(long)]
    run: PathBuf,
    #[command(flatten)]
    images: TrainingImages,
    /// Labelled images that measure the accuracy in f32 and in int8.
    #[arg(long)]
    test: Option<PathBuf>,
    /// The model's name, such as cifar10-resnet8.
    #[arg(long)]
    name: String,
    /// The model's version.
    #[arg(long, default_value_t = 1)]
    model_version: u32,
    /// What the training images are, in words.
    #[arg(long, default_value = "training images")]
    data_name: String,
    /// Folder for the files.
    #[arg(long, default_value = "models")]
    out: PathBuf,
    /// Write the f32 twin too, as NAME-f32-vN.onnx.
    #[arg(long)]
    f32: bool,
    /// No progress.
    #[arg(long)]
    quiet: bool,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if args.name.is_empty() || !args.name.chars().all(plain) {
        bail!(
            "--name is {:?}, expected letters, digits, '-', '_' and '.'",
            args.name
        );
    }
    let (state, named) = checkpoint::load(&args.run.join(CHECKPOINT))?;
    if state.epochs_done < state.recipe.epochs {
        bail!(
            "{}: {} of {} epochs are done, expected a finished run; `train --resume` goes on",
            args.run.display(),
            state.epochs_done,
            state.recipe.epochs
        );
    }
    let (_, calibration) = args
        .images
        .open(state.image, Held::Kept(state.calibration_images))?;
    let test = match &args.test {
        Some(path) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            Some((
                data::open(path, Split::Test, state.image)?,
                name.into_owned(),
            ))
        }
        None => None,
    };
    let request = Request {
        name: args.name.clone(),
        version: args.model_version,
        calibration: &calibration,
        data_name: args.data_name.clone(),
        test: test.as_ref().map(|(set, name)| (set, name.clone())),
    };
    let spinner = match args.quiet {
        true => ProgressBar::hidden(),
        false => ProgressBar::new_spinner(),
    };
    spinner.enable_steady_tick(std::time::Duration::from_millis(100));
    let exported = export(&state, &named, &request, |stage| {
        spinner.set_message(stage.to_owned());
    })?;
    spinner.finish_and_clear();

    std::fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let file = |suffix: &str| {
        args.out.join(format!(
            "{}{suffix}-v{}.onnx",
            args.name, args.model_version
        ))
    };
    for c in &exported.quantization.candidates {
        let chosen = if c.ranges == exported.quantization.ranges {
            " <- chosen"
        } else {
            ""
        };
        println!(
            "ranges by {:<18} logit error {:.3e}{chosen}",
            c.ranges.to_string(),
            c.logit_error
        );
    }
    let accuracy = &exported.int8.description().accuracy;
    if let (Some(f32), Some(int8)) = (accuracy.f32, accuracy.int8) {
        println!(
            "test accuracy: f32 {:.2}%, int8 {:.2}%",
            f32 * 100.0,
            int8 * 100.0
        );
    }
    let path = file("");
    exported.int8.write(&path)?;
    println!(
        "{}: {} bytes; next: normgate-train threshold",
        path.display(),
        exported.int8.bytes()
    );
    if args.f32 {
        let path = file("-f32");
        exported.f32.write(&path)?;
        println!("{}: {} bytes", path.display(), exported.f32.bytes());
    }
    Ok(())
}
