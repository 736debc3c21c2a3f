//! Damages packets by chance and counts those that are taken for others:
//! `cargo run --release -p normgate-protocol --example false_accepts -- TRIALS SEED`.

#[path = "../tests/it/corruption.rs"]
mod corruption;

use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let numbers: Option<Vec<u64>> = std::env::args()
        .skip(1)
        .map(|word| word.parse().ok())
        .collect();
    let Some([trials, seed]) = numbers.as_deref() else {
        eprintln!("false_accepts TRIALS SEED");
        return ExitCode::FAILURE;
    };
    let start = Instant::now();
    let tally = corruption::run(*trials, *seed);
    let [crc, framing, overlong, version, refused] = tally.dropped;
    println!(
        "trials {}, seed {seed}, {:.0} s",
        tally.trials,
        start.elapsed().as_secs_f64()
    );
    println!(
        "streams left as they were {}, packets received as sent {}",
        tally.unchanged, tally.sent
    );
    println!(
        "dropped: crc {crc}, framing {framing}, overlong {overlong}, version {version}, refused {refused}"
    );
    let [low_16, low_24] = tally.crc_alike;
    println!(
        "CRCs compared {}, alike in 16 bits {low_16}, in 24 bits {low_24}",
        tally.crc_differs
    );
    println!("false accepts {}", tally.false_accepts);
    ExitCode::from(u8::from(tally.false_accepts != 0))
}
