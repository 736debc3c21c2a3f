//! The firmware's parts on this machine, with pins and a watchdog that are written down.

mod bench;
#[cfg(feature = "panel")]
mod face;
mod gate;
mod service;
