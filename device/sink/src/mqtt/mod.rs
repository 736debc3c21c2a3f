//! States to an MQTT broker, for Home Assistant and other subscribers.
//!
//! ```text
//! take -> State -> Mailbox (the newest) -> Link, a thread of its own -> PREFIX/NODE/state         retained JSON
//!                                                                       PREFIX/NODE/availability  online, offline
//!                                                                       homeassistant/device/NODE/config
//! ```
//!
//! A broker that is away holds nobody up, and gets no backlog when it is back: a state that could not be sent is replaced
//! by the next one, and counted. A classifier that dies leaves `offline` behind, by its last will.

mod backoff;
mod credentials;
mod discovery;
mod error;
mod link;
mod mailbox;
mod names;
mod options;
mod state;
mod tls;

use std::fmt;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use normgate_core::{Committed, Drift};

use crate::{DriftState, Event, Record, Sink, SinkError, Status, Terms};
use link::Link;
use mailbox::{Due, Mailbox};
use names::Topics;
use state::State;
use tls::Tls;

pub use credentials::Credentials;
pub use error::MqttError;
pub use options::MqttOptions;

/// While there are no frames, a state is repeated this often at most; three times as old, it no longer counts.
const REPEAT_LEAST: Duration = Duration::from_secs(10);
/// How long the end waits for the broker.
const END_MOST: Duration = Duration::from_secs(3);

/// Publishes the committed class when it changes, and the newest verdict every so often.
pub struct Mqtt {
    address: String,
    mailbox: Arc<Mailbox>,
    terms: Arc<Terms>,
    every: Duration,
    repeat: Duration,
    told: Instant,
    /// What the last state was of.
    last: Last,
    rate: Rate,
    /// Of the last record; none after what makes the test begin anew.
    drift: Option<DriftState>,
    thread: Option<JoinHandle<()>>,
}

enum Last {
    Frame(Committed, Option<Drift>),
    Status { reason: String, camera_lost: bool },
}

impl fmt::Debug for Mqtt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mqtt")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Mqtt {
    /// Begins to connect, and goes on trying for as long as it lives. `terms` are of the model that will judge first.
    ///
    /// # Errors
    /// [`MqttError`] if a certificate or key cannot be used; a broker that is away is none.
    pub fn new(options: &MqttOptions, terms: &Arc<Terms>) -> Result<Self, MqttError> {
        let tls = Tls::of(options)?;
        let given = options.node.clone();
        let node = given.unwrap_or_else(|| names::default_node(&names::host(), &terms.model));
        let topics = Topics::new(&options.prefix, &node, options.discovery.as_deref());
        let repeat = options.every.max(REPEAT_LEAST);
        let last = Last::Status {
            reason: "no frame so far".to_owned(),
            camera_lost: false,
        };
        let state = last_state(&last, terms, None);
        let mailbox = Arc::new(Mailbox::new(Arc::clone(terms), &state));
        let link = Link::new(
            options,
            tls,
            node,
            topics,
            repeat.saturating_mul(3),
            Arc::clone(&mailbox),
        );
        let thread = thread::Builder::new()
            .name("mqtt".to_owned())
            .spawn(move || link.run());
        Ok(Self {
            address: options.address(),
            mailbox,
            terms: Arc::clone(terms),
            every: options.every,
            repeat,
            told: Instant::now(),
            last,
            rate: Rate::default(),
            drift: None,
            thread: Some(thread.map_err(MqttError::Thread)?),
        })
    }

    fn record(&mut self, record: &Record) {
        let now = Instant::now();
        self.rate.frame(now, record.frame);
        if !Arc::ptr_eq(&self.terms, &record.terms) {
            self.terms = Arc::clone(&record.terms);
        }
        self.drift = record.drift;
        let alarm = record.drift.and_then(|drift| drift.alarm);
        let is_change = !matches!(self.last, Last::Frame(committed, drift)
            if committed == record.committed && drift == alarm);
        if is_change || now.duration_since(self.told) >= self.every {
            self.told = now;
            self.last = Last::Frame(record.committed, alarm);
            let state = State::of_record(record, self.rate.fps).json();
            self.mailbox.put(&self.terms, &state, Due::Event);
        }
    }

    fn status(&mut self, status: &Status) {
        let (reason, camera_lost) = match status {
            // The link has said so from its beginning.
            Status::Started { terms, .. }
                if *self.terms == **terms && self.told.elapsed() < self.repeat =>
            {
                return;
            }
            Status::Started { terms, .. } => {
                self.terms = Arc::clone(terms);
                ("no frame so far".to_owned(), false)
            }
            Status::Lost { why } => (why.clone(), true),
            Status::Restored => ("the camera is back; no verdict so far".to_owned(), false),
            Status::Swapped { terms } => {
                self.terms = Arc::clone(terms);
                ("another model; no verdict so far".to_owned(), false)
            }
            // The record before it has said so.
            Status::Drifted { .. } => return,
            Status::SwapRefused { why } => (format!("a new model was refused: {why}"), false),
            Status::Ended(_) => ("ended".to_owned(), false),
        };
        self.last = Last::Status {
            reason,
            camera_lost,
        };
        if !matches!(status, Status::SwapRefused { .. }) {
            self.drift = None;
        }
        self.rate = Rate::default();
        self.tell_status(match status {
            Status::Ended(_) => Due::End,
            _ => Due::Event,
        });
    }

    fn tell_status(&mut self, kind: Due) {
        self.told = Instant::now();
        let state = last_state(&self.last, &self.terms, self.drift);
        self.mailbox.put(&self.terms, &state, kind);
    }

    /// Waits a little for the last state to be delivered.
    fn finish(&mut self) -> Result<(), SinkError> {
        let Some(thread) = self.thread.take() else {
            return Ok(());
        };
        let done = self.mailbox.wait_done(END_MOST);
        if done.is_ok() {
            // It has nothing left to do; a panic of it was told already.
            let _ = thread.join();
        }
        done.map_err(|why| self.missed(&why))
    }

    fn missed(&self, why: &str) -> SinkError {
        SinkError::Missed(format!(
            "{}: a state was not delivered: {why}",
            self.address
        ))
    }

    fn lost(&self) -> Result<(), SinkError> {
        match self.mailbox.take_lost() {
            Some(why) => Err(self.missed(&why)),
            None => Ok(()),
        }
    }
}

