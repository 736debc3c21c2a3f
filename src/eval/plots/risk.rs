use normgate_core::Score;

use super::super::measure;
use super::super::risk::RiskPoint;
use super::super::scored::ScoredSet;
use super::PlotError;
use super::canvas::{self, Axes, Axis, INK, Pen};

const FIGURE_SIZE: (u32, u32) = (420, 320);

/// Below this coverage selective risk is that of a handful of frames.
const LEAST_COVERAGE: f64 = 0.01;

/// Which risk is drawn over coverage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::eval) enum Kind {
    /// [`RiskPoint::selective_risk`].
    Selective,
    /// [`RiskPoint::generalized_risk`].
    Generalized,
}

impl Kind {
    fn of(self, point: &RiskPoint) -> (f64, f64) {
        let risk = match self {
            Self::Selective => point.selective_risk,
            Self::Generalized => point.generalized_risk,
        };
        (point.coverage, risk)
    }

    fn axis(self) -> &'static str {
        match self {
            Self::Selective => "failures among the kept, %",
            Self::Generalized => "kept failures among all, %",
        }
    }
}

/// Risk over coverage of in-distribution alone, dashed, and with each OOD set; none where in-distribution has no
/// labels.
pub(super) fn figure(
    kind: Kind,
    score: Score,
    gated: bool,
    id: &ScoredSet,
    ood: &[ScoredSet],
) -> Result<Option<String>, PlotError> {
    let alone = Pen {
        color: INK,
        dash: 5,
    };
    let mut curves = Vec::with_capacity(ood.len() + 1);
    let sets = std::iter::once((None, alone));
    for (set, pen) in sets.chain(ood.iter().map(Some).zip((0..).map(canvas::pen))) {
        let Some(curve) = measure::risk_coverage(score, id, set)? else {
            return Ok(None);
        };
        let from = match kind {
            Kind::Selective => LEAST_COVERAGE,
            Kind::Generalized => 0.0,
        };
        let points = curve.thinned(canvas::CURVE_GAP);
        let points = points.iter().filter(|p| p.coverage >= from);
        let points: Vec<_> = points.map(|p| kind.of(p)).collect();
        curves.push((points, pen, at_threshold(id, set)));
    }
    let highest = curves.iter().flat_map(|(points, ..)| points).map(|p| p.1);
    let top = (highest.fold(0.0, f64::max) * 1.08).max(0.01);
    let svg = canvas::figure(FIGURE_SIZE, |area| {
        let axes = Axes {
            x: Axis(0.0..1.0, "coverage: share kept, %", &canvas::percent),
            y: Axis(0.0..top, kind.axis(), &|y| {
                canvas::tick(y * 100.0, top * 100.0)
            }),
            caption: None,
            text: canvas::FIGURE_TEXT,
            mesh: true,
        };
        let mut chart = canvas::chart(area, axes)?;
        for (points, pen, _) in &curves {
            pen.line(&mut chart, points)?;
        }
        for (_, pen, at) in curves.iter().filter(|_| gated) {
            if let Some(point) = at {
                canvas::dot(&mut chart, kind.of(point), pen.color)?;
            }
        }
        Ok(())
    })?;
    Ok(Some(svg))
}

/// What the gate itself keeps; none where it keeps nothing.
fn at_threshold(id: &ScoredSet, ood: Option<&ScoredSet>) -> Option<RiskPoint> {
    let right = id.kept_frames().iter().zip(id.correct());
    let right = right.filter(|(kept, correct)| **kept && **correct).count();
    let kept = id.kept() + ood.map_or(0, ScoredSet::kept);
    let n = (id.n() + ood.map_or(0, ScoredSet::n)) as f64;
    let failed = (kept - right) as f64;
    (kept > 0).then(|| RiskPoint {
        coverage: kept as f64 / n,
        selective_risk: failed / kept as f64,
        generalized_risk: failed / n,
    })
}
