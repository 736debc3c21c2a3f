//! From a loop's reports over a pseudo-terminal to the pins of a gate, with the clocks of this machine.

use std::time::{Duration, Instant};

use normgate_link::mcu::{McuConfig, Pins, Simulator};
use normgate_link::{Config, Ended, Event, LinkError, Port, Problem, Pty, Report, SerialSink};
use normgate_link::{SystemClock, model_hash};
use normgate_protocol::{CommandRepr, Limits, ModelHash, Policy};

use crate::bench::{BAUD, config, mcu_config};

/// This machine may be slow: nothing here ends by a time that is meant for a line.
fn slow() -> (Config, McuConfig) {
    let limits = Limits::new(5000, 1000).unwrap();
    let mut config = config();
    config.limits = limits;
    config.policy = Some(Policy::new(5000, 10_000).unwrap());
    let mcu = McuConfig {
        limits,
        ..mcu_config()
    };
    (config, mcu)
}

struct Rig {
    simulator: Simulator<Pty, SystemClock>,
    sink: SerialSink,
    frame: u64,
    drift: bool,
    events: Vec<Event>,
    lines: Vec<String>,
}

impl Rig {
    fn new() -> Self {
        let (config, mcu) = slow();
        let pty = Pty::new(BAUD).unwrap();
        let port = Port::Path(pty.path().to_owned());
        let simulator = Simulator::new(pty, SystemClock::new(), mcu, Some(vec![1, 11]));
        Self {
            simulator,
            sink: SerialSink::open(port, BAUD, config).unwrap(),
            frame: 0,
            drift: false,
            events: Vec::new(),
            lines: Vec::new(),
        }
    }

    fn report(&mut self, class: Option<u16>, score: Option<f32>) {
        self.frame += 1;
        self.sink.offer(&Report {
            frame: self.frame,
            class,
            score,
            threshold: Some(1.0),
            drift: self.drift,
            age: Duration::from_millis(5),
        });
    }

    fn step(&mut self) {
        let lines = self.simulator.step(Duration::from_millis(2)).unwrap();
        self.lines.extend(lines);
        self.events.extend(self.sink.events());
    }

    fn until(&mut self, what: &str, mut is_it: impl FnMut(&mut Self) -> bool) {
        let end = Instant::now() + Duration::from_secs(60);
        while !is_it(self) {
            assert!(
                Instant::now() < end,
                "{what}: {:?} {:?}",
                self.lines,
                self.events
            );
            self.step();
        }
    }

    fn shows(&mut self, class: Option<u16>, score: Option<f32>, pins: Pins) {
        self.until(&format!("{class:?} {pins}"), |rig| {
            if rig.simulator.pins() == pins {
                return true;
            }
            rig.report(class, score);
            false
        });
    }
}

#[test]
fn reports_move_the_pins() {
    let mut rig = Rig::new();
    let opens = (Some(1), Some(2.0), Pins::Open);
    rig.shows(opens.0, opens.1, opens.2);
    rig.shows(Some(2), Some(2.0), Pins::Closed);
    for (class, score) in [
        (None, Some(2.0)),
        (None, Some(0.5)),
        // What contradicts itself is unknown.
        (Some(1), None),
        (Some(1), Some(f32::NAN)),
        (Some(10), Some(2.0)),
    ] {
        rig.shows(class, score, Pins::Safe);
        rig.shows(opens.0, opens.1, opens.2);
    }
    rig.sink.lost();
    rig.until("lost", |rig| rig.simulator.pins() == Pins::Safe);
    rig.shows(opens.0, opens.1, opens.2);
    rig.sink.command(CommandRepr::Hold);
    rig.until("held", |rig| rig.simulator.pins() == Pins::Safe);
    rig.sink.command(CommandRepr::Resume);
    rig.shows(opens.0, opens.1, opens.2);
    let Rig {
        sink,
        mut simulator,
        ..
    } = rig;
    let snapshot = sink.close();
    assert!(snapshot.statistics.acknowledged >= 8, "{snapshot:?}");
    let end = Instant::now() + Duration::from_secs(60);
    while simulator.pins() != Pins::Safe {
        assert!(Instant::now() < end, "closed, and open still");
        simulator.step(Duration::from_millis(2)).unwrap();
    }
}

#[test]
fn a_drift_alarm_is_told_and_moves_no_pin() {
    let mut rig = Rig::new();
    rig.shows(Some(1), Some(2.0), Pins::Open);
    for drift in [true, false, true] {
        rig.drift = drift;
        rig.until("drift", |rig| {
            let is_told = rig.simulator.mcu().drift() == drift;
            if !is_told {
                rig.report(Some(1), Some(2.0));
            }
            is_told
        });
        assert_eq!(rig.simulator.pins(), Pins::Open);
    }
    rig.shows(None, Some(0.5), Pins::Safe);
    rig.shows(Some(2), Some(2.0), Pins::Closed);
    let said = rig.lines.iter().filter(|line| line.contains("drift"));
    let said: Vec<&str> = said
        .map(|line| line.trim_start().split_once(' ').unwrap().1)
        .collect();
    assert_eq!(
        said,
        [
            "open   drift alarm",
            "open   no drift alarm",
            "open   drift alarm"
        ]
    );
}

