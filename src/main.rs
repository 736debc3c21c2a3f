//! The command `normgate`.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::run(cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) if cli::reader_left(&e) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("normgate: {}", normgate::error::one_line(e.as_ref()));
            ExitCode::FAILURE
        }
    }
}