impl Sink for Mqtt {
    fn name(&self) -> &'static str {
        "mqtt"
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), SinkError> {
        if self.thread.is_none() {
            return Err(SinkError::Closed(format!("{}: ended", self.address)));
        }
        match event {
            Event::Record(record, _) => self.record(record),
            Event::Status(status @ Status::Ended(_)) => {
                self.status(status);
                self.finish()?;
            }
            Event::Status(status) => self.status(status),
        }
        self.lost()
    }

    fn tick(&mut self) -> Result<(), SinkError> {
        if self.thread.is_some()
            && matches!(self.last, Last::Status { .. })
            && self.told.elapsed() >= self.repeat
        {
            self.tell_status(Due::Repeat);
        }
        self.lost()
    }
}

impl Drop for Mqtt {
    /// As at the end: nothing stays behind that claims a class.
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.status(&Status::Ended(crate::Summary::default()));
            // Nobody is left to be told.
            let _ = self.finish();
        }
    }
}

fn last_state(last: &Last, terms: &Terms, drift: Option<DriftState>) -> String {
    let (reason, camera_lost) = match last {
        Last::Frame(..) => ("", false),
        Last::Status {
            reason,
            camera_lost,
        } => (&**reason, *camera_lost),
    };
    State::of_status(terms, reason, camera_lost, drift, SystemTime::now()).json()
}

/// Frames a second, over a second or more.
#[derive(Debug, Default)]
struct Rate {
    since: Option<(Instant, u64)>,
    fps: Option<f32>,
}

impl Rate {
    fn frame(&mut self, now: Instant, frame: u64) {
        let Some((since, first)) = self.since else {
            self.since = Some((now, frame));
            return;
        };
        let time = now.duration_since(since);
        if time >= Duration::from_secs(1) {
            self.fps = Some(frame.saturating_sub(first) as f32 / time.as_secs_f32());
            self.since = Some((now, frame));
        }
    }
}

#[cfg(test)]
mod tests {
    use normgate_core::Verdict;

    use super::*;

    #[test]
    fn what_is_known_of_the_camera_is_repeated_and_a_class_is_not() {
        let terms = Arc::new(Terms {
            model: "m".to_owned(),
            graph_sha256: String::new(),
            labels: vec!["cat".to_owned()],
            gate: None,
        });
        // A place without a broker: nobody but this test opens the mailbox.
        let options = MqttOptions::parse("mqtt://127.0.0.1:1").unwrap();
        let mut mqtt = Mqtt::new(&options, &terms).unwrap();
        let lost = Status::Lost {
            why: "gone".to_owned(),
        };
        let later = |mqtt: &mut Mqtt| {
            mqtt.mailbox.open();
            mqtt.mailbox.delivered();
            mqtt.tick().unwrap();
            assert!(!mqtt.mailbox.open().is_due, "it is too early");
            mqtt.told -= mqtt.repeat;
            mqtt.tick().unwrap();
            mqtt.mailbox.open()
        };
        mqtt.take(Event::Status(&lost)).unwrap();
        let letter = later(&mut mqtt);
        assert!(
            letter.is_due && letter.state.contains("\"reason\":\"gone\""),
            "{}",
            letter.state
        );
        assert!(
            letter.state.contains("\"camera_lost\":true"),
            "{}",
            letter.state
        );

        let mut record = Record::empty(terms);
        record.committed = Committed::Class(0);
        record.verdict = Verdict::Known {
            class: 0,
            score: 1.0,
            confidence: 1.0,
            p_value: 0.5,
        };
        mqtt.take(Event::Record(&record, None)).unwrap();
        assert!(mqtt.mailbox.open().state.contains("\"state\":\"cat\""));
        assert!(
            !later(&mut mqtt).is_due,
            "a loop that hangs must not look alive"
        );
    }
}
