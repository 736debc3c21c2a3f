//! `normgate mcu-sim`: the microcontroller on a pseudo-terminal, for those who have none.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args as ClapArgs;
use normgate_link::mcu::{McuConfig, Simulator};
use normgate_link::{Pty, SystemClock};
use normgate_protocol::Limits;

use super::serial::{BAUD, until_signal};

/// As often as the host of `normgate run` wants it at the most.
const HEARTBEAT_MS: u16 = 50;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Make PATH a link to the pseudo-terminal, to have a name that stays; removed at the end.
    #[arg(long, value_name = "PATH")]
    link: Option<PathBuf>,
    /// Bits a second on the line; a host at another rate hears noise.
    #[arg(long, value_name = "BAUD", default_value_t = BAUD, value_parser = clap::value_parser!(u32).range(1..))]
    serial_baud: u32,
    /// The class that opens the gate, by its number; may be given again. Every class, where not given.
    #[arg(long, value_name = "CLASS")]
    opens: Option<Vec<u16>>,
    /// The age from capture at which it takes no verdict any more, 100 to 10000.
    #[arg(long, value_name = "MS", default_value_t = 200)]
    serial_age: u16,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let limits = Limits::new(args.serial_age, HEARTBEAT_MS)
        .with_context(|| format!("--serial-age {}", args.serial_age))?;
    let pty = Pty::new(args.serial_baud).context("a pseudo-terminal")?;
    let stop = until_signal()?;
    let path = pty.path().to_owned();
    let name = match &args.link {
        Some(link) => Some(Name::new(link, &path)?),
        None => None,
    };
    let mut out = io::stdout().lock();
    let told = name.as_ref().map_or(path, |n| n.0.display().to_string());
    writeln!(out, "a microcontroller on {told}")?;
    out.flush()?;
    let config = McuConfig::new(limits);
    let mut mcu = Simulator::new(pty, SystemClock::new(), config, args.opens.clone());
    Ok(mcu.run(&mut out, stop)?)
}

/// A link that lives as long as the simulator.
struct Name(PathBuf);

impl Name {
    fn new(link: &Path, target: &str) -> anyhow::Result<Self> {
        // What was left behind by a simulator that was killed may go; anything else is not ours.
        let left = std::fs::read_link(link).is_ok_and(|old| old.starts_with("/dev/pts"));
        if left {
            std::fs::remove_file(link).with_context(|| link.display().to_string())?;
        } else if link.symlink_metadata().is_ok() {
            bail!(
                "{}: is there already; expected a path that is free",
                link.display()
            );
        }
        std::os::unix::fs::symlink(target, link).with_context(|| link.display().to_string())?;
        Ok(Self(link.to_owned()))
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        // Only a name: without it nothing is lost.
        let _ = std::fs::remove_file(&self.0);
    }
}
