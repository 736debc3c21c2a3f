//! The desk's command.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::run(cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("normgate-train: {}", normgate::error::one_line(e.as_ref()));
            ExitCode::FAILURE
        }
    }
}
