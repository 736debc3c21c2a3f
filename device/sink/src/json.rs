//! One JSON object a line and a frame, for a program.

use std::io::{self, Write};

use normgate_core::{Committed, Verdict};
use normgate_frame::Truth;
use serde_json::{Value, json};

use crate::{Event, Record, Sink, SinkError};

/// Writes one JSON object a line.
#[derive(Debug)]
pub struct JsonLines<W> {
    to: W,
}

impl<W: Write> JsonLines<W> {
    /// Lines to `to`.
    pub fn new(to: W) -> Self {
        Self { to }
    }

    fn record(&mut self, record: &Record) -> io::Result<()> {
        let terms = &record.terms;
        let label = |class: u16| Value::from(terms.label(class));
        let (verdict, class, nearest, confidence) = match &record.verdict {
            Verdict::Known {
                class, confidence, ..
            } => ("known", label(*class), Value::Null, json!(confidence)),
            Verdict::Unknown { nearest, .. } => (
                "unknown",
                Value::Null,
                nearest.map_or(Value::Null, label),
                Value::Null,
            ),
        };
        let committed = match record.committed {
            Committed::Class(class) => label(class),
            Committed::Unknown => Value::Null,
        };
        let line = json!({
            "frame": record.frame,
            "name": record.name,
            "verdict": verdict,
            "class": class,
            "confidence": confidence,
            "nearest": nearest,
            "score": record.verdict.score(),
            "score_name": terms.gate.map(|gate| gate.score),
            "threshold": terms.gate.map(|gate| gate.threshold),
            "committed": committed,
            "truth": record.truth.as_ref().map(Truth::name),
            "fault": record.fault,
            "latency_us": record.latency.as_secs_f64() * 1e6,
        });
        writeln!(self.to, "{line}")
    }
}

impl<W: Write + Send> Sink for JsonLines<W> {
    fn name(&self) -> &'static str {
        "json"
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), SinkError> {
        match event {
            Event::Record(record, _) => self.record(record).map_err(|e| SinkError::Missed(e.to_string())),
            Event::Status(_) => Ok(()),
        }
    }
}
