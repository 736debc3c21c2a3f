//! A host that says class 1 of ten every 10 ms on the serial port it is given, until it is killed.

use std::env;
use std::error::Error;
use std::thread::sleep;
use std::time::Duration;

use normgate_link::{Config, Port, Report, SerialSink};
use normgate_protocol::{Limits, ModelHash};

fn main() -> Result<(), Box<dyn Error>> {
    let port = env::args().nth(1).ok_or("usage: host PORT")?;
    let labels = (0..10).map(|n| format!("label {n}")).collect();
    let mut config = Config::new(ModelHash([7; 32]), labels);
    config.limits = Limits::new(500, 100)?;
    let sink = SerialSink::open(Port::Path(port), 115_200, config)?;
    for frame in 0.. {
        sink.offer(&Report {
            frame,
            class: Some(1),
            score: Some(7.5),
            threshold: Some(6.25),
            drift: false,
            age: Duration::from_millis(5),
        });
        sleep(Duration::from_millis(10));
    }
    Ok(())
}
