//! Source to sink, frame by frame.

use std::io;
use std::time::{Duration, Instant};

use normgate_core::{CommitPolicy, Committer, Verdict};
use thiserror::Error;

use crate::frame::Frame;
use crate::latency::Latency;
use crate::model::{Inference, Model, ModelError, Session};
use crate::preprocess::Preprocessor;
use crate::sink::{Record, Sink};
use crate::source::{Source, SourceError};

/// Told of a frame that the network ran on and no score could be computed of.
const UNSCORED: &str = "the network's outputs have no score";

/// Why the loop ended before its source did.
#[derive(Debug, Error)]
pub enum PipelineError {
    /// The source died.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The sink died.
    #[error("output: {0}")]
    Sink(#[from] io::Error),
    /// The model cannot run.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// The stages that are timed, in flow order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Waiting for, or reading, a frame.
    Source,
    /// Frame to pixels.
    Preprocess,
    /// Pixels to logits and features.
    Model,
    /// Logits and features to a verdict and a commitment.
    Gate,
    /// From a frame in hand to its commitment.
    Total,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 5] = [
        Self::Source,
        Self::Preprocess,
        Self::Model,
        Self::Gate,
        Self::Total,
    ];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Preprocess => "preprocess",
            Self::Model => "model",
            Self::Gate => "gate",
            Self::Total => "total",
        }
    }
}

/// What a run saw.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Frames taken from the source, unreadable ones included.
    pub frames: u64,
    /// Those with a known verdict.
    pub known: u64,
    /// Those with an unknown one.
    pub unknown: u64,
    /// Those of the unknown that could not be read or scored.
    pub faults: u64,
    times: [Latency; Stage::ALL.len()],
}

impl Summary {
    /// The times of `stage`.
    pub fn latency(&self, stage: Stage) -> &Latency {
        &self.times[stage as usize]
    }

    fn time(&mut self, stage: Stage, time: Duration) {
        self.times[stage as usize].push(time);
    }
}

/// A model with the memory that one camera needs.
#[derive(Debug)]
pub struct Pipeline<'m> {
    model: &'m Model,
    session: Session,
    preprocessor: Preprocessor,
    pixels: Vec<u8>,
    committer: Committer,
    summary: Summary,
}

impl<'m> Pipeline<'m> {
    /// Prepares a run of `model` that commits by `policy`.
    ///
    /// # Errors
    /// [`ModelError`] where tract refuses a session.
    pub fn new(model: &'m Model, policy: CommitPolicy) -> Result<Self, ModelError> {
        let spec = model.preprocess();
        Ok(Self {
            session: model.session()?,
            preprocessor: Preprocessor::new(spec),
            pixels: vec![0; spec.input_len()],
            committer: Committer::new(policy),
            summary: Summary::default(),
            model,
        })
    }

    /// What was seen until now.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Takes frames from `source` to its end, or `limit` of them, and tells `sink` of each.
    ///
    /// A frame that cannot be read or scored is told as unknown, and the loop goes on.
    ///
    /// # Errors
    /// [`PipelineError`] where source or sink died; the summary holds what was seen until then.
    pub fn run(
        &mut self,
        source: &mut dyn Source,
        sink: &mut dyn Sink,
        limit: Option<u64>,
    ) -> Result<(), PipelineError> {
        while limit.is_none_or(|limit| self.summary.frames < limit) {
            let asked = Instant::now();
            let taken = source.next_frame();
            self.summary.time(Stage::Source, asked.elapsed());
            let record = match taken {
                Ok(None) => break,
                Ok(Some(frame)) => self.process(frame),
                Err(e) if e.is_fatal() => return Err(e.into()),
                Err(e) => self.unreadable(&e),
            };
            sink.take(&record)?;
        }
        Ok(())
    }

    /// The verdict and the commitment on one frame.
    pub fn process(&mut self, frame: Frame) -> Record {
        let start = Instant::now();
        let inferred = self.infer(&frame);
        let gate = Instant::now();
        let (verdict, fault) = match inferred {
            Ok(inference) => match self.model.judge(&inference) {
                verdict if verdict.score().is_some() => (verdict, None),
                unscored => (unscored, Some(UNSCORED.to_owned())),
            },
            Err(why) => (Verdict::UNSCORED, Some(why)),
        };
        let committed = self.committer.push(&verdict);
        self.summary.time(Stage::Gate, gate.elapsed());
        let latency = start.elapsed();
        self.summary.time(Stage::Total, latency);
        self.count(&verdict, fault.is_some());
        Record {
            frame: self.summary.frames - 1,
            name: frame.name,
            truth: frame.truth,
            fault,
            verdict,
            committed,
            latency,
        }
    }

    fn infer(&mut self, frame: &Frame) -> Result<Inference, String> {
        let start = Instant::now();
        self.preprocessor
            .run(frame, &mut self.pixels)
            .map_err(|e| e.to_string())?;
        let ready = Instant::now();
        self.summary.time(Stage::Preprocess, ready - start);
        let inference = self
            .session
            .infer(&self.pixels)
            .map_err(|e| e.to_string())?;
        self.summary.time(Stage::Model, ready.elapsed());
        Ok(inference)
    }

    fn unreadable(&mut self, error: &SourceError) -> Record {
        let verdict = Verdict::UNSCORED;
        let committed = self.committer.push(&verdict);
        self.count(&verdict, true);
        Record {
            frame: self.summary.frames - 1,
            name: String::from("-"),
            truth: None,
            fault: Some(error.to_string()),
            verdict,
            committed,
            latency: Duration::ZERO,
        }
    }

    fn count(&mut self, verdict: &Verdict, fault: bool) {
        self.summary.frames += 1;
        self.summary.faults += u64::from(fault);
        if verdict.is_known() {
            self.summary.known += 1;
        } else {
            self.summary.unknown += 1;
        }
    }
}
