//! One line a frame, for a person.

use std::io::{self, Write};

use normgate_core::{Committed, Verdict};

use crate::{Event, GateTerms, Record, Sink, SinkError};

/// Writes one line a frame.
#[derive(Debug)]
pub struct Text<W> {
    to: W,
}

impl<W: Write> Text<W> {
    /// Lines to `to`.
    pub fn new(to: W) -> Self {
        Self { to }
    }

    fn record(&mut self, record: &Record) -> io::Result<()> {
        let terms = &record.terms;
        let against = |score: f32| match terms.gate {
            Some(GateTerms { score: name, threshold }) => {
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
            } => (
                terms.label(*class),
                format!("{}  confidence {confidence:.3}", against(*score)),
            ),
            Verdict::Unknown {
                score: Some(score),
                nearest,
            } => {
                let nearest = nearest.map_or("none", |class| terms.label(class));
                ("unknown", format!("{}  nearest {nearest}", against(*score)))
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
            self.to,
            "{:>5}  {word:width$}  {reason}  committed {committed}  {:.2} ms  {}{truth}",
            record.frame,
            record.latency.as_secs_f64() * 1e3,
            record.name,
        )
    }
}

impl<W: Write + Send> Sink for Text<W> {
    fn name(&self) -> &'static str {
        "text"
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), SinkError> {
        match event {
            Event::Record(record, _) => self.record(record).map_err(|e| SinkError::Missed(e.to_string())),
            Event::Status(_) => Ok(()),
        }
    }
}
