use std::time::Duration;

use normgate_protocol::{CommandRepr, FaultCode, FaultRepr, Judgement, ModelHash, Raw};

use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Verdict, label_count};
use crate::error::LinkError;
use crate::event::Event;
use crate::link::{Link, Offer, Snapshot};
use crate::wire::Wire;
use crate::wire::serial::{Port, Serial};

/// Where the sink's clock begins, ms: later than any age that counts, so that each capture has a time.
const CLOCK_FROM_MS: u64 = 1 << 20;

/// What is told of one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Report {
    /// Number of the frame.
    pub frame: u64,
    /// The committed class; none for unknown.
    pub class: Option<u16>,
    /// The score of this frame; none if it could not be scored.
    pub score: Option<f32>,
    /// The gate's threshold; none if the model has none.
    pub threshold: Option<f32>,
    /// Whether a drift alarm stands.
    pub drift: bool,
    /// How long ago the frame was captured.
    pub age: Duration,
}

/// Verdicts for a microcontroller: a [`Link`] that is told of frames as the loop knows them. What contradicts itself (a
/// class without a score or threshold, or one that the model does not have) is told as unknown.
#[derive(Debug)]
pub struct SerialSink {
    link: Link,
    clock: SystemClock,
    labels: u16,
}

impl SerialSink {
    /// On a serial port, which is opened, and opened again, by a thread of its own: also a port that is not there yet.
    ///
    /// # Errors
    /// Those of [`Link::spawn`].
    pub fn open(port: Port, baud: u32, config: Config) -> Result<Self, LinkError> {
        Self::over(Serial::new(port, baud), config)
    }

    /// On any line.
    ///
    /// # Errors
    /// Those of [`Link::spawn`].
    pub fn over(wire: impl Wire + Send + 'static, config: Config) -> Result<Self, LinkError> {
        let clock = SystemClock::starting_at(CLOCK_FROM_MS);
        let labels = label_count(&config.labels)?;
        let link = Link::spawn(wire, clock, config)?;
        Ok(Self {
            link,
            clock,
            labels,
        })
    }

    /// Takes the newest report. Never waits for the line; one that was not sent yet is replaced.
    pub fn offer(&self, report: &Report) -> Offer {
        let age_ms = report.age.as_nanos().div_ceil(1_000_000);
        let age_ms = u64::try_from(age_ms).unwrap_or(u64::MAX);
        let raw = match (report.score, report.threshold) {
            (Some(score), Some(threshold)) => Raw::of(score, threshold),
            _ => Raw::Unscored,
        };
        // Only a wrong number of labels is an error, and that was checked.
        match Judgement::or_unknown(self.labels, report.class, raw) {
            Ok(judgement) => self.link.offer(Verdict {
                frame: report.frame,
                captured_ms: self.clock.now_ms().saturating_sub(age_ms),
                judgement,
                drift: report.drift,
            }),
            Err(_) => Offer::Replaced,
        }
    }

    /// There are no frames: the microcontroller goes to its safe value at once, until the next report.
    pub fn lost(&self) {
        self.link.pause();
        self.link.report(FaultRepr {
            code: FaultCode::Source,
            detail: 0,
        });
    }

    /// Another model judges from here on. The microcontroller goes to its safe value until the first report of it.
    ///
    /// # Errors
    /// [`LinkError::Labels`]; nothing changes then.
    pub fn set_model(&mut self, model: ModelHash, labels: Vec<String>) -> Result<(), LinkError> {
        let count = label_count(&labels)?;
        self.link.set_model(model, labels)?;
        self.labels = count;
        Ok(())
    }

    /// Sends a command: hold, resume, or a policy.
    pub fn command(&self, command: CommandRepr) {
        self.link.command(command);
    }

    /// What happened since this was asked last; each is one line for a person.
    pub fn events(&self) -> Vec<Event> {
        self.link.events()
    }

    /// How the link is, with its statistics.
    pub fn snapshot(&self) -> Snapshot {
        self.link.snapshot()
    }

    /// Tells the microcontroller that no more verdicts come, and says how it was.
    pub fn close(self) -> Snapshot {
        self.link.close()
    }
}
