//! What a bad line costs: seeded tables, kept as `tests/faults.md`. `UPDATE_SNAPSHOT=1` writes it.

use std::fmt::Write as _;
use std::path::Path;

use normgate_link::Faults;

use crate::bench::Bench;

const SECONDS: u64 = 30;
const SEED: u64 = 20_261;

/// The second half of a row: what became of verdicts each `every` ms.
fn outcome(faults: Faults, every: u64) -> String {
    let mut bench = Bench::new(faults, SEED);
    bench.counts_false_accepts = true;
    bench.stream(1000 * SECONDS, every, 5);
    bench.run(500);
    let mut ages: Vec<u64> = bench.applied.iter().map(|(_, age)| *age).collect();
    ages.sort_unstable();
    let quantile = |share: f64| {
        let rank = ((share * ages.len() as f64).ceil() as usize).max(1);
        ages.get(rank - 1).map_or("-".to_owned(), u64::to_string)
    };
    let statistics = bench.session.statistics();
    format!(
        "{:.1} | {} | {} | {} | {} | {} | {}",
        100.0 * ages.len() as f64 / bench.offered.len() as f64,
        quantile(0.5),
        quantile(0.99),
        statistics.stale,
        statistics.sessions,
        statistics.decoded.bad() + bench.mcu.decoded().bad(),
        bench.false_accepts,
    )
}

fn losses_and_rates(table: &mut String) {
    table.push_str(
        "| loss | verdicts each, ms | delivered, % | p50, ms | p99, ms | stale | sessions | damaged | false accepts |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for loss in [0.0, 0.0003, 0.001, 0.003, 0.01, 0.03] {
        for every in [100, 33, 10, 5] {
            let faults = Faults {
                loss,
                ..Faults::NONE
            };
            let outcome = outcome(faults, every);
            writeln!(table, "| {loss} | {every} | {outcome} |").unwrap();
        }
    }
}

fn flips_and_delays(table: &mut String) {
    table.push_str(
        "| loss | flips | delay, ms | delivered, % | p50, ms | p99, ms | stale | sessions | damaged | false accepts |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for (least, most) in [(0, 0), (5, 20), (20, 80)] {
        for loss in [0.0, 0.001, 0.003] {
            for flip in [0.0, 0.0001, 0.0003] {
                let faults = Faults {
                    loss,
                    flip,
                    delay_ms: least..=most,
                    ..Faults::NONE
                };
                let outcome = outcome(faults, 33);
                writeln!(table, "| {loss} | {flip} | {least}-{most} | {outcome} |").unwrap();
            }
        }
    }
}

#[test]
fn what_a_bad_line_costs() {
    let mut table = format!(
        "Verdicts for {SECONDS} s at 115200 baud, agreed age 200 ms, heartbeats each 50 ms, seed {SEED}. Loss is of a \
         byte, flips are of a bit,\ndelay is each way; delivered is the share of the verdicts offered that were applied \
         (a newer one replaces one that waits);\ntimes are from capture, 5 ms before the offer, to use. Damaged are \
         envelopes that either side dropped; a false accept is a verdict\nthat was applied and is not one that was sent, \
         is older than agreed, or is not newer than the one before.\n\n"
    );
    losses_and_rates(&mut table);
    table.push('\n');
    flips_and_delays(&mut table);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults.md");
    if std::env::var_os("UPDATE_SNAPSHOT").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(table, kept, "UPDATE_SNAPSHOT=1 writes tests/faults.md");
    let rows = table.lines().filter(|line| line.starts_with("| 0"));
    assert!(
        rows.clone().count() == 6 * 4 + 3 * 9 && rows.clone().all(|row| row.ends_with("| 0 |"))
    );
}
