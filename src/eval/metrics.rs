use std::fmt;

use thiserror::Error;

use super::reliability::Reliability;

/// Which of the two sets of scores an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The positive class.
    InDistribution,
    /// The negative class.
    Ood,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InDistribution => "in-distribution",
            Self::Ood => "OOD",
        })
    }
}

/// Why a metric is not defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MetricError {
    /// One of the classes has no frame.
    #[error("no {0} scores: expected at least one")]
    NoScores(Side),
    /// NaN or infinity has no place in the order.
    #[error("{side} score {index} is not finite")]
    NotFinite {
        /// In which set.
        side: Side,
        /// At which place.
        index: usize,
    },
    /// There is nothing to take a share of.
    #[error("no answers: expected at least one")]
    NoAnswers,
    /// Two slices that belong together do not.
    #[error("{left} and {right} values: expected as many of both")]
    Lengths {
        /// Values in the first.
        left: usize,
        /// Values in the second.
        right: usize,
    },
    /// Not a probability.
    #[error("confidence {index} is out of range: expected 0 to 1")]
    Confidence {
        /// At which place.
        index: usize,
    },
}

/// What every possible threshold accepts of an in-distribution and an OOD set.
///
/// In-distribution is the positive class. Equal scores are accepted or rejected together.
#[derive(Debug, Clone, PartialEq)]
pub struct Roc {
    /// From the highest threshold to the lowest; the last accepts all.
    steps: Vec<Step>,
    id: usize,
    ood: usize,
}

/// How many frames have `score >= threshold`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Step {
    id: usize,
    ood: usize,
}

impl Roc {
    /// Orders the scores of the two sets, each of shape `[frames]`.
    ///
    /// # Errors
    /// If either is empty or holds NaN or infinity.
    pub fn new(id: &[f32], ood: &[f32]) -> Result<Self, MetricError> {
        let mut all = Vec::with_capacity(id.len() + ood.len());
        for (side, scores) in [(Side::InDistribution, id), (Side::Ood, ood)] {
            if scores.is_empty() {
                return Err(MetricError::NoScores(side));
            }
            if let Some(index) = scores.iter().position(|s| !s.is_finite()) {
                return Err(MetricError::NotFinite { side, index });
            }
            all.extend(scores.iter().map(|&s| (s, side)));
        }
        all.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let mut accepted = Step::default();
        // By value, so that -0 and 0 tie.
        let steps = all.chunk_by(|a, b| a.0 == b.0).map(|tied| {
            let positives = tied
                .iter()
                .filter(|(_, side)| *side == Side::InDistribution)
                .count();
            accepted.id += positives;
            accepted.ood += tied.len() - positives;
            accepted
        });
        Ok(Self {
            steps: steps.collect(),
            id: id.len(),
            ood: ood.len(),
        })
    }

    /// P(in-distribution score > OOD score), ties half, in [0, 1].
    pub fn auroc(&self) -> f64 {
        // Twice the trapezoids' area, in pairs of frames, is a whole number.
        let doubled: u128 = self
            .between()
            .map(|(from, to)| (to.ood - from.ood) as u128 * (from.id + to.id) as u128)
            .sum();
        doubled as f64 / (2 * self.id as u128 * self.ood as u128) as f64
    }

    /// The share of OOD accepted at the largest threshold that accepts at least 95% of
    /// in-distribution, in [0, 1].
    pub fn fpr_at_95_tpr(&self) -> f64 {
        let kept = self.steps.iter().find(|s| share(s.id, self.id) >= 0.95);
        kept.map_or(1.0, |s| share(s.ood, self.ood))
    }

    /// The same with OOD as the positive class, as OpenOOD v1.5 has it: the share of in-distribution rejected at the
    /// smallest threshold that rejects at least 95% of OOD, in [0, 1].
    pub fn fpr_at_95_tpr_ood(&self) -> f64 {
        let mut rejected = self.between().rev().map(|(kept, _)| Step {
            id: self.id - kept.id,
            ood: self.ood - kept.ood,
        });
        let enough = rejected.find(|s| share(s.ood, self.ood) >= 0.95);
        enough.map_or(1.0, |s| share(s.id, self.id))
    }

