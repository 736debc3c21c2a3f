//! The safe value is reached in time, whatever dies.

use std::time::Duration;

use normgate_link::mcu::{McuEvent, Output};
use normgate_link::{Ended, Event, Faults, Verdict};
use normgate_protocol::{FaultCode, FaultRepr};

use crate::bench::{BAUD, Bench, HOLD_MS, config, judgement, mcu_config};

/// Open, with a class, and a verdict just applied.
fn open() -> Bench {
    let mut bench = Bench::new(Faults::NONE, 1);
    bench.run(1000);
    bench.stream(1000, 33, 5);
    while judgement(bench.offered.len() as u64).committed().is_none() {
        bench.offer(0);
    }
    bench.offer(0);
    bench.run(10);
    assert!(matches!(bench.output(), Output::Class(_)));
    bench
}

#[test]
fn the_host_dies() {
    let mut bench = open();
    bench.host_is_alive = false;
    // Three heartbeats of 50 ms since the last packet, and what was on the line still.
    bench.run(150 + 10);
    assert_eq!(bench.output(), Output::Safe);
    assert!(bench.mcu_events.contains(&McuEvent::Lost));
    bench.host_is_alive = true;
    bench.stream(1000, 33, 5);
    assert!(bench.has(|event| matches!(
        event,
        Event::Ended(Ended::Silence { .. } | Ended::Restarted)
    )));
    assert!(bench.session.agreed().is_some());
}

#[test]
fn the_verdicts_stop_and_the_heartbeats_do_not() {
    let mut bench = open();
    bench.run(HOLD_MS - 20);
    assert!(matches!(bench.output(), Output::Class(_)));
    bench.run(20);
    assert_eq!(bench.output(), Output::Safe);
    assert_eq!(bench.session.statistics().sessions, 1);
}

#[test]
fn the_host_pauses_closes_or_has_a_fault() {
    let mut paused = open();
    paused.session.pause();
    paused.run(10);
    assert_eq!(paused.output(), Output::Safe);
    paused.stream(100, 33, 5);
    assert!(matches!(paused.output(), Output::Class(_)));

    let mut closed = open();
    let now = closed.now();
    assert_eq!(closed.session.close(now), [Event::Ended(Ended::Closed)]);
    closed.run(10);
    assert_eq!(closed.output(), Output::Safe);
    closed.run(5000);
    assert!(!closed.session.is_open());

    let mut faulty = open();
    let fault = FaultRepr {
        code: FaultCode::Source,
        detail: 1,
    };
    faulty.session.report(fault);
    faulty.run(10);
    assert_eq!(faulty.output(), Output::Safe);
    assert!(faulty.mcu_events.contains(&McuEvent::Fault(fault)));
}

#[test]
fn a_buffer_that_holds_verdicts_back_opens_nothing() {
    let faults = Faults {
        delay_ms: 60..=60,
        ..Faults::NONE
    };
    let mut bench = Bench::of(config(), mcu_config(), faults, 1, [BAUD; 2]);
    bench.stream(30_000, 33, 100);
    assert!(bench.applied.is_empty());
    let statistics = bench.session.statistics();
    assert!(statistics.stale > 10, "{statistics:?}");
    assert!(bench.events.contains(&Event::Ended(Ended::Stale)));
}

#[test]
fn a_host_that_was_away_hears_before_it_judges() {
    let mut bench = open();
    // The host is stopped for as long as the link may be silent: no longer than that.
    let session = bench.session.id();
    bench.host_is_alive = false;
    bench.run(120);
    bench.host_is_alive = true;
    bench.run(100);
    assert_eq!(bench.session.id(), session);
    // A long wait inside poll ends at once on a simulated clock.
    let now = bench.now();
    bench.session.poll(now, Duration::from_secs(3600));
}

/// The caller read the clock, and was stopped before it called.
#[test]
fn a_host_that_was_stopped_does_not_count_from_before() {
    let mut bench = open();
    let before = bench.now();
    bench.host_is_alive = false;
    bench.run(120);
    let applied = bench.applied.len();
    // At its capture 100 ms before the clock was read, so 220 ms ago.
    let frame = bench.offered.len() as u64;
    let verdict = Verdict {
        frame,
        captured_ms: before - 100,
        judgement: judgement(frame),
        drift: false,
    };
    bench.offered.push(verdict);
    bench.session.offer(verdict).unwrap();
    bench.session.poll(before, Duration::ZERO);
    assert_eq!(bench.sent.lock().unwrap().last().unwrap().frame, frame);
    bench.run(50);
    assert_eq!(bench.applied.len(), applied);
    bench.host_is_alive = true;
    bench.stream(330, 33, 5);
    assert_eq!(bench.session.statistics().stale, 1);
    assert!(bench.applied.len() >= applied + 10);
}