#[test]
fn a_report_that_is_too_old_is_not_sent() {
    let mut rig = Rig::new();
    rig.shows(Some(1), Some(2.0), Pins::Open);
    let expired = |rig: &Rig| rig.sink.snapshot().statistics.expired;
    for age in [Duration::from_millis(5001), Duration::from_secs(1 << 30)] {
        let before = expired(&rig);
        rig.sink.offer(&Report {
            frame: 1 << 40,
            class: None,
            score: Some(0.5),
            threshold: Some(1.0),
            drift: false,
            age,
        });
        rig.until("expired", |rig| expired(rig) > before);
    }
    let frame = format!("frame {}:", 1_u64 << 40);
    assert!(!rig.lines.iter().any(|line| line.contains(&frame)));
}

#[test]
fn another_model_begins_another_session() {
    let mut rig = Rig::new();
    rig.shows(Some(1), Some(2.0), Pins::Open);
    let before = rig.simulator.mcu().session();
    let labels: Vec<String> = (0..12).map(|n| format!("other {n}")).collect();
    rig.sink
        .set_model(ModelHash([9; 32]), labels.clone())
        .unwrap();
    // A class that only the new model has.
    rig.shows(Some(3), Some(2.0), Pins::Closed);
    rig.shows(Some(11), Some(2.0), Pins::Open);
    assert_ne!(rig.simulator.mcu().session(), before);
    assert!(rig.events.contains(&Event::Ended(Ended::Model)));
    rig.until("labels", |rig| {
        rig.lines.iter().any(|line| line.contains("other 11"))
    });
    let refused = rig.sink.set_model(ModelHash([9; 32]), labels[..1].to_vec());
    assert!(matches!(refused, Err(LinkError::Labels { found: 1 })));
    rig.shows(Some(3), Some(2.0), Pins::Closed);
}

#[test]
fn the_device_goes_and_comes_back() {
    let mut rig = Rig::new();
    rig.shows(Some(1), Some(2.0), Pins::Open);
    rig.simulator.restart();
    assert_eq!(rig.simulator.pins(), Pins::Safe);
    rig.shows(Some(1), Some(2.0), Pins::Open);
    let is_end = |event: &Event| {
        matches!(
            event,
            Event::Ended(Ended::Restarted | Ended::Silence { .. })
        )
    };
    assert!(rig.events.iter().any(is_end), "{:?}", rig.events);
    // The program ends, and another opens the port.
    let (config, _) = slow();
    let port = Port::Path(rig.simulator.wire().path().to_owned());
    rig.sink.command(CommandRepr::Hold);
    rig.until("held", |rig| rig.simulator.pins() == Pins::Safe);
    let other = SerialSink::open(port, BAUD, config).unwrap();
    std::mem::replace(&mut rig.sink, other).close();
    rig.sink.command(CommandRepr::Resume);
    rig.shows(Some(2), Some(2.0), Pins::Closed);
}

/// What a host that opens the port at another rate says of it.
#[cfg(target_os = "linux")]
fn problem_at(baud: u32) -> String {
    let (mut config, mcu) = slow();
    config.patience_ms = 1500;
    let pty = Pty::new(BAUD).unwrap();
    let port = Port::Path(pty.path().to_owned());
    let mut simulator = Simulator::new(pty, SystemClock::new(), mcu, None);
    let sink = SerialSink::open(port, baud, config).unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        assert!(Instant::now() < end, "{:?}", sink.snapshot());
        simulator.step(Duration::from_millis(2)).unwrap();
        assert_eq!(simulator.mcu().session(), None);
        let problem = sink.events().into_iter().find_map(|event| match event {
            Event::Problem(problem @ Problem::NoHello { .. }) => Some(problem.to_string()),
            _ => None,
        });
        if let Some(problem) = problem {
            return problem;
        }
    }
}

/// Linux alone tells the simulator's end which rate the other end was opened at.
#[cfg(target_os = "linux")]
#[test]
fn a_wrong_baud_rate_is_found_on_a_pseudo_terminal() {
    // A machine that stands still may not let the simulator speak in time: then nothing was heard.
    let found = (0..10).map(|_| problem_at(9600)).find(|problem| {
        assert!(problem.contains("at 9600 baud"), "{problem}");
        problem.ends_with("is the baud rate the microcontroller's?")
    });
    assert!(found.is_some());
}

#[test]
fn a_port_that_is_not_there_stalls_nobody() {
    let port = Port::Path("/dev/no-such-port".to_owned());
    let sink = SerialSink::open(port, BAUD, config()).unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    let mut frame = 0;
    loop {
        assert!(Instant::now() < end, "{:?}", sink.snapshot());
        frame += 1;
        sink.offer(&Report {
            frame,
            class: None,
            score: None,
            threshold: None,
            drift: false,
            age: Duration::ZERO,
        });
        let is_it = |event: &Event| matches!(event, Event::Problem(Problem::Wire { .. }));
        if let Some(event) = sink.events().iter().find(|event| is_it(event)) {
            assert!(event.to_string().contains("/dev/no-such-port"), "{event}");
            break;
        }
        std::thread::yield_now();
    }
    assert_eq!(sink.close().statistics.sent, 0);
}

#[test]
fn a_hash_is_read_from_its_digits() {
    let hex = "00ff".repeat(16);
    let hash = model_hash(&hex).unwrap();
    assert_eq!(hash.0[..4], [0, 0xFF, 0, 0xFF]);
    for wrong in [
        "",
        "00ff",
        &hex[1..],
        &format!("{hex}0"),
        &hex.replace("ff", "+f"),
    ] {
        assert!(matches!(
            model_hash(wrong),
            Err(LinkError::ModelHash { .. })
        ));
    }
}
