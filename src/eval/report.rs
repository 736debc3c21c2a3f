use normgate_core::Score;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::metrics::{MetricError, Roc};
use super::scored::ScoredSet;
use crate::bundle::Gate;

/// The result of an evaluation. Shares and areas are in [0, 1]; `Display` shows percent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The model's name.
    pub model: String,
    /// The gate that the model stores.
    pub gate: GateReport,
    /// The in-distribution set.
    pub in_distribution: IdReport,
    /// Every score that the model's file allows, in the order of [`Score::ALL`].
    pub scores: Vec<ScoreReport>,
}

/// The gate that the verdicts come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateReport {
    /// [`Score::name`].
    pub score: String,
    /// In the score's own units.
    pub threshold: f32,
    /// LogitNorm's temperature in training; none for a network trained with cross entropy.
    pub tau: Option<f32>,
}

/// How the in-distribution set fared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IdReport {
    /// The set's name.
    pub name: String,
    /// Frames.
    pub n: usize,
    /// Share of labelled frames with the right class, kept or not.
    pub accuracy: Option<f64>,
    /// The same of the frames that were kept.
    pub accuracy_kept: Option<f64>,
    /// Expected calibration error, 15 bins, of the confidence.
    pub ece: Option<f64>,
    /// Share accepted at the stored threshold.
    pub kept: f64,
    /// Share rejected at the stored threshold.
    pub rejected: f64,
}

/// One score on every OOD set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreReport {
    /// [`Score::name`].
    pub score: String,
    /// Energy's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub temperature: Option<f32>,
    /// In the order given.
    pub sets: Vec<SetReport>,
    /// The mean over the sets, each set counting the same; none without sets.
    pub mean: Option<Measures>,
}

/// One score on one OOD set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetReport {
    /// The set's name.
    pub name: String,
    /// Frames.
    pub n: usize,
    /// What was measured.
    #[serde(flatten)]
    pub measures: Measures,
}

/// How well a score tells a set from the in-distribution set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// [`Roc::auroc`].
    pub auroc: f64,
    /// [`Roc::fpr_at_95_tpr`].
    pub fpr95: f64,
    /// [`Roc::aupr_in`].
    pub aupr_in: f64,
    /// [`Roc::aupr_out`].
    pub aupr_out: f64,
    /// Share of OOD accepted at the stored threshold; only for the score that the gate uses.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kept: Option<f64>,
    /// Share of OOD rejected at the stored threshold; only for the score that the gate uses.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rejected: Option<f64>,
}

/// Why there is no report.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum EvalError {
    /// A model's outputs cannot be scored.
    #[error("image {index} of the set {set:?}: {why}")]
    Output {
        /// The set's name.
        set: String,
        /// The image's place, from 0.
        index: usize,
        /// Why not.
        why: String,
    },
    /// The in-distribution images have no labels.
    #[error(
        "the in-distribution images have no labels: expected one folder a class, or a CIFAR or IDX file"
    )]
    Unlabelled,
    /// The in-distribution images have a class that the model lacks.
    #[error("the in-distribution images have a class {class:?}: expected the model's: {labels}")]
    Class {
        /// The class's name.
        class: String,
        /// The model's labels.
        labels: String,
    },
    /// A set without frames, or scores that cannot be compared.
    #[error("{score} of the set {set:?}: {source}")]
    Metric {
        /// The set's name.
        set: String,
        /// The score's name.
        score: &'static str,
        /// What is wrong.
        source: MetricError,
    },
    /// A confidence that is none.
    #[error("the set {set:?}: {source}")]
    Answers {
        /// The set's name.
        set: String,
        /// What is wrong.
        source: MetricError,
    },
    /// There is no share of nothing.
    #[error("the set {0:?} has no frames: expected at least one")]
    Empty(String),
    /// A table could not tell them apart.
    #[error("two sets are named {0:?}: expected a name of its own for each")]
    SameName(String),
    /// A frame of another length than the set's.
    #[error("{have} values of a frame of the set {set:?}: expected {want}, one a score")]
    Values {
        /// The set's name.
        set: String,
        /// Values given.
        have: usize,
        /// The set's scores.
        want: usize,
    },
    /// Sets that cannot be compared.
    #[error("the set {set:?} has other scores than the in-distribution set, or not the gate's")]
    Scores {
        /// The set's name.
        set: String,
    },
}

