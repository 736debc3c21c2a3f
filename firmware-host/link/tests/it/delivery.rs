//! The newest verdict is delivered, once.

use std::collections::HashSet;

use normgate_link::mcu::Output;
use normgate_link::{Faults, Statistics};

use crate::bench::{Bench, config, mcu_config};

fn is_accounted_for(statistics: &Statistics, waiting: u64) {
    let after = statistics.sent + statistics.superseded + statistics.expired + waiting;
    assert_eq!(statistics.offered, after);
    let answered = statistics.acknowledged + statistics.stale + statistics.refused;
    assert!(answered + statistics.unanswered <= statistics.sent);
}

#[test]
fn every_verdict_of_a_good_line_is_applied_and_acknowledged() {
    let mut bench = Bench::new(Faults::NONE, 1);
    bench.run(500);
    bench.stream(10_000, 33, 5);
    let statistics = bench.session.statistics().clone();
    is_accounted_for(&statistics, 0);
    assert_eq!(statistics.acknowledged, bench.offered.len() as u64);
    assert_eq!(bench.applied.len(), bench.offered.len());
    assert!(bench.applied.iter().all(|(_, age)| *age < 20));
    assert_eq!(statistics.round_trips.count(), statistics.acknowledged);
    assert!(statistics.round_trips.quantile(0.99).unwrap() < 30);
    assert_eq!(
        (statistics.retried, statistics.stale, statistics.refused),
        (0, 0, 0)
    );
    assert!(statistics.bytes_out > 48 * statistics.sent && statistics.bytes_in > 0);
}

#[test]
fn on_a_slow_line_the_newest_wins() {
    let mut bench = Bench::of(config(), mcu_config(), Faults::NONE, 1, [19_200; 2]);
    bench.run(3000);
    bench.stream(10_000, 10, 5);
    let last = bench.offered.len() as u64 - 1;
    bench.run(200);
    let statistics = bench.session.statistics();
    is_accounted_for(statistics, 0);
    assert!(statistics.superseded > 400, "{statistics:?}");
    assert!(statistics.acknowledged > 200, "{statistics:?}");
    assert_eq!(bench.applied.last().unwrap().0, last);
}

#[test]
fn no_verdict_is_sent_twice() {
    let faults = Faults {
        loss: 0.005,
        flip: 0.0003,
        ..Faults::NONE
    };
    let mut bench = Bench::new(faults, 3);
    bench.stream(20_000, 33, 5);
    let sent = bench.sent.lock().unwrap();
    let frames: HashSet<u64> = sent.iter().map(|verdict| verdict.frame).collect();
    assert_eq!(frames.len(), sent.len());
    drop(sent);
    let statistics = bench.session.statistics();
    assert!(statistics.unanswered > 0 && statistics.retried > 0 && statistics.decoded.crc > 0);
    is_accounted_for(statistics, 0);
}

#[test]
fn a_verdict_that_waited_too_long_is_not_sent() {
    let mut bench = Bench::new(Faults::NONE, 1);
    bench.mcu_is_alive = false;
    bench.run(100);
    bench.offer(0);
    bench.run(400);
    bench.mcu_is_alive = true;
    bench.run(1000);
    assert!(bench.session.agreed().is_some());
    assert_eq!(bench.session.statistics().expired, 1);
    assert!(bench.applied.is_empty());
    bench.offer(0);
    bench.run(20);
    assert_eq!(bench.output(), Output::Class(1));
}
