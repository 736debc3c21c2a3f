//! Where verdicts go.
//!
//! ```text
//! loop --Event--> Fanout --+-- bounded queue -- thread -- Sink (text, JSON lines, panel, rejects, HTTP, MQTT, serial)
//!                          +-- bounded queue -- thread -- Sink
//! loop --counts--> Meters <-- read by whoever reports them
//! ```
//!
//! A sink is slow or dead at times; the loop is not. Each sink has a thread and a bounded queue of its own. What finds
//! the queue full is missed by that sink alone, and counted ([`Meters`]).

#![forbid(unsafe_code)]

mod clock;
mod drift;
mod fanout;
#[cfg(feature = "http")]
mod http;
mod json;
mod lines;
mod meters;
#[cfg(feature = "mqtt")]
mod mqtt;
#[cfg(feature = "panel")]
mod panel;
mod record;
mod rejects;
#[cfg(feature = "serial")]
mod serial;
mod status;
mod terms;
mod text;

use std::time::Duration;

use normgate_frame::Picture;

pub use clock::rfc3339;
pub use drift::DriftState;
pub use fanout::{Fanout, Wait};
#[cfg(feature = "http")]
pub use http::{HttpError, HttpLimits, HttpOptions, HttpSink, Token, TokenError};
pub use json::JsonLines;
pub use lines::{JsonFile, JsonFileError, Rotation};
pub use meters::{Meters, SinkMeter, Stage};
#[cfg(feature = "mqtt")]
pub use mqtt::{Credentials, Mqtt, MqttError, MqttOptions};
#[cfg(feature = "panel")]
pub use panel::{PanelError, PanelSink, SYSFS};
pub use record::Record;
pub use rejects::{Keep, Limits, Rejects, RejectsError};
#[cfg(feature = "serial")]
pub use serial::{Port, Serial, SerialError, SerialOptions};
pub use status::{Status, Summary};
pub use terms::{GateTerms, Terms};
pub use text::Text;

/// What a sink is told.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A frame's verdict, and its picture where the sink asked for one ([`Sink::demand`]).
    Record(&'a Record, Option<Picture<'a>>),
    /// Something else happened, to the camera or the model.
    Status(&'a Status),
}

/// Why a sink could not take an event.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The event is lost to this sink; a later one may fare better (a full disk, a broker that is away). One line that
    /// names the sink's target.
    #[error("{0}")]
    Missed(String),
    /// Nobody will ever read this sink again, as when `head` closed standard output.
    #[error("{0}")]
    Closed(String),
}

/// The pictures that a sink asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Demand {
    /// None.
    #[default]
    Nothing,
    /// That of each frame whose verdict is unknown.
    Rejects,
    /// One at most every so often.
    Every(Duration),
}

/// Takes events, on a thread of its own.
pub trait Sink: Send {
    /// Its name in metrics and warnings: `json`, `mqtt`. Lower case, no blanks.
    fn name(&self) -> &'static str;

    /// Takes one event. It may take its time: the loop does not wait for it.
    ///
    /// # Errors
    /// [`SinkError`] if the event is lost to it.
    fn take(&mut self, event: Event<'_>) -> Result<(), SinkError>;

    /// Which pictures it wants at this moment; asked after every event, and at least every [`TICK`].
    fn demand(&self) -> Demand {
        Demand::Nothing
    }

    /// Called at least every [`TICK`] while no event comes, for what is due without one.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    fn tick(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    /// Whether a source that can wait (a file, not a camera) waits for this sink, so that it misses nothing.
    fn is_lossless(&self) -> bool {
        false
    }
}

/// The longest time between two calls of a sink.
pub const TICK: Duration = Duration::from_millis(250);
