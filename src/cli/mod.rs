//! The command's options, one file a subcommand.

mod bench;
mod cameras;
mod classify;
mod config;
mod control;
mod drift;
mod eval;
mod inspect;
#[cfg(unix)]
mod mcu_sim;
mod model_file;
#[cfg(unix)]
mod monitor;
mod run;
mod serial;
#[cfg(feature = "shifts")]
mod shifts;
mod sinks;

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use normgate::sink::{JsonLines, Sink, Text};

pub(crate) use config::with_config;

/// Classify frames on a small board, and say `unknown` of those that are none of the model's classes.
#[derive(Debug, Parser)]
#[command(name = "normgate", version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Take frames from a source and tell a verdict of each.
    Run(Box<run::Args>),
    /// List the cameras with their formats, sizes and rates.
    Cameras(cameras::Args),
    /// Tell a verdict of each image file.
    Classify(classify::Args),
    /// Measure accuracy and out-of-distribution detection on sets of images.
    Eval(eval::Args),
    /// Measure how soon a drift alarm tells of worse pictures, on images corrupted as in CIFAR-10-C.
    #[cfg(feature = "shifts")]
    Shifts(shifts::Args),
    /// Show everything that a model file says of itself.
    Inspect(inspect::Args),
    /// Measure the latency of each stage on this machine.
    Bench(bench::Args),
    /// Show what is said on a serial line between a host and its microcontroller.
    #[cfg(unix)]
    Monitor(monitor::Args),
    /// Play the microcontroller on a pseudo-terminal.
    #[cfg(unix)]
    McuSim(mcu_sim::Args),
}

/// How verdicts are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line a frame, for a person.
    Text,
    /// A JSON object a line and a frame.
    Json,
}

impl Format {
    /// A sink of this format on standard output, without a buffer: what was missed is not written late.
    ///
    /// # Errors
    /// The system's, where standard output is closed.
    fn sink(self) -> anyhow::Result<Box<dyn Sink>> {
        use std::os::fd::AsFd;
        let out = std::io::stdout().as_fd().try_clone_to_owned();
        let out = std::fs::File::from(out.context("standard output")?);
        Ok(match self {
            Self::Text => Box::new(Text::new(out)),
            Self::Json => Box::new(JsonLines::new(out)),
        })
    }
}

/// Runs the subcommand.
///
/// # Errors
/// Whatever stopped it, as one line.
pub(crate) fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Cameras(args) => cameras::run(&args),
        Command::Classify(args) => classify::run(&args),
        Command::Eval(args) => eval::run(&args),
        #[cfg(feature = "shifts")]
        Command::Shifts(args) => shifts::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Bench(args) => bench::run(&args),
        #[cfg(unix)]
        Command::Monitor(args) => monitor::run(&args),
        #[cfg(unix)]
        Command::McuSim(args) => mcu_sim::run(&args),
    }
}

/// Whether the one who read the output closed it, as `head` does: no fault of ours.
pub(crate) fn reader_left(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|e| e.downcast_ref::<std::io::Error>())
        .any(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Writes a file through a temporary one beside it.
fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    std::fs::write(&partial, bytes).with_context(|| partial.display().to_string())?;
    std::fs::rename(&partial, path).with_context(|| path.display().to_string())
}
