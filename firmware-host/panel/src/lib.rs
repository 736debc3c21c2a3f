//! Draws a verdict on any `embedded-graphics` display: no `std`, no allocation, no `unsafe`.
//!
//! ```
//! use embedded_graphics::framebuffer::{Framebuffer, buffer_size};
//! use embedded_graphics::pixelcolor::{BinaryColor, raw::{LittleEndian, RawU1}};
//! use normgate_panel::{Panel, Reading, State};
//!
//! let mut display: Framebuffer<BinaryColor, RawU1, LittleEndian, 128, 64, { buffer_size::<BinaryColor>(128, 64) }> =
//!     Framebuffer::new();
//! let mut panel = Panel::new();
//! let state = State::Known { label: "ship", score: 0.91, threshold: 0.7 };
//! let first = panel.show(&mut display, &Reading { state, frame: Some(1), fps: Some(12.0) })?;
//! assert_eq!(first.size, embedded_graphics::geometry::Size::new(128, 64));
//!
//! // The next frame changes the end of the bar and two digits.
//! let state = State::Known { label: "ship", score: 0.88, threshold: 0.7 };
//! let second = panel.show(&mut display, &Reading { state, frame: Some(2), fps: Some(12.0) })?;
//! assert!(second.size.height < 32);
//! # Ok::<(), core::convert::Infallible>(())
//! ```
//!
//! ```text
//! Reading --layout--> Scene: tiles that cover the box --changes--> tiles that differ --paint--> DrawTarget
//! ```
//!
//! - [`Panel`] draws what changed since the last reading, [`draw`] draws everything.
//! - [`Theme`] holds the colours. Each state has a shape of its own as well: a class is light on dark, the unknown is
//!   inverted, a lost link is striped, a hold is framed.
//! - [`BarRange`] says what the ends of the score's bar stand for.
//! - The layout follows from the size of the target's bounding box. Text is set as large as it fits, then shortened
//!   with an ellipsis. Nothing is drawn outside the box, and each pixel at most once.

#![no_std]
#![forbid(unsafe_code)]

mod area;
mod charset;
mod color;
mod font;
mod gauge;
mod layout;
mod paint;
mod panel;
mod reading;
mod scene;
mod text;
mod theme;

pub use gauge::BarRange;
pub use panel::{Panel, draw};
pub use reading::{Reading, State};
pub use theme::{Palette, PanelColor, Theme};