    /// Average precision with in-distribution as the positive class, in (0, 1]:
    /// the sum of precision times the step in recall, as scikit-learn has it.
    pub fn aupr_in(&self) -> f64 {
        let parts = self
            .between()
            .map(|(from, to)| share(to.id - from.id, self.id) * share(to.id, to.id + to.ood));
        parts.sum()
    }

    /// Average precision with OOD as the positive class and the score negated, in (0, 1].
    pub fn aupr_out(&self) -> f64 {
        let parts = self.between().map(|(from, to)| {
            let (id, ood) = (self.id - from.id, self.ood - from.ood);
            share(to.ood - from.ood, self.ood) * share(ood, id + ood)
        });
        parts.sum()
    }

    /// The area under the precision-recall curve with in-distribution as the positive class by trapezoids, in (0, 1],
    /// as OpenOOD v1.5 has it. It joins points that no threshold lies between, so it is a little more or less than
    /// [`aupr_in`](Self::aupr_in).
    pub fn aupr_in_trapezoid(&self) -> f64 {
        trapezoids(self.steps.iter().map(|s| {
            let kept = s.id + s.ood;
            (share(s.id, self.id), share(s.id, kept))
        }))
    }

    /// The same with OOD as the positive class and the score negated, in (0, 1].
    pub fn aupr_out_trapezoid(&self) -> f64 {
        trapezoids(self.between().rev().map(|(kept, _)| {
            let (id, ood) = (self.id - kept.id, self.ood - kept.ood);
            (share(ood, self.ood), share(ood, id + ood))
        }))
    }

    /// The curve from (0, 0) to (1, 1) as pairs of (FPR, TPR): the share of OOD and of
    /// in-distribution accepted, one pair a distinct score.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let start = std::iter::once(Step::default());
        start
            .chain(self.steps.iter().copied())
            .map(|s| (share(s.ood, self.ood), share(s.id, self.id)))
    }

    /// Some of [`points`](Self::points), for drawing: the first, the last, and each that lies
    /// `FPR + TPR >= gap` after the one before it, so about `2 / gap` at most.
    pub fn thinned(&self, gap: f64) -> Vec<(f64, f64)> {
        let mut kept: Vec<(f64, f64)> = Vec::new();
        let mut skipped = None;
        for point in self.points() {
            match kept.last() {
                Some(last) if point.0 - last.0 + point.1 - last.1 < gap => skipped = Some(point),
                _ => {
                    kept.push(point);
                    skipped = None;
                }
            }
        }
        kept.extend(skipped);
        kept
    }

    fn between(&self) -> impl DoubleEndedIterator<Item = (Step, Step)> + '_ {
        self.steps.iter().enumerate().map(|(i, &to)| {
            let from = i.checked_sub(1).map_or(Step::default(), |i| self.steps[i]);
            (from, to)
        })
    }
}

/// The area under (recall, precision) in the order of recall; at recall 0 the precision is 1, as in scikit-learn.
fn trapezoids(points: impl Iterator<Item = (f64, f64)>) -> f64 {
    let mut last = (0.0, 1.0);
    let parts = points.map(|to| {
        let from = std::mem::replace(&mut last, to);
        (to.0 - from.0) * (from.1 + to.1) / 2.0
    });
    parts.sum()
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

/// The share of predictions that equal the truth, in [0, 1]; both of shape `[frames]`.
///
/// # Errors
/// If the slices are empty or their lengths differ.
pub fn accuracy(predicted: &[u16], truth: &[u16]) -> Result<f64, MetricError> {
    same_length(predicted.len(), truth.len())?;
    let right = predicted.iter().zip(truth).filter(|(p, t)| p == t).count();
    Ok(share(right, truth.len()))
}

/// [`Reliability::ece`] over its 15 bins, in [0, 1].
///
/// # Errors
/// If the slices are empty, their lengths differ, or a confidence is outside [0, 1].
pub fn ece(confidence: &[f32], correct: &[bool]) -> Result<f64, MetricError> {
    let bins = Reliability::new(confidence, correct)?;
    bins.ece().ok_or(MetricError::NoAnswers)
}

fn same_length(left: usize, right: usize) -> Result<(), MetricError> {
    if left != right {
        return Err(MetricError::Lengths { left, right });
    }
    if left == 0 {
        Err(MetricError::NoAnswers)
    } else {
        Ok(())
    }
}
