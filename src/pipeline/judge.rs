use std::sync::Arc;
use std::time::{Duration, Instant};

use normgate_core::{CommitPolicy, Committed, Committer, Drift, DriftPolicy, Verdict};

use super::drift::Watch;
use super::swap::NewModel;
use crate::frame::Picture;
use crate::model::{Inference, Model, ModelError, Session};
use crate::preprocess::Preprocessor;
use crate::sink::{DriftState, GateTerms, Terms};

/// Told of a frame that the network ran on and no score could be computed of.
const UNSCORED: &str = "the network's outputs have no score";

/// A model with the memory that one camera needs: pictures in, verdicts and commitments out.
#[derive(Debug)]
pub struct Judge {
    model: Model,
    terms: Arc<Terms>,
    session: Session,
    preprocessor: Preprocessor,
    pixels: Vec<u8>,
    inference: Inference,
    committer: Committer,
    watch: Option<Watch>,
}

/// What was decided of one picture, and how long it took.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The verdict on this picture.
    pub verdict: Verdict,
    /// The prediction with it.
    pub committed: Committed,
    /// Which way the scores went, if the drift test alarms at this picture; not again while that alarm stands.
    pub alarm: Option<Drift>,
    /// Why there is no score, where there is none.
    pub fault: Option<String>,
    /// Picture to pixels; none if that failed.
    pub preprocess: Option<Duration>,
    /// Pixels to logits and features; none if it was not reached or failed.
    pub network: Option<Duration>,
    /// Logits and features to verdict, commitment and drift.
    pub gate: Duration,
    /// All of it.
    pub total: Duration,
}

impl Judge {
    /// Prepares a model that commits by `policy`.
    ///
    /// # Errors
    /// [`ModelError`] where tract refuses a session.
    pub fn new(model: Model, policy: CommitPolicy) -> Result<Self, ModelError> {
        let spec = model.preprocess();
        Ok(Self {
            session: model.session()?,
            terms: Arc::new(terms_of(&model)),
            preprocessor: Preprocessor::new(spec),
            pixels: vec![0; spec.input_len()],
            inference: Inference::default(),
            committer: Committer::new(policy),
            watch: None,
            model,
        })
    }

    /// The same with the stream of scores watched for drift. A model without a gate has no calibration scores to
    /// compare with, and is not watched.
    #[must_use]
    pub fn with_drift(mut self, policy: DriftPolicy) -> Self {
        self.watch = self.model.gate().map(|gate| Watch::new(gate, policy));
        self
    }

    /// What the drift test says; none where there is none.
    #[must_use]
    pub fn drift(&self) -> Option<DriftState> {
        self.watch.as_ref().map(Watch::state)
    }

    /// The words of the model.
    #[must_use]
    pub fn terms(&self) -> &Arc<Terms> {
        &self.terms
    }

    /// Judges by another model from here on; what was committed is forgotten, and its drift test has seen nothing.
    pub fn swap(&mut self, new: NewModel) {
        let spec = new.model.preprocess();
        self.preprocessor = Preprocessor::new(spec);
        self.pixels.clear();
        self.pixels.resize(spec.input_len(), 0);
        self.terms = Arc::new(terms_of(&new.model));
        self.session = new.session;
        self.watch = self.watch.take().and_then(|old| {
            // Made on another thread, unless for another policy.
            let made = new.watch.filter(|watch| watch.policy() == old.policy());
            let gate = new.model.gate()?;
            Some(made.unwrap_or_else(|| Watch::new(gate, old.policy())))
        });
        self.model = new.model;
        self.committer.reset();
    }

    /// Forgets the verdicts so far and a drift alarm, as after a camera was lost.
    pub fn forget(&mut self) {
        self.committer.reset();
        if let Some(watch) = &mut self.watch {
            watch.reset();
        }
    }

    /// The verdict and the commitment on one picture; unknown, with the reason, where it cannot be scored.
    pub fn judge(&mut self, picture: &Picture<'_>) -> Judgement {
        let start = Instant::now();
        let mut judgement = self.unknown(None);
        let prepared = self.preprocessor.run(picture, &mut self.pixels);
        let ready = Instant::now();
        let inferred = match prepared {
            Err(e) => Err(e.to_string()),
            Ok(()) => {
                judgement.preprocess = Some(ready - start);
                let inferred = self.session.infer_into(&self.pixels, &mut self.inference);
                inferred.map_err(|e| e.to_string())
            }
        };
        let gate = Instant::now();
        match inferred {
            Ok(()) => {
                judgement.network = Some(gate - ready);
                judgement.verdict = self.model.judge(&self.inference);
                match judgement.verdict.score() {
                    Some(score) => judgement.alarm = self.watch(score),
                    None => judgement.fault = Some(UNSCORED.to_owned()),
                }
            }
            Err(why) => judgement.fault = Some(why),
        }
        judgement.committed = self.committer.push(&judgement.verdict);
        judgement.gate = gate.elapsed();
        judgement.total = start.elapsed();
        judgement
    }

    /// The judgement on a frame that could not be read.
    pub fn unreadable(&mut self, why: String) -> Judgement {
        let mut judgement = self.unknown(Some(why));
        judgement.committed = self.committer.push(&judgement.verdict);
        judgement
    }

    fn watch(&mut self, score: f32) -> Option<Drift> {
        let (watch, gate) = self.watch.as_mut().zip(self.model.gate())?;
        watch.push(gate, score)
    }

    fn unknown(&self, fault: Option<String>) -> Judgement {
        Judgement {
            verdict: Verdict::UNSCORED,
            committed: Committed::Unknown,
            alarm: None,
            fault,
            preprocess: None,
            network: None,
            gate: Duration::ZERO,
            total: Duration::ZERO,
        }
    }
}

/// The words that a model's verdicts are told in.
#[must_use]
pub fn terms_of(model: &Model) -> Terms {
    let d = model.description();
    Terms {
        model: format!("{}-v{}", d.name, d.version),
        graph_sha256: d.graph_sha256.clone(),
        labels: d.labels.clone(),
        gate: model.gate().map(|g| GateTerms {
            score: g.score.name(),
            threshold: g.threshold().get(),
        }),
    }
}
