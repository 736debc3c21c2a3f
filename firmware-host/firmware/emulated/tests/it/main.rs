//! The firmware on an emulated board, against the host's real link over a pseudo-terminal. The image is the one that
//! `NORMGATE_FIRMWARE` names; `scripts/test-firmware` builds it.

#![cfg(unix)]

mod bench;
mod faults;
mod hang;
mod memory;
mod session;
