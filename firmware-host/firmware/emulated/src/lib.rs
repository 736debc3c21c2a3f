//! The firmware on an emulated board, as it is seen from outside: the pins as the emulator drives them, the bytes on the
//! line, the memory. Time is the board's
//! ([`world::Moment`]), so that a slow machine moves no deadline.

#![forbid(unsafe_code)]

/// A board that runs.
pub mod board;
/// The debugger's end of the emulator.
pub mod debugger;
/// What a program file holds.
pub mod image;
/// The emulator's control line.
pub mod qmp;
/// What the emulator writes of what it does.
pub mod trace;
/// What was seen on the pins and on the line, and whether it may be.
pub mod world;

pub use board::Board;
pub use image::Image;
pub use world::{Pin, World};
