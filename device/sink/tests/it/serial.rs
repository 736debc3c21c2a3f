//! From the loop's events over a pseudo-terminal to the pins of a gate.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use normgate_core::{Committed, Drift, Verdict};
use normgate_link::mcu::{McuConfig, Pins, Simulator};
use normgate_link::{Pty, SystemClock};
use normgate_protocol::Limits;
use normgate_sink::{
    DriftState, Event, GateTerms, Port, Record, Serial, SerialOptions, Sink, Status, Terms,
};

use crate::support::summary;

const BAUD: u32 = 115_200;

/// Longer than any machine takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn terms(hash: char) -> Arc<Terms> {
    Arc::new(Terms {
        model: "m-v1".to_owned(),
        graph_sha256: hash.to_string().repeat(64),
        labels: ["cat", "ship"].map(str::to_owned).to_vec(),
        gate: Some(GateTerms {
            score: "max_logit",
            threshold: 0.5,
        }),
    })
}

fn options(path: &str) -> SerialOptions {
    SerialOptions {
        age_ms: 5000,
        hold_ms: 10_000,
        ..SerialOptions::new(Port::Path(path.to_owned()))
    }
}

/// A ship, or nothing that is known; with the state of the drift test, where there is one.
fn record(terms: &Arc<Terms>, frame: u64, ship: bool, drift: Option<DriftState>) -> Record {
    let mut record = Record::empty(Arc::clone(terms));
    record.frame = frame;
    record.drift = drift;
    if ship {
        record.committed = Committed::Class(1);
        record.verdict = Verdict::Known {
            class: 1,
            score: 0.75,
            confidence: 0.5,
            p_value: 0.5,
        };
    } else {
        record.verdict = Verdict::Unknown {
            score: Some(0.25),
            nearest: Some(1),
            p_value: Some(0.125),
        };
    }
    record
}

/// A sink, and the microcontroller at the other end of its line; ships open its gate.
struct Rig {
    sink: Serial,
    mcu: Simulator<Pty, SystemClock>,
    told: Arc<Mutex<Vec<String>>>,
    said: Vec<String>,
    frame: u64,
    drift: Option<DriftState>,
}

impl Rig {
    fn new() -> Self {
        let pty = Pty::new(BAUD).unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let to = Arc::clone(&told);
        let tell = move |line: &str| to.lock().unwrap().push(line.to_owned());
        let sink = Serial::open(&options(pty.path()), &terms('a'), tell).unwrap();
        // Slow enough for a machine that stands still at times.
        let config = McuConfig::new(Limits::new(5000, 1000).unwrap());
        Self {
            sink,
            mcu: Simulator::new(pty, SystemClock::new(), config, Some(vec![1])),
            told,
            said: Vec::new(),
            frame: 0,
            drift: None,
        }
    }

    fn show(&mut self, terms: &Arc<Terms>, ship: bool) -> Result<(), String> {
        self.frame += 1;
        let record = record(terms, self.frame, ship, self.drift);
        let taken = self.sink.take(Event::Record(&record, None));
        taken.map_err(|e| e.to_string())
    }

    fn step(&mut self) {
        self.said
            .extend(self.mcu.step(Duration::from_millis(2)).unwrap());
        self.sink.tick().unwrap();
    }

    /// Shows such frames until the pins are so.
    fn until(&mut self, terms: &Arc<Terms>, ship: bool, pins: Pins) {
        let end = Instant::now() + PATIENCE;
        while self.mcu.pins() != pins {
            assert!(
                Instant::now() < end,
                "{pins}: {:?} {:?}",
                self.said,
                self.told
            );
            // Before there is a session it may be missed.
            let _ = self.show(terms, ship);
            self.step();
        }
    }

    fn until_told(&mut self, part: &str) {
        let end = Instant::now() + PATIENCE;
        let said = |rig: &Self| rig.told.lock().unwrap().iter().any(|l| l.contains(part));
        while !said(self) {
            assert!(Instant::now() < end, "no {part:?} in {:?}", self.told);
            self.step();
        }
    }
}

