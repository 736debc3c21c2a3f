use normgate_core::{Score, Verdict};

use super::metrics::{self, MetricError};
use super::report::EvalError;

/// The scores and verdicts of one set of frames, in-distribution or OOD.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredSet {
    name: String,
    /// Each of shape `[frames]`.
    columns: Vec<(Score, Vec<f32>)>,
    n: usize,
    kept: usize,
    confidence: Vec<f32>,
    correct: Vec<bool>,
    correct_kept: usize,
    labelled_kept: usize,
}

/// How the network's class compares with a frame's label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    /// Whether the largest logit is the label's.
    pub correct: bool,
    /// Probability of that class, in [0, 1].
    pub confidence: f32,
}

impl ScoredSet {
    /// A set with no frame yet, to be scored by `scores`.
    pub fn new(name: impl Into<String>, scores: &[Score]) -> Self {
        Self {
            name: name.into(),
            columns: scores.iter().map(|&score| (score, vec![])).collect(),
            n: 0,
            kept: 0,
            confidence: Vec::new(),
            correct: Vec::new(),
            correct_kept: 0,
            labelled_kept: 0,
        }
    }

    /// Adds a frame: `values` in the order of the scores; `verdict` is the gate's at its threshold; `answer` is for
    /// frames whose label is one of the network's classes.
    ///
    /// # Errors
    /// If there are not as many values as scores.
    pub fn push(
        &mut self,
        values: &[f32],
        verdict: &Verdict,
        answer: Option<Answer>,
    ) -> Result<(), EvalError> {
        if values.len() != self.columns.len() {
            return Err(EvalError::Values {
                set: self.name.clone(),
                have: values.len(),
                want: self.columns.len(),
            });
        }
        for ((_, column), &value) in self.columns.iter_mut().zip(values) {
            column.push(value);
        }
        self.n += 1;
        let kept = verdict.is_known();
        self.kept += usize::from(kept);
        if let Some(Answer {
            correct,
            confidence,
        }) = answer
        {
            self.correct.push(correct);
            self.confidence.push(confidence);
            self.labelled_kept += usize::from(kept);
            self.correct_kept += usize::from(kept && correct);
        }
        Ok(())
    }

    /// As given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Frames in the set.
    pub fn n(&self) -> usize {
        self.n
    }

    /// The scores that the frames have, in their order.
    pub fn all_scores(&self) -> impl Iterator<Item = Score> {
        self.columns.iter().map(|(score, _)| *score)
    }

    /// One score of every frame, shape `[frames]`; empty where the set does not have that score.
    pub fn scores(&self, score: Score) -> &[f32] {
        let column = self.columns.iter().find(|(have, _)| *have == score);
        column.map_or(&[], |(_, values)| values)
    }

    /// Frames with a known verdict.
    pub fn kept(&self) -> usize {
        self.kept
    }

    /// Frames with an unknown verdict.
    pub fn rejected(&self) -> usize {
        self.n() - self.kept
    }

    /// The share of labelled frames with the right class, kept or not; none without labels.
    pub fn accuracy(&self) -> Option<f64> {
        let right = self.correct.iter().filter(|&&c| c).count();
        share(right, self.correct.len())
    }

    /// The same of the frames that were kept.
    pub fn accuracy_kept(&self) -> Option<f64> {
        share(self.correct_kept, self.labelled_kept)
    }

    /// [`metrics::ece`] of the labelled frames; none without labels.
    ///
    /// # Errors
    /// If a confidence is outside [0, 1].
    pub fn ece(&self) -> Result<Option<f64>, MetricError> {
        if self.correct.is_empty() {
            return Ok(None);
        }
        metrics::ece(&self.confidence, &self.correct).map(Some)
    }
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
