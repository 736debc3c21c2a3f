//! What a bad line costs: a seeded table, kept as `tests/faults.md`. `UPDATE_SNAPSHOT=1` writes it.

use std::fmt::Write as _;
use std::path::Path;

use normgate_link::Faults;

use crate::bench::Bench;

const SECONDS: u64 = 30;

fn row(table: &mut String, loss: f64, flip: f64, delay: (u64, u64)) {
    let faults = Faults {
        loss,
        flip,
        delay_ms: delay.0..=delay.1,
        ..Faults::NONE
    };
    let mut bench = Bench::new(faults, 20_261);
    bench.stream(1000 * SECONDS, 33, 5);
    bench.run(500);
    let mut ages: Vec<u64> = bench.applied.iter().map(|(_, age)| *age).collect();
    ages.sort_unstable();
    let quantile = |share: f64| {
        let rank = ((share * ages.len() as f64).ceil() as usize).max(1);
        ages.get(rank - 1).map_or("-".to_owned(), u64::to_string)
    };
    let false_accepts = bench
        .applied
        .iter()
        .filter(|(frame, age)| *age > 200 || *frame >= bench.offered.len() as u64)
        .count();
    let statistics = bench.session.statistics();
    let share = 100.0 * ages.len() as f64 / bench.offered.len() as f64;
    let (p50, p99) = (quantile(0.5), quantile(0.99));
    let (stale, sessions) = (statistics.stale, statistics.sessions);
    writeln!(
        table,
        "| {loss} | {flip} | {}-{} | {share:.1} | {p50} | {p99} | {stale} | {sessions} | {false_accepts} |",
        delay.0, delay.1,
    )
    .unwrap();
}

#[test]
fn what_a_bad_line_costs() {
    let mut table = format!(
        "Verdicts each 33 ms for {SECONDS} s at 115200 baud, agreed age 200 ms, heartbeats each 50 ms. Loss is of a byte, \
         flips are of a\nbit, delay is each way; delivered is the share of the verdicts offered that were applied; times \
         are from capture, 5 ms before the offer, to use.\n\n\
         | loss | flips | delay, ms | delivered, % | p50, ms | p99, ms | stale | sessions | false accepts |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
    );
    for delay in [(0, 0), (5, 20), (20, 80)] {
        for loss in [0.0, 0.0003, 0.001, 0.003] {
            for flip in [0.0, 0.0001, 0.0003] {
                row(&mut table, loss, flip, delay);
            }
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults.md");
    if std::env::var_os("UPDATE_SNAPSHOT").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(table, kept, "UPDATE_SNAPSHOT=1 writes tests/faults.md");
    assert!(table.lines().skip(5).all(|row| row.ends_with("| 0 |")));
}
