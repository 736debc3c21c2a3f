//! The command `normgate-train`: one file a subcommand.

mod data;
mod export;
mod outputs;
mod threshold;
mod train;

use clap::{Parser, Subcommand};

/// Train with LogitNorm, quantize and export, fit the threshold.
#[derive(Debug, Parser)]
#[command(name = "normgate-train", version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a network and keep its checkpoint.
    Train(train::Args),
    /// Fold, quantize and export a checkpoint to one ONNX file.
    Export(export::Args),
    /// Write a run's features and logits of image sets, for scores to be compared on.
    Outputs(outputs::Args),
    /// Fit the threshold of an exported file on its calibration images.
    Threshold(threshold::Args),
}

/// Runs the subcommand.
///
/// # Errors
/// Whatever stopped it, as one line.
pub(crate) fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Train(args) => train::run(args),
        Command::Export(args) => export::run(args),
        Command::Outputs(args) => outputs::run(args),
        Command::Threshold(args) => threshold::run(args),
    }
}
