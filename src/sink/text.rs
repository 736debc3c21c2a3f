//! One line a frame, for a person.

use std::io::{self, Write};

use normgate_core::{Committed, Verdict};

use super::{Record, Sink, Terms, truth_name};

/// Writes one line a frame.
#[derive(Debug)]
pub struct Text<W> {
    to: W,
    terms: Terms,
    width: usize,
}

impl<W: Write> Text<W> {
    /// Lines to `to`, in the words of `terms`.
    pub fn new(to: W, terms: Terms) -> Self {
        let longest = terms.labels.iter().map(|l| l.chars().count()).max();
        Self {
            to,
            width: longest.unwrap_or(0).max("unknown".len()),
            terms,
        }
    }
}

impl<W: Write> Sink for Text<W> {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        let terms = &self.terms;
        let against = |score: f32| match terms.gate {
            Some((name, threshold)) => {
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
            Some(truth) => format!("  truth {}", truth_name(truth)),
            None => String::new(),
        };
        let width = self.width;
        writeln!(
            self.to,
            "{:>5}  {word:width$}  {reason}  committed {committed}  {:.2} ms  {}{truth}",
            record.frame,
            record.latency.as_secs_f64() * 1e3,
            record.name,
        )
    }
}