impl Report {
    /// Measures every score of every OOD set against the in-distribution set.
    ///
    /// # Errors
    /// If a set is empty, two have the same name or different scores, or a score or confidence is out of range.
    pub fn new(
        model: impl Into<String>,
        gate: &Gate,
        id: &ScoredSet,
        ood: &[ScoredSet],
    ) -> Result<Self, EvalError> {
        check(gate, id, ood)?;
        let answers = |source| EvalError::Answers {
            set: id.name().into(),
            source,
        };
        let scores = id
            .all_scores()
            .map(|score| score_report(score, score == gate.score, id, ood));
        Ok(Self {
            model: model.into(),
            gate: GateReport {
                score: gate.score.name().into(),
                threshold: gate.threshold().get(),
                tau: gate.tau,
            },
            in_distribution: IdReport {
                name: id.name().into(),
                n: id.n(),
                accuracy: id.accuracy(),
                accuracy_kept: id.accuracy_kept(),
                ece: id.ece().map_err(answers)?,
                kept: id.kept() as f64 / id.n() as f64,
                rejected: id.rejected() as f64 / id.n() as f64,
            },
            scores: scores.collect::<Result<_, _>>()?,
        })
    }
}

/// Whether the sets go together.
pub(super) fn check(gate: &Gate, id: &ScoredSet, ood: &[ScoredSet]) -> Result<(), EvalError> {
    let mut names = std::collections::HashSet::new();
    for set in std::iter::once(id).chain(ood) {
        let name = || set.name().to_owned();
        if set.n() == 0 {
            return Err(EvalError::Empty(name()));
        }
        let gated = set.all_scores().any(|score| score == gate.score);
        if !gated || !set.all_scores().eq(id.all_scores()) {
            return Err(EvalError::Scores { set: name() });
        }
        if !names.insert(set.name()) {
            return Err(EvalError::SameName(name()));
        }
    }
    Ok(())
}

fn score_report(
    score: Score,
    gated: bool,
    id: &ScoredSet,
    ood: &[ScoredSet],
) -> Result<ScoreReport, EvalError> {
    let mut sets = Vec::with_capacity(ood.len());
    for set in ood {
        let roc = roc(score, id, set)?;
        let n = set.n();
        let share = |frames: usize| gated.then(|| frames as f64 / n as f64);
        let measures = Measures {
            auroc: roc.auroc(),
            fpr95: roc.fpr_at_95_tpr(),
            aupr_in: roc.aupr_in(),
            aupr_out: roc.aupr_out(),
            kept: share(set.kept()),
            rejected: share(set.rejected()),
        };
        sets.push(SetReport {
            name: set.name().into(),
            n,
            measures,
        });
    }
    let temperature = match score {
        Score::Energy { temperature } => Some(temperature),
        _ => None,
    };
    let mean = mean(&sets);
    Ok(ScoreReport {
        score: score.name().into(),
        temperature,
        sets,
        mean,
    })
}

/// The curve of one score on one set.
pub(super) fn roc(score: Score, id: &ScoredSet, ood: &ScoredSet) -> Result<Roc, EvalError> {
    Roc::new(id.scores(score), ood.scores(score)).map_err(|source| EvalError::Metric {
        set: ood.name().into(),
        score: score.name(),
        source,
    })
}

fn mean(sets: &[SetReport]) -> Option<Measures> {
    let of = |get: fn(&Measures) -> Option<f64>| {
        let values: Option<Vec<f64>> = sets.iter().map(|s| get(&s.measures)).collect();
        values
            .filter(|v| !v.is_empty())
            .map(|v| v.iter().sum::<f64>() / v.len() as f64)
    };
    Some(Measures {
        auroc: of(|m| Some(m.auroc))?,
        fpr95: of(|m| Some(m.fpr95))?,
        aupr_in: of(|m| Some(m.aupr_in))?,
        aupr_out: of(|m| Some(m.aupr_out))?,
        kept: of(|m| m.kept),
        rejected: of(|m| m.rejected),
    })
}
