//! The firmware on an emulated board, against the host's real link over a pseudo-terminal. The images are in the
//! folder that `NORMGATE_FIRMWARE` names; `scripts/test-firmware` builds them.

#![cfg(unix)]

mod bench;
mod faults;
mod hang;
mod memory;
mod panel;
mod session;
