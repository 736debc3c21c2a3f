//! One line a frame, for a person.

use std::fmt::Write as _;
use std::io::Write;

use normgate_core::{Committed, Verdict};

use crate::drift::explained;
use crate::lines::LineWriter;
use crate::{Event, GateTerms, Record, Sink, SinkError, Status, Summary};

/// Writes one line a frame, one for what happens beside frames, and the summary at the end. It begins with the first
/// frame: [`Status::Started`] has no line.
///
/// A writer that buffers past a line's end would write an event late that was counted as lost: standard output is
/// best given as a [`File`](std::fs::File).
#[derive(Debug)]
pub struct Text<W> {
    to: LineWriter<W>,
    line: String,
}

impl<W: Write> Text<W> {
    /// Lines to `to`.
    pub fn new(to: W) -> Self {
        Self {
            to: LineWriter::new(to),
            line: String::new(),
        }
    }
}

impl<W: Write + Send> Sink for Text<W> {
    fn name(&self) -> &'static str {
        "text"
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), SinkError> {
        self.line.clear();
        // Writing to a string does not fail.
        let _ = match event {
            Event::Record(record, _) => write_record(&mut self.line, record),
            Event::Status(status) => write_status(&mut self.line, status),
        };
        if self.line.is_empty() {
            return Ok(());
        }
        self.to.put(&self.line)
    }

    fn is_lossless(&self) -> bool {
        true
    }
}

fn write_record(to: &mut String, record: &Record) -> std::fmt::Result {
    let terms = &record.terms;
    let against = |score: f32| match terms.gate {
        Some(GateTerms {
            score: name,
            threshold,
        }) => {
            let sign = if score >= threshold { ">=" } else { "< " };
            format!("{name} {score:8.3} {sign} {threshold:.3}")
        }
        None => format!("score {score:.3}, no threshold"),
    };
    let (word, reason) = match &record.verdict {
        Verdict::Known {
            class,
            score,
            confidence,
            p_value,
        } => {
            let against = against(*score);
            (
                terms.label(*class),
                format!("{against}  p {p_value:.4}  confidence {confidence:.3}"),
            )
        }
        Verdict::Unknown {
            score: Some(score),
            nearest,
            p_value,
        } => {
            let nearest = nearest.map_or("none", |class| terms.label(class));
            let p = p_value.map_or_else(String::new, |p| format!("  p {p:.4}"));
            (
                "unknown",
                format!("{}{p}  nearest {nearest}", against(*score)),
            )
        }
        Verdict::Unknown { score: None, .. } => {
            let why = record.fault.as_deref().unwrap_or("no score");
            ("unknown", why.to_owned())
        }
    };
    let committed = match record.committed {
        Committed::Class(class) => terms.label(class),
        Committed::Unknown => "unknown",
    };
    let truth = match &record.truth {
        Some(truth) => format!("  truth {}", truth.name()),
        None => String::new(),
    };
    let longest = terms.labels.iter().map(|l| l.chars().count()).max();
    let width = longest.unwrap_or(0).max("unknown".len());
    writeln!(
        to,
        "{:>5}  {word:width$}  {reason}  committed {committed}  {:.2} ms  {}{truth}",
        record.frame,
        record.latency.as_secs_f64() * 1e3,
        record.name,
    )
}

fn write_status(to: &mut String, status: &Status) -> std::fmt::Result {
    match status {
        Status::Started { .. } => Ok(()),
        Status::Lost { why } => writeln!(to, "the source is lost: {why}"),
        Status::Restored => writeln!(to, "the source is back"),
        Status::Swapped { terms } => writeln!(to, "another model: {}", terms.model),
        Status::SwapRefused { why } => writeln!(to, "a new model is refused: {why}"),
        Status::Drifted {
            drift,
            frame,
            alarms,
        } => writeln!(
            to,
            "drift: at frame {frame} scores are {}: {} (alarm {alarms})",
            drift.name(),
            explained(*drift)
        ),
        Status::Ended(summary) => write_summary(to, summary),
    }
}

fn write_summary(to: &mut String, s: &Summary) -> std::fmt::Result {
    writeln!(
        to,
        "\n{}: {} frames, {} known, {} unknown ({} of them not read or scored), {} dropped",
        s.source, s.frames, s.known, s.unknown, s.faults, s.dropped
    )?;
    for (stage, times) in &s.stages {
        if let Some((p50, p99)) = times {
            let (p50, p99) = (p50.as_secs_f64() * 1e6, p99.as_secs_f64() * 1e6);
            writeln!(to, "{stage:<11} p50 {p50:9.1} us  p99 {p99:9.1} us")?;
        }
    }
    Ok(())
}
