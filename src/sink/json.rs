//! One JSON object a line and a frame, for a program.

use std::io::{self, Write};

use normgate_core::{Committed, Verdict};
use serde_json::{Value, json};

use super::{Record, Sink, Terms, truth_name};

/// Writes one JSON object a line.
#[derive(Debug)]
pub struct JsonLines<W> {
    to: W,
    terms: Terms,
}

impl<W: Write> JsonLines<W> {
    /// Lines to `to`, in the words of `terms`.
    pub fn new(to: W, terms: Terms) -> Self {
        Self { to, terms }
    }
}

impl<W: Write> Sink for JsonLines<W> {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        let terms = &self.terms;
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
            "score_name": terms.gate.map(|(name, _)| name),
            "threshold": terms.gate.map(|(_, threshold)| threshold),
            "committed": committed,
            "truth": record.truth.as_ref().map(truth_name),
            "fault": record.fault,
            "latency_us": record.latency.as_secs_f64() * 1e6,
        });
        writeln!(self.to, "{line}")
    }
}
