//! The host's session with the microcontroller that opens the gate, over a serial port. The protocol's `SPEC.md` has the
//! rules for both sides; this crate keeps the host's.
//!
//! ```text
//! camera thread --Link::offer--> one slot, the newest verdict --Session::poll--> Wire: Serial | Loopback | Faulty
//! ```
//!
//! - [`Session`] is the machine without a thread and without a clock: [`Session::offer`], then [`Session::poll`] again and
//!   again. It never fails: what is wrong is an [`Event`], and it goes on trying.
//! - [`Link`] runs a session on a thread. [`Link::offer`] never waits, however slow or dead the line is.
//! - A verdict is sent at most once, with its age, and only if it is the newest. A verdict without an answer is not sent
//!   again: the next one says more. Labels and commands are repeated.
//! - [`SerialSink`] is a [`Link`] for a loop that knows frames, classes and scores.
//! - [`monitor::Monitor`] reads along on a line and says what it hears.
//! - [`mcu::Mcu`] is the model of the other side; [`mcu::Simulator`] runs it on a line, such as a [`Pty`].
//!
//! ```
//! use std::time::Duration;
//!
//! use normgate_link::mcu::{Mcu, McuConfig, Output};
//! use normgate_link::{Clock, Config, Session, SimulatedClock, Verdict, wire};
//! use normgate_protocol::{Judgement, ModelHash, Raw};
//!
//! let clock = SimulatedClock::new();
//! let (host_end, mut mcu_end) = wire::loopback::pair(&clock, 115_200);
//! let config = Config::new(ModelHash([7; 32]), vec!["cat".to_owned(), "dog".to_owned()]);
//! let mut mcu = Mcu::new(McuConfig::new(config.limits));
//! let mut session = Session::new(host_end, config)?;
//! let judgement = Judgement::new(2, Some(1), Raw::of(7.5, 6.25))?;
//! while mcu.output(clock.now_ms()) == Output::Safe && clock.now_ms() < 1000 {
//!     clock.advance(1);
//!     let now = clock.now_ms();
//!     session.offer(Verdict { frame: now, captured_ms: now, judgement, drift: false })?;
//!     session.poll(now, Duration::ZERO);
//!     mcu.serve(&mut mcu_end, &clock, Duration::ZERO)?;
//! }
//! assert_eq!(mcu.output(clock.now_ms()), Output::Class(1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

/// Time.
pub mod clock;
mod config;
mod error;
mod event;
mod link;
/// The model of the microcontroller.
pub mod mcu;
/// Reading along on a line.
pub mod monitor;
/// Seeded random numbers.
pub mod random;
mod session;
mod sink;
mod statistics;
/// Lines of bytes.
pub mod wire;
mod words;

pub use clock::{Clock, SimulatedClock, SystemClock};
pub use config::{Config, Verdict, model_hash};
pub use error::{Ended, LinkError, Problem};
pub use event::Event;
pub use link::{Link, Offer, Snapshot};
pub use session::Session;
pub use sink::{Report, SerialSink};
pub use statistics::{RoundTrips, Statistics};
pub use wire::Wire;
pub use wire::faulty::{Cable, Faults, Faulty};
pub use wire::loopback::Loopback;
#[cfg(unix)]
pub use wire::pty::Pty;
pub use wire::serial::{Port, Serial};
