//! Where verdicts go: a trait, text and JSON lines.

mod json;
mod text;

use std::io;
use std::time::Duration;

use normgate_core::{Committed, Verdict};

use crate::frame::Truth;
use crate::model::Model;

pub use json::JsonLines;
pub use text::Text;

/// All that is told of one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// How many frames were processed before it; its name has the source's own count.
    pub frame: u64,
    /// The frame's name: a file, or its place in a stream.
    pub name: String,
    /// What the source knows of it, only ever shown.
    pub truth: Option<Truth>,
    /// Why the frame could not be scored, where it could not.
    pub fault: Option<String>,
    /// The verdict on this frame.
    pub verdict: Verdict,
    /// The committed prediction after it.
    pub committed: Committed,
    /// Preprocess, network and gate together; zero for a frame that could not be read.
    pub latency: Duration,
}

/// Takes records, one a frame.
pub trait Sink {
    /// Takes one record.
    ///
    /// # Errors
    /// The writer's, such as a closed pipe.
    fn take(&mut self, record: &Record) -> io::Result<()>;
}

/// The labels and the threshold that records are told in.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// Class names.
    pub labels: Vec<String>,
    /// The gate's score and threshold; `None` where no threshold is fitted.
    pub gate: Option<(&'static str, f32)>,
}

impl Terms {
    /// Those of `model`.
    pub fn of(model: &Model) -> Self {
        Self {
            labels: model.description().labels.clone(),
            gate: model.gate().map(|g| (g.score.name(), g.threshold.get())),
        }
    }

    /// The name of `class`; a class that has none is told as unknown.
    fn label(&self, class: u16) -> &str {
        let label = self.labels.get(usize::from(class));
        label.map_or("unknown", String::as_str)
    }
}

/// How a truth is told: the class, or `unknown`.
fn truth_name(truth: &Truth) -> &str {
    match truth {
        Truth::Class(name) => name,
        Truth::Unknown => "unknown",
    }
}
