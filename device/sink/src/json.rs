//! One JSON object a line and a frame, for a program.

use std::io::Write;
use std::time::SystemTime;

use normgate_core::{Committed, Drift, Verdict};
use normgate_frame::Truth;
use serde_json::{Map, Value, json};

use crate::lines::LineWriter;
use crate::{Event, Record, Sink, SinkError, Status, Summary, Terms, rfc3339};

/// Writes one JSON object a line: a frame, what happens beside frames, and the summary at the end. It begins with the
/// first frame: [`Status::Started`] has no line.
///
/// As for [`Text`](crate::Text), a writer that does not buffer is best.
#[derive(Debug)]
pub struct JsonLines<W> {
    to: LineWriter<W>,
}

impl<W: Write> JsonLines<W> {
    /// Lines to `to`.
    pub fn new(to: W) -> Self {
        Self {
            to: LineWriter::new(to),
        }
    }
}

impl<W: Write + Send> Sink for JsonLines<W> {
    fn name(&self) -> &'static str {
        "json"
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), SinkError> {
        match event {
            Event::Status(Status::Started { .. }) => Ok(()),
            _ => self.to.put(&line(event)),
        }
    }

    fn is_lossless(&self) -> bool {
        true
    }
}

/// An event as one line, with its end.
pub(crate) fn line(event: Event<'_>) -> String {
    let object = match event {
        Event::Record(record, _) => of_record(record),
        Event::Status(status) => of_status(status, SystemTime::now()),
    };
    format!("{object}\n")
}

fn of_record(record: &Record) -> Value {
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
    json!({
        "frame": record.frame,
        "name": record.name,
        "time": rfc3339(record.time),
        "verdict": verdict,
        "class": class,
        "confidence": confidence,
        "nearest": nearest,
        "score": record.verdict.score(),
        "p_value": record.verdict.p_value(),
        "score_name": terms.gate.map(|gate| gate.score),
        "threshold": terms.gate.map(|gate| gate.threshold),
        "committed": committed,
        "drift": record.drift.and_then(|drift| drift.alarm).map(Drift::name),
        "drift_evidence": record.drift.map(|drift| drift.evidence),
        "truth": record.truth.as_ref().map(Truth::name),
        "fault": record.fault,
        "latency_us": record.latency.as_secs_f64() * 1e6,
    })
}

fn of_status(status: &Status, time: SystemTime) -> Value {
    let time = rfc3339(time);
    let of_model = |status: &str, terms: &Terms| {
        json!({
            "status": status,
            "model": terms.model,
            "graph_sha256": terms.graph_sha256,
            "time": time,
        })
    };
    match status {
        Status::Started { source, terms } => {
            let mut object = of_model("started", terms);
            object["source"] = json!(source);
            object
        }
        Status::Lost { why } => json!({ "status": "lost", "why": why, "time": time }),
        Status::Restored => json!({ "status": "restored", "time": time }),
        Status::Swapped { terms } => of_model("swapped", terms),
        Status::SwapRefused { why } => {
            json!({ "status": "swap_refused", "why": why, "time": time })
        }
        Status::Drifted {
            drift,
            frame,
            alarms,
        } => json!({
            "status": "drifted",
            "drift": drift.name(),
            "frame": frame,
            "alarms": alarms,
            "time": time,
        }),
        Status::Ended(summary) => json!({ "summary": of_summary(summary) }),
    }
}

fn of_summary(s: &Summary) -> Value {
    let stages: Map<_, _> = s
        .stages
        .iter()
        .map(|(name, times)| {
            let (p50, p99) = (*times).unzip();
            let us = |time: Option<std::time::Duration>| time.map(|time| time.as_secs_f64() * 1e6);
            (
                (*name).to_owned(),
                json!({ "p50_us": us(p50), "p99_us": us(p99) }),
            )
        })
        .collect();
    json!({
        "source": s.source,
        "frames": s.frames,
        "known": s.known,
        "unknown": s.unknown,
        "faults": s.faults,
        "dropped": s.dropped,
        "latency": stages,
    })
}
