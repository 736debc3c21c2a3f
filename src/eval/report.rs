use normgate_core::Score;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::measure::{self, Measures, Risk};
use super::metrics::MetricError;
use super::scored::ScoredSet;
use crate::bundle::Gate;
use crate::model::InForce;

/// The result of an evaluation. Shares and areas are in [0, 1]; `Display` shows percent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The model's name.
    pub model: String,
    /// The gate that the verdicts come from.
    pub gate: InForce,
    /// The in-distribution set.
    pub in_distribution: IdReport,
    /// The names of the OOD sets that are near-OOD; the others are far-OOD, unless none is named.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub near_sets: Vec<String>,
    /// Every score that the model's file allows, in the order of [`Score::ALL`].
    pub scores: Vec<ScoreReport>,
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
    /// Of the in-distribution set alone; none without labels.
    pub risk: Option<Risk>,
    /// In the order given.
    pub sets: Vec<SetReport>,
    /// The mean over the near-OOD sets; none where none is named.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub near: Option<Measures>,
    /// The mean over the other sets; none where none is named near, or all are.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub far: Option<Measures>,
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
    /// A near-OOD set that is not there.
    #[error("no OOD set is named {name:?}: expected one of {sets}")]
    Near {
        /// As given.
        name: String,
        /// The sets' names.
        sets: String,
    },
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
            gate: InForce::of(gate),
            in_distribution: IdReport {
                name: id.name().into(),
                n: id.n(),
                accuracy: id.accuracy(),
                accuracy_kept: id.accuracy_kept(),
                ece: id.ece().map_err(answers)?,
                kept: id.kept() as f64 / id.n() as f64,
                rejected: id.rejected() as f64 / id.n() as f64,
            },
            near_sets: Vec::new(),
            scores: scores.collect::<Result<_, _>>()?,
        })
    }

    /// The same with the means of the near-OOD sets, those that `names` says, and of the others apart; without names
    /// it stays as it is.
    ///
    /// # Errors
    /// [`EvalError::Near`] for a name that no set has.
    pub fn with_near(mut self, names: &[String]) -> Result<Self, EvalError> {
        if names.is_empty() {
            return Ok(self);
        }
        let sets: Vec<&str> = match self.scores.first() {
            Some(score) => score.sets.iter().map(|set| set.name.as_str()).collect(),
            None => Vec::new(),
        };
        if let Some(name) = names.iter().find(|name| !sets.contains(&name.as_str())) {
            return Err(EvalError::Near {
                name: name.clone(),
                sets: sets.join(", "),
            });
        }
        for score in &mut self.scores {
            let over = |near: bool| {
                let sets = score.sets.iter();
                let sets = sets.filter(|set| names.contains(&set.name) == near);
                measure::mean(sets.map(|set| &set.measures))
            };
            (score.near, score.far) = (over(true), over(false));
        }
        self.near_sets = names.to_vec();
        Ok(self)
    }
}

impl ScoreReport {
    /// The means that there are, each with its name: near, far, mean.
    pub fn means(&self) -> impl Iterator<Item = (&str, &Measures)> {
        let all = [
            ("near", &self.near),
            ("far", &self.far),
            ("mean", &self.mean),
        ];
        all.into_iter()
            .filter_map(|(name, mean)| Some((name, mean.as_ref()?)))
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
        sets.push(SetReport {
            name: set.name().into(),
            n: set.n(),
            measures: measure::measure(score, gated, id, set)?,
        });
    }
    let temperature = match score {
        Score::Energy { temperature } => Some(temperature),
        _ => None,
    };
    Ok(ScoreReport {
        score: score.name().into(),
        temperature,
        risk: measure::risk(score, id, None)?,
        near: None,
        far: None,
        mean: measure::mean(sets.iter().map(|s| &s.measures)),
        sets,
    })
}
