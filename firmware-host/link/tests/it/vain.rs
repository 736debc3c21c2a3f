//! Nobody answers: one error that says what was tried.

use std::time::Duration;

use normgate_link::{Event, Faults, Problem, Session};

use crate::bench::{BAUD, Bench, config, mcu_config};
use crate::greeting::Script;

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

#[test]
fn a_line_that_ends_in_itself() {
    let mut session = Session::new(Script::shorted(), config()).unwrap();
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
