//! The MQTT sink, against a real Mosquitto.

mod access;
mod broker;
mod discovery;
mod faults;
mod proxy;
mod states;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use normgate_core::{Committed, Verdict};
use normgate_sink::{
    DriftState, Event, GateTerms, Mqtt, MqttOptions, Record, Sink, SinkError, Status, Summary,
    Terms,
};

const STATE: &str = "normgate/desk/state";
const AVAILABILITY: &str = "normgate/desk/availability";
const CONFIG: &str = "homeassistant/device/desk/config";

/// Long enough that only what has to be told at once is told.
const NEVER: Duration = Duration::from_secs(3600);

fn terms(model: &str, labels: &[&str]) -> Arc<Terms> {
    Arc::new(Terms {
        model: model.to_owned(),
        graph_sha256: "00".to_owned(),
        labels: labels.iter().map(|&label| label.to_owned()).collect(),
        gate: Some(GateTerms {
            score: "cosine",
            threshold: 0.5,
        }),
    })
}

fn pets() -> Arc<Terms> {
    terms("pets-v1", &["cat", "dog", "\"big\" \\ dög\t"])
}

fn options(address: &str) -> MqttOptions {
    MqttOptions::parse(address)
        .unwrap()
        .with_node("desk")
        .unwrap()
        .with_every(NEVER)
}

/// A frame whose verdict and commitment are `class`.
fn record(terms: &Arc<Terms>, frame: u64, class: Option<u16>) -> Record {
    Record {
        frame,
        name: format!("{frame}.png"),
        time: SystemTime::now(),
        verdict: match class {
            Some(class) => Verdict::Known {
                class,
                score: 0.75,
                confidence: 0.875,
                p_value: 0.625,
            },
            None => Verdict::Unknown {
                score: Some(0.25),
                nearest: Some(1),
                p_value: Some(0.0625),
            },
        },
        committed: class.map_or(Committed::Unknown, Committed::Class),
        latency: Duration::from_micros(2500),
        ..Record::empty(Arc::clone(terms))
    }
}

fn started(terms: &Arc<Terms>) -> Status {
    Status::Started {
        source: "test".to_owned(),
        terms: Arc::clone(terms),
    }
}

fn ended() -> Status {
    Status::Ended(Summary::default())
}

/// A sink, and what it said it missed.
struct Teller {
    sink: Mqtt,
    terms: Arc<Terms>,
    missed: Vec<String>,
}

impl Teller {
    fn new(options: &MqttOptions) -> Self {
        let terms = pets();
        let sink = Mqtt::new(options, &terms).unwrap();
        let mut teller = Self {
            sink,
            terms,
            missed: Vec::new(),
        };
        teller.status(&started(&teller.terms.clone()));
        teller
    }

    fn count(&mut self, result: Result<(), SinkError>) {
        match result {
            Ok(()) => {}
            Err(SinkError::Missed(line)) => self.missed.push(line),
            Err(SinkError::Closed(line)) => panic!("closed: {line}"),
        }
    }

    fn status(&mut self, status: &Status) {
        let result = self.sink.take(Event::Status(status));
        self.count(result);
    }

    fn frame(&mut self, frame: u64, class: Option<u16>) {
        self.watched_frame(frame, class, None);
    }

    fn watched_frame(&mut self, frame: u64, class: Option<u16>, drift: Option<DriftState>) {
        let record = Record {
            drift,
            ..record(&self.terms, frame, class)
        };
        let result = self.sink.take(Event::Record(&record, None));
        self.count(result);
    }

    fn tick(&mut self) {
        let result = self.sink.tick();
        self.count(result);
    }

    /// Until nothing that is lost is untold.
    fn drain(&mut self) {
        let mut before = usize::MAX;
        while self.missed.len() != before {
            before = self.missed.len();
            self.tick();
        }
    }
}
