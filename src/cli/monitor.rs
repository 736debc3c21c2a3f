//! `normgate monitor`: what is on the wire, for a person.

use anyhow::Context;
use clap::Args as ClapArgs;
use normgate_link::monitor::watch;
use normgate_link::{Serial, SystemClock};

use super::serial::{BAUD, Port, until_signal};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The port to listen to: a path, or usb:VID:PID[:SERIAL].
    #[arg(long, value_name = "PORT")]
    serial: Port,
    /// Bits a second on the line.
    #[arg(long, value_name = "BAUD", default_value_t = BAUD, value_parser = clap::value_parser!(u32).range(1..))]
    serial_baud: u32,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let mut wire = Serial::new(args.serial.clone(), args.serial_baud);
    let mut out = std::io::stdout().lock();
    watch(&mut wire, &SystemClock::new(), &mut out, until_signal()?).context("standard output")
}
