//! Each frame's verdict for a microcontroller, by the protocol of `normgate-link`.

mod voice;

use std::fmt;
use std::time::Instant;

use normgate_core::Committed;
use normgate_link::{Config, LinkError, Report, SerialSink, Snapshot, model_hash};
use normgate_protocol::{BodyError, Limits, Policy, State as McuState};

pub use normgate_link::Port;

use self::voice::Voice;
use crate::{Event, Record, Sink, SinkError, Status, Terms};

/// The longest and the least time between two heartbeats, ms.
const HEARTBEAT_MS: std::ops::RangeInclusive<u16> = Limits::HEARTBEAT_MS_MIN..=50;

/// Heartbeats in the age that a verdict may reach: the age is measured by a clock that is heard once a heartbeat.
const HEARTBEATS_AN_AGE: u16 = 4;

/// Where the microcontroller is, and how long what it is told holds.
#[derive(Debug, Clone, PartialEq)]
pub struct SerialOptions {
    /// Its port.
    pub port: Port,
    /// Bits a second.
    pub baud: u32,
    /// From a frame's capture to the use of its verdict, 50 to 10000 ms; the microcontroller may want less.
    pub age_ms: u16,
    /// How long the output of one verdict stays if no newer one comes, 10 to 10000 ms.
    pub hold_ms: u16,
}

impl SerialOptions {
    /// Bits a second where nothing else is said.
    pub const BAUD: u32 = 115_200;

    /// [`BAUD`](Self::BAUD), 200 ms of age, 250 ms of hold.
    #[must_use]
    pub const fn new(port: Port) -> Self {
        Self {
            port,
            baud: Self::BAUD,
            age_ms: 200,
            hold_ms: Policy::HOLD_MS_DEFAULT,
        }
    }
}

/// Options or a model that no microcontroller can be told of.
#[derive(Debug, thiserror::Error)]
pub enum SerialError {
    /// A time out of its range.
    #[error("{0}")]
    Time(#[from] BodyError),
    /// The model's labels, or the thread.
    #[error("{0}")]
    Link(#[from] LinkError),
}

/// Tells a microcontroller of each frame: the committed class or unknown, the score, the threshold, the age, and whether
/// a drift alarm stands.
///
/// The port need not be there yet, and may go and come. The line has the newest verdict only; one that has grown too
/// old is never sent. Without a camera, after another model and at the end the microcontroller is told to go to its
/// safe value at once. Verdicts while there is no session count as missed.
pub struct Serial {
    /// None once it was closed.
    link: Option<SerialSink>,
    name: String,
    trouble: Option<String>,
    held: bool,
    voice: Voice,
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serial")
            .field("link", &self.link)
            .field("trouble", &self.trouble)
            .finish_non_exhaustive()
    }
}

impl Serial {
    /// Starts a thread that opens the port, and opens it again whenever it breaks. `tell` gets lines for a person: of
    /// sessions, of faults, of a gate that is held, and the statistics at the end.
    ///
    /// # Errors
    /// [`SerialError`] where a time is out of its range, or the model has no hash or a number of labels that the
    /// protocol cannot carry.
    pub fn open(
        options: &SerialOptions,
        terms: &Terms,
        tell: impl FnMut(&str) + Send + 'static,
    ) -> Result<Self, SerialError> {
        let heartbeat = options.age_ms / HEARTBEATS_AN_AGE;
        let heartbeat = heartbeat.clamp(*HEARTBEAT_MS.start(), *HEARTBEAT_MS.end());
        let limits = Limits::new(options.age_ms, heartbeat)?;
        let policy = Policy::new(options.age_ms, options.hold_ms)?;
        let config = Config {
            limits,
            policy: (options.hold_ms != Policy::HOLD_MS_DEFAULT).then_some(policy),
            ..Config::new(model_hash(&terms.graph_sha256)?, terms.labels.clone())
        };
        let link = SerialSink::open(options.port.clone(), options.baud, config)?;
        Ok(Self {
            link: Some(link),
            name: options.port.to_string(),
            trouble: None,
            held: false,
            voice: Voice::new(tell),
        })
    }

    fn report(record: &Record) -> Report {
        Report {
            frame: record.frame,
            class: match record.committed {
                Committed::Class(class) => Some(class),
                Committed::Unknown => None,
            },
            score: record.verdict.score(),
            threshold: record.terms.gate.map(|gate| gate.threshold),
            drift: record.drift.and_then(|drift| drift.alarm).is_some(),
            age: record.captured.elapsed(),
        }
    }

    /// Passes on what happened on the line.
    fn listen(&mut self) {
        let Some(link) = &self.link else { return };
        for event in link.events() {
            use normgate_link::Event::{Agreed, Answered, Ended, Problem, State};
            match &event {
                Answered { .. } => continue,
                // Safe and active follow each other with every verdict.
                State(state) => {
                    let was_held = std::mem::replace(&mut self.held, *state == McuState::Held);
                    if was_held == self.held {
                        continue;
                    }
                }
                Agreed { .. } => self.trouble = None,
                Ended(_) | Problem(_) if link.snapshot().agreed.is_none() => {
                    self.trouble = Some(event.to_string());
                }
                _ => {}
            }
            self.voice
                .say(&self.name, &event.to_string(), Instant::now());
        }
    }

    fn heed(&mut self, status: &Status) {
        match (status, &mut self.link) {
            (Status::Lost { .. }, Some(link)) => link.lost(),
            (Status::Swapped { terms }, Some(link)) => {
                let swapped = model_hash(&terms.graph_sha256)
                    .and_then(|hash| link.set_model(hash, terms.labels.clone()));
                if let Err(e) = swapped {
                    // Nothing is better than words of another model.
                    self.close();
                    self.trouble = Some(e.to_string());
                }
            }
            (Status::Ended(_), _) => self.close(),
            // Each record says whether an alarm stands.
            _ => {}
        }
    }

    fn close(&mut self) {
        self.listen();
        if let Some(link) = self.link.take() {
            let Snapshot { statistics, .. } = link.close();
            self.voice.end(&self.name, &statistics.to_string());
        }
    }
}

impl Sink for Serial {
    fn name(&self) -> &'static str {
        "serial"
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), SinkError> {
        match (event, &self.link) {
            (Event::Record(record, _), Some(link)) => {
                link.offer(&Self::report(record));
            }
            (Event::Status(status), _) => self.heed(status),
            _ => {}
        }
        self.listen();
        match (event, &self.trouble) {
            (Event::Record(..), Some(why)) => {
                Err(SinkError::Missed(format!("{}: {why}", self.name)))
            }
            _ => Ok(()),
        }
    }

    fn tick(&mut self) -> Result<(), SinkError> {
        self.listen();
        Ok(())
    }
}
