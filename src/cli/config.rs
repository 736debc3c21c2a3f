//! A configuration file: the long options of `normgate run` as keys of a TOML file.
//!
//! The file becomes arguments that stand before those of the command line, so that one parser checks both, and the
//! command line has the last word.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, bail};
use clap::{CommandFactory, Parser};
use normgate::error::joined;
use toml::Spanned;

use super::Cli;

/// The most bytes of a configuration.
const MAX_BYTES: u64 = 1 << 20;

/// The arguments with those of the file that `--config` of `normgate run` names put before them.
///
/// # Errors
/// One line with the file, the line and the key that is wrong.
pub(crate) fn with_config(args: Vec<OsString>) -> anyhow::Result<Vec<OsString>> {
    let Some(path) = config_of(&args) else {
        return Ok(args);
    };
    let configured = read(&path)?;
    // The program's name and `run` come first: clap has no options before a subcommand here.
    let run = args.iter().position(|a| a == "run").map_or(1, |at| at + 1);
    let (head, tail) = args.split_at(run);
    Ok([head, &configured, tail].concat())
}

/// The file that the command line names, if it is a `run` that clap would take as far as that goes.
fn config_of(args: &[OsString]) -> Option<std::path::PathBuf> {
    let matches = Cli::command()
        .ignore_errors(true)
        .try_get_matches_from(args)
        .ok()?;
    let (name, matches) = matches.subcommand()?;
    (name == "run").then(|| matches.get_one("config").cloned())?
}

fn read(path: &Path) -> anyhow::Result<Vec<OsString>> {
    let name = path.display();
    let length = std::fs::metadata(path)
        .with_context(|| name.to_string())?
        .len();
    if length > MAX_BYTES {
        bail!("{name}: {length} bytes; expected a configuration of at most {MAX_BYTES}");
    }
    let text = std::fs::read_to_string(path).with_context(|| name.to_string())?;
    let line = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
    let table: BTreeMap<Spanned<String>, Spanned<toml::Value>> =
        toml::from_str(&text).map_err(|e| {
            let at = e.span().map_or(1, |span| line(span.start));
            anyhow::anyhow!("{name}: line {at}: {}", joined(e.message()))
        })?;
    let run = run_command();
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let mut arguments = Vec::new();
    for (key, value) in entries {
        let (at, key) = (line(key.span().start), key.as_ref().as_str());
        if !keys(&run).any(|a| a.get_long() == Some(key)) {
            bail!(
                "{name}: line {at}: unknown key `{key}`{}",
                nearest(&run, key)
            );
        }
        let text = match value.as_ref() {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Float(number) => number.to_string(),
            toml::Value::Boolean(flag) => flag.to_string(),
            other => bail!(
                "{name}: line {at}: {key} is a {}; expected a text, a number, true or false",
                other.type_str()
            ),
        };
        let given = OsString::from(format!("--{key}={text}"));
        if let Err(e) =
            Cli::try_parse_from([OsString::from("normgate"), "run".into(), given.clone()])
        {
            bail!("{name}: line {at}: {}", first_line(&e));
        }
        arguments.push(given);
    }
    Ok(arguments)
}

fn run_command() -> clap::Command {
    let mut command = Cli::command();
    command.build();
    command.find_subcommand("run").cloned().unwrap_or_default()
}

/// The options that a file may set: all but those about the command line itself.
fn keys(run: &clap::Command) -> impl Iterator<Item = &clap::Arg> {
    run.get_arguments()
        .filter(|a| !["config", "help", "version"].contains(&a.get_id().as_str()))
}

/// `; did you mean ...`, or all keys where none is near.
fn nearest(run: &clap::Command, key: &str) -> String {
    let names: Vec<_> = keys(run).filter_map(|a| a.get_long()).collect();
    let near = names
        .iter()
        .map(|name| (strsim::jaro_winkler(name, key), name))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((likeness, name)) if likeness > 0.8 => format!("; did you mean `{name}`?"),
        _ => format!("; expected one of {}", names.join(", ")),
    }
}

/// clap tells the fault in its first lines and a hint after an empty one.
fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let fault = text.split("\n\n").next().unwrap_or_default();
    joined(fault.strip_prefix("error: ").unwrap_or(fault))
}
