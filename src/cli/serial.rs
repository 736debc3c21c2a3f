//! What the subcommands with a serial line share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;

use normgate::sink::SerialOptions;

pub(super) use normgate::sink::Port;

/// The rate where none is given.
pub(super) const BAUD: u32 = SerialOptions::BAUD;

/// Whether SIGINT or SIGTERM came. A second one ends the program at once.
///
/// # Errors
/// If no handler can be set.
pub(super) fn until_signal() -> anyhow::Result<impl FnMut() -> bool> {
    let stop = Arc::new(AtomicBool::new(false));
    super::control::stop_on_signals(&stop).context("signals")?;
    Ok(move || stop.load(Ordering::Relaxed))
}
