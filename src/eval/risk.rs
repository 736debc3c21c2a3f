use super::metrics::{MetricError, Side};

/// How often the frames that are kept fail, for every share of frames that is kept.
///
/// A failure is an in-distribution frame with the wrong class, or any OOD frame. Frames are kept from the highest score
/// down; equal scores are kept together.
///
/// Geifman and El-Yaniv, "Selective Classification for Deep Neural Networks", 2017; Traub et al., "Overcoming Common
/// Flaws in the Evaluation of Selective Classification Systems", 2024.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskCoverage {
    /// From the highest threshold to the lowest; the last keeps all.
    steps: Vec<Step>,
}

/// What one threshold keeps, in frames.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Step {
    kept: usize,
    failed: usize,
}

/// One threshold's place on the curve; all in [0, 1].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RiskPoint {
    /// The share of frames that are kept.
    pub coverage: f64,
    /// Failures as a share of the kept frames.
    pub selective_risk: f64,
    /// Kept failures as a share of all frames.
    pub generalized_risk: f64,
}

impl RiskCoverage {
    /// Orders the scores of in-distribution frames, whose class is `correct` or not, and of OOD frames. All slices have
    /// shape `[frames]`; `ood` may be empty, for in-distribution alone.
    ///
    /// # Errors
    /// If there is no in-distribution frame, `correct` has another length, or a score is NaN or infinite.
    pub fn new(id: &[f32], correct: &[bool], ood: &[f32]) -> Result<Self, MetricError> {
        if id.is_empty() {
            return Err(MetricError::NoScores(Side::InDistribution));
        }
        if id.len() != correct.len() {
            let (left, right) = (id.len(), correct.len());
            return Err(MetricError::Lengths { left, right });
        }
        for (side, scores) in [(Side::InDistribution, id), (Side::Ood, ood)] {
            if let Some(index) = scores.iter().position(|s| !s.is_finite()) {
                return Err(MetricError::NotFinite { side, index });
            }
        }
        let known = id.iter().zip(correct).map(|(&s, &right)| (s, !right));
        let mut all: Vec<_> = known.chain(ood.iter().map(|&s| (s, true))).collect();
        all.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let mut step = Step::default();
        // By value, so that -0 and 0 tie.
        let steps = all.chunk_by(|a, b| a.0 == b.0).map(|tied| {
            step.kept += tied.len();
            step.failed += tied.iter().filter(|(_, failed)| *failed).count();
            step
        });
        Ok(Self {
            steps: steps.collect(),
        })
    }

    /// The area under selective risk over coverage, in [0, 1], by trapezoids. Below the first step it is that step's
    /// risk, as in Traub et al.'s own code.
    pub fn aurc(&self) -> f64 {
        let points: Vec<_> = self.points().collect();
        let parts = points.windows(2).map(|w| {
            (w[1].coverage - w[0].coverage) * (w[0].selective_risk + w[1].selective_risk) / 2.0
        });
        parts.sum()
    }

    /// The area under generalized risk over coverage, in [0, 1/2]: the mean share of frames that are failures and kept,
    /// over all coverages. Traub et al., equation 6.
    pub fn augrc(&self) -> f64 {
        let froms = std::iter::once(Step::default()).chain(self.steps.iter().copied());
        // Twice the trapezoids' area, in pairs of frames, is a whole number.
        let doubled: u128 = froms
            .zip(&self.steps)
            .map(|(from, to)| (to.kept - from.kept) as u128 * (from.failed + to.failed) as u128)
            .sum();
        let n = self.n() as u128;
        doubled as f64 / (2 * n * n) as f64
    }

    /// The curve from coverage 0 to 1, one point a distinct score. Selective risk at coverage 0 is that of the first
    /// step.
    pub fn points(&self) -> impl Iterator<Item = RiskPoint> + '_ {
        let n = self.n() as f64;
        let point = move |step: &Step| RiskPoint {
            coverage: step.kept as f64 / n,
            selective_risk: step.failed as f64 / step.kept as f64,
            generalized_risk: step.failed as f64 / n,
        };
        let start = self.steps.first().map(|first| RiskPoint {
            coverage: 0.0,
            generalized_risk: 0.0,
            ..point(first)
        });
        start.into_iter().chain(self.steps.iter().map(point))
    }

    /// Some of [`points`](Self::points), for drawing: the first, the last, and each whose coverage is at least `gap`
    /// more than that of the one before it.
    pub fn thinned(&self, gap: f64) -> Vec<RiskPoint> {
        let mut kept: Vec<RiskPoint> = Vec::new();
        let mut skipped = None;
        for point in self.points() {
            match kept.last() {
                Some(last) if point.coverage - last.coverage < gap => skipped = Some(point),
                _ => {
                    kept.push(point);
                    skipped = None;
                }
            }
        }
        kept.extend(skipped);
        kept
    }

    fn n(&self) -> usize {
        self.steps.last().map_or(0, |last| last.kept)
    }
}
