//! Nobody answers: one error that says what was tried.

use std::io;
use std::time::Duration;

use normgate_link::{Event, Faults, Problem, Session, Wire};

use crate::bench::{BAUD, Bench, config, mcu_config};

fn problems(events: &[Event]) -> Vec<String> {
    let problems = events.iter().filter_map(|event| match event {
        Event::Problem(problem @ Problem::NoHello { .. }) => Some(problem.to_string()),
        _ => None,
    });
    problems.collect()
}

#[test]
fn a_mute_microcontroller() {
    let mut bench = Bench::new(Faults::NONE, 1);
    bench.mcu_is_alive = false;
    bench.stream(20_000, 33, 5);
    assert_eq!(
        problems(&bench.events),
        [
            "loopback at 115200 baud: no answer to 7 hellos in 3000 ms, 0 bytes heard, 0 damaged envelopes, 0 of our \
          own: is the microcontroller powered, connected (host's TX to its RX and back) and running its firmware?"
        ]
    );
    // It is found as soon as it speaks, and missed again when it is gone.
    bench.mcu_is_alive = true;
    bench.stream(5000, 33, 5);
    assert!(!bench.applied.is_empty());
    bench.mcu_is_alive = false;
    bench.stream(5000, 33, 5);
    assert_eq!(problems(&bench.events).len(), 2);
}

#[test]
fn a_wrong_baud_rate() {
    let mut bench = Bench::of(config(), mcu_config(), Faults::NONE, 1, [9600, BAUD]);
    bench.stream(20_000, 33, 5);
    let problems = problems(&bench.events);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("loopback at 9600 baud: no answer to 7 hellos in 3000 ms"));
    assert!(problems[0].contains("baud rate"), "{problems:?}");
    assert!(bench.applied.is_empty() && bench.sent.lock().unwrap().is_empty());
}

/// What is written is read.
#[derive(Default)]
struct Shorted(Vec<u8>);

impl Wire for Shorted {
    fn read(&mut self, bytes: &mut [u8], _: Duration) -> io::Result<usize> {
        let count = bytes.len().min(self.0.len());
        bytes[..count].copy_from_slice(&self.0[..count]);
        self.0.drain(..count);
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn unsent(&mut self) -> io::Result<usize> {
        Ok(0)
    }

    fn reopen(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn name(&self) -> String {
        "shorted".to_owned()
    }
}

#[test]
fn a_line_that_ends_in_itself() {
    let mut session = Session::new(Shorted::default(), config()).unwrap();
    let events: Vec<_> = (0..5000)
        .flat_map(|now| session.poll(now, Duration::ZERO))
        .collect();
    let problems = problems(&events);
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].ends_with("is the line connected to itself?"),
        "{problems:?}"
    );
    assert_eq!(session.agreed(), None);
}