#[test]
fn a_ship_opens_the_gate_and_what_is_unknown_does_not() {
    let terms = terms('a');
    let mut rig = Rig::new();
    assert_eq!(rig.mcu.pins(), Pins::Safe);
    rig.until(&terms, true, Pins::Open);
    rig.until(&terms, false, Pins::Safe);
    rig.until(&terms, true, Pins::Open);
    // Nothing that a pin follows.
    let drifted = Status::Drifted {
        drift: Drift::Falling,
        frame: 3,
        alarms: 1,
    };
    rig.sink.take(Event::Status(&drifted)).unwrap();
    rig.step();
    assert_eq!(rig.mcu.pins(), Pins::Open);
    // It is told at once that there is no camera: the verdict before would hold for seconds.
    let why = "unplugged".to_owned();
    rig.sink.take(Event::Status(&Status::Lost { why })).unwrap();
    let end = Instant::now() + PATIENCE;
    while rig.mcu.pins() != Pins::Safe {
        assert!(Instant::now() < end, "{:?}", rig.said);
        rig.step();
    }
    assert!(
        rig.said.iter().any(|l| l.contains("fault")),
        "{:?}",
        rig.said
    );
    rig.sink.take(Event::Status(&Status::Restored)).unwrap();
    rig.until(&terms, true, Pins::Open);
    assert_eq!(rig.show(&terms, true), Ok(()));

    rig.sink
        .take(Event::Status(&Status::Ended(summary())))
        .unwrap();
    while rig.mcu.pins() != Pins::Safe {
        assert!(Instant::now() < end, "{:?}", rig.said);
        rig.said
            .extend(rig.mcu.step(Duration::from_millis(2)).unwrap());
    }
    let told = rig.told.lock().unwrap();
    let port = options("").port.to_string();
    assert!(told.iter().all(|l| l.contains(&port) && !l.contains('\n')));
    assert!(
        told.iter()
            .any(|l| l.contains("the microcontroller answers")),
        "{told:?}"
    );
    let last = told.last().unwrap();
    assert!(
        last.contains("verdicts offered") && last.contains("round trip"),
        "{last}"
    );
}

#[test]
fn a_drift_alarm_that_stands_is_told_with_each_frame_and_moves_no_pin() {
    let terms = terms('a');
    let mut rig = Rig::new();
    rig.until(&terms, true, Pins::Open);
    assert!(!rig.mcu.mcu().drift());
    let watched = |alarm| {
        Some(DriftState {
            evidence: 0.5,
            alarm,
        })
    };
    for (drift, told) in [
        (watched(None), false),
        (watched(Some(Drift::Falling)), true),
        (watched(None), false),
        (watched(Some(Drift::Rising)), true),
        // Without a test there is no alarm.
        (None, false),
    ] {
        rig.drift = drift;
        let end = Instant::now() + PATIENCE;
        let frame = rig.frame;
        while rig.mcu.mcu().drift() != told || rig.frame < frame + 5 {
            assert!(Instant::now() < end, "{told}: {:?}", rig.said);
            rig.show(&terms, true).unwrap();
            rig.step();
        }
        assert_eq!(rig.mcu.pins(), Pins::Open);
    }
    rig.drift = watched(Some(Drift::Falling));
    rig.until(&terms, false, Pins::Safe);
    rig.until(&terms, true, Pins::Open);
    let drift = |line: &&String| line.contains("drift alarm");
    assert_eq!(rig.said.iter().filter(drift).count(), 5, "{:?}", rig.said);
}

#[test]
fn another_model_is_another_session() {
    let (old, new) = (terms('a'), terms('b'));
    let mut rig = Rig::new();
    rig.until(&old, true, Pins::Open);
    let swapped = Status::Swapped {
        terms: Arc::clone(&new),
    };
    rig.sink.take(Event::Status(&swapped)).unwrap();
    rig.until(&new, false, Pins::Safe);
    rig.until_told("another model");
    rig.until(&new, true, Pins::Open);
    let begun = |l: &&String| l.contains("begins");
    assert!(rig.said.iter().filter(begun).count() >= 2, "{:?}", rig.said);
}

#[test]
fn what_nobody_hears_is_missed_and_why() {
    let terms = terms('a');
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tty").display().to_string();
    let mut sink = Serial::open(&options(&path), &terms, |_| {}).unwrap();
    let end = Instant::now() + PATIENCE;
    let error = loop {
        match sink.take(Event::Record(&record(&terms, 1, true, None), None)) {
            Err(error) => break error.to_string(),
            Ok(()) => std::thread::sleep(Duration::from_millis(10)),
        }
        assert!(Instant::now() < end);
    };
    assert!(
        error.contains(&path) && error.contains("No such file") && error.lines().count() == 1,
        "{error}"
    );
}

#[test]
fn options_and_models_that_cannot_be_told_are_refused() {
    let good = options("/dev/null");
    let refused = |options: &SerialOptions, terms: &Terms| {
        let error = Serial::open(options, terms, |_| {})
            .unwrap_err()
            .to_string();
        assert_eq!(error.lines().count(), 1, "{error}");
        error
    };
    let age = SerialOptions {
        age_ms: 49,
        ..good.clone()
    };
    assert!(refused(&age, &terms('a')).contains("49"));
    let hold = SerialOptions {
        hold_ms: 9,
        ..good.clone()
    };
    assert!(refused(&hold, &terms('a')).contains('9'));
    let mut nameless = Terms::clone(&terms('a'));
    nameless.graph_sha256.clear();
    assert!(refused(&good, &nameless).contains("SHA-256"));
    let mut lonely = Terms::clone(&terms('a'));
    lonely.labels.truncate(1);
    assert!(refused(&good, &lonely).contains("1 labels"));
}
