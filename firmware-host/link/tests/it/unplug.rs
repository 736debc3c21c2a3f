//! The line goes away and comes back.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use normgate_link::mcu::Output;
use normgate_link::{Ended, Event, Faults, Problem, Session, Wire};

use crate::bench::{Bench, config};

#[test]
fn unplugged_and_plugged_in_again() {
    let mut bench = Bench::new(Faults::NONE, 1);
    bench.stream(2000, 33, 5);
    bench.cable.cut();
    bench.stream(3000, 33, 5);
    assert!(!bench.session.is_open());
    assert_eq!(bench.output(), Output::Safe);
    assert!(bench.has(|event| matches!(event, Event::Ended(Ended::Wire))));
    let is_wire = |event: &&Event| matches!(event, Event::Problem(Problem::Wire { .. }));
    // Broken, then not found: each is told once, however often it is tried.
    assert_eq!(bench.events.iter().filter(is_wire).count(), 2);
    let before = bench.applied.len();
    bench.cable.mend();
    bench.stream(5000, 33, 5);
    assert_eq!(bench.session.statistics().reconnects, 1);
    assert_eq!(bench.session.statistics().sessions, 2);
    assert!(bench.applied.len() > before + 50);
}

#[test]
fn flapping_is_survived() {
    let mut bench = Bench::new(Faults::NONE, 1);
    for round in 0..40 {
        bench.cable.cut();
        bench.stream(50 + 13 * round, 33, 5);
        bench.cable.mend();
        bench.stream(40 * round, 33, 5);
    }
    bench.stream(8000, 33, 5);
    assert!(bench.session.agreed().is_some());
    assert!(bench.session.statistics().reconnects > 5);
}

/// A port that is never there.
struct Absent(Rc<Cell<u32>>);

impl Wire for Absent {
    fn read(&mut self, _: &mut [u8], _: Duration) -> io::Result<usize> {
        Err(io::ErrorKind::NotConnected.into())
    }

    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::NotConnected.into())
    }

    fn unsent(&mut self) -> io::Result<usize> {
        Err(io::ErrorKind::NotConnected.into())
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.0.set(self.0.get() + 1);
        Err(io::ErrorKind::NotFound.into())
    }

    fn name(&self) -> String {
        "absent".to_owned()
    }
}

#[test]
fn it_is_tried_less_and_less_often() {
    let tries = Rc::new(Cell::new(0));
    let mut session = Session::new(Absent(Rc::clone(&tries)), config()).unwrap();
    let mut events = Vec::new();
    let mut at = Vec::new();
    for now in 0..60_000 {
        events.extend(session.poll(now, Duration::ZERO));
        if at.len() < tries.get() as usize {
            at.push(now);
        }
    }
    assert_eq!(at[..8], [0, 100, 300, 700, 1500, 3100, 6300, 11_300]);
    assert_eq!(at.len(), 17);
    let problem = Problem::Wire {
        wire: "absent".to_owned(),
        cause: "entity not found".to_owned(),
    };
    assert_eq!(events, [Event::Problem(problem)]);
}
