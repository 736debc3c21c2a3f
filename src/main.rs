//! The command `normgate`.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let ended = cli::with_config(std::env::args_os().collect())
        .and_then(|args| cli::run(cli::Cli::parse_from(args)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) if cli::reader_left(&e) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("normgate: {}", normgate::error::one_line(e.as_ref()));
            ExitCode::FAILURE
        }
    }
}
