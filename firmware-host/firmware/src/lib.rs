//! What the firmware does, apart from the board: [`Service`] runs the protocol's rules once a millisecond, [`Gate`] drives two
//! pins, `screen` draws the panel. A board gives pins, a serial port and a watchdog; `tm4c123` is one.
//!
//! ```text
//! UART interrupt -> Queue -> Service::run, each ms -> Gate, UART, Watchdog, Face
//!                            idle: Face -> Screen -> Display, and sleep
//! ```
//!
//! The rules run in the millisecond's interrupt: a display that is slow delays no pin.

#![cfg_attr(not(test), no_std)]

mod gate;
mod liveness;
mod service;

#[cfg(test)]
mod tests;

/// What a product decides.
pub mod product;

/// The display.
#[cfg(feature = "panel")]
pub mod screen;

/// The board: Texas Instruments' TM4C123 on a LaunchPad.
#[cfg(target_os = "none")]
pub mod tm4c123;

pub use gate::Gate;
pub use liveness::Liveness;
pub use service::{LOST_BYTES, PER_TICK, Received, Service, Watchdog};
