//! Opens a source and prints a line for everything that it gives: `watch URI [EVENTS]`. `watch cameras` lists cameras.

use std::process::ExitCode;
use std::time::Instant;

use normgate_source::{Next, cameras, open};

/// FNV-1a of 64 bits.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

fn watch(uri: &str, events: u64) -> Result<(), normgate_source::SourceError> {
    let mut source = open(uri)?;
    println!("open {}", source.describe());
    let start = Instant::now();
    for _ in 0..events {
        let mut line = String::new();
        let next = source.next(&mut |frame| {
            let picture = frame.picture;
            let sum: u64 = picture.bytes().iter().map(|&byte| u64::from(byte)).sum();
            line = format!(
                "frame id={} {}x{} {} stride={} {:?} {:?} bytes={} sum={sum} fnv={:016x} age_ms={} name={:?}",
                frame.id,
                picture.width(),
                picture.height(),
                picture.format().name(),
                picture.stride(),
                picture.color().matrix,
                picture.color().range,
                picture.bytes().len(),
                fnv(picture.bytes()),
                frame.captured.elapsed().as_millis(),
                frame.name,
            );
        });
        let millis = start.elapsed().as_millis();
        let dropped = source.dropped_frames();
        match next {
            Ok(Next::Frame) => println!("{millis} {line} dropped={dropped}"),
            Ok(Next::Waiting) => println!("{millis} waiting"),
            Ok(Next::Lost { why }) => println!("{millis} lost {why}"),
            Ok(Next::End) => {
                println!("{millis} end dropped={dropped}");
                return Ok(());
            }
            Err(error) => println!("{millis} error fatal={} {error}", error.is_fatal()),
        }
    }
    println!("done {}", source.describe());
    Ok(())
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let uri = arguments.next().unwrap_or_default();
    let events = arguments.next().and_then(|n| n.parse().ok());
    let done = match uri.as_str() {
        "cameras" => cameras().map(|cameras| {
            for camera in &cameras {
                println!("{camera}");
            }
            println!("{} cameras", cameras.len());
        }),
        uri => watch(uri, events.unwrap_or(u64::MAX)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
