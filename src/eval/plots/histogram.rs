use normgate_core::Score;
use plotters::prelude::*;

use super::super::metrics::{MetricError, Side};
use super::super::report::EvalError;
use super::super::scored::ScoredSet;
use super::PlotError;
use super::bins::Bins;
use super::canvas::{self, Area, Axes, Axis, Drawn, Entry, ID, INK, Pen};
use crate::bundle::Gate;

const SIZE: (u32, u32) = (920, 460);

const FIGURE_SIZE: (u32, u32) = (420, 280);

pub(super) fn draw(
    score: Score,
    gate: &Gate,
    id: &ScoredSet,
    ood: &[ScoredSet],
) -> Result<String, PlotError> {
    let threshold = (score == gate.score).then(|| gate.threshold().get());
    let pens: Vec<_> = ood.iter().zip((0..).map(canvas::pen)).collect();
    let shape = Shape::new(score, threshold, id, &pens)?;
    let size = (SIZE.0, canvas::tall_enough(SIZE.1, ood.len() + 1));
    canvas::page(size, |plot, legend| {
        let caption = format!("{score}: in-distribution and OOD");
        shape.draw(plot, &axis(score), Some(caption), canvas::TEXT)?;
        let at = |t: f32| format!("accept from {}", canvas::tick(t.into(), shape.span()));
        let note = threshold.map(at);
        let remarks: Vec<&str> = match &note {
            Some(note) => vec!["dashed: the threshold,", note],
            None => vec![],
        };
        canvas::legend(legend, &entries(id, ood, threshold.is_some()), &remarks)
    })
}

/// In-distribution and some OOD sets, each with its pen, without a legend.
pub(super) fn figure(
    score: Score,
    threshold: Option<f32>,
    id: &ScoredSet,
    ood: &[(&ScoredSet, Pen)],
) -> Result<String, PlotError> {
    let shape = Shape::new(score, threshold, id, ood)?;
    canvas::figure(FIGURE_SIZE, |area| {
        shape.draw(area, score.name(), None, canvas::FIGURE_TEXT)
    })
}

/// The outlines and what they need.
struct Shape {
    bins: Bins,
    id: Vec<(f64, f64)>,
    ood: Vec<(Vec<(f64, f64)>, Pen)>,
    threshold: Option<f64>,
}

impl Shape {
    fn new(
        score: Score,
        threshold: Option<f32>,
        id: &ScoredSet,
        ood: &[(&ScoredSet, Pen)],
    ) -> Result<Self, PlotError> {
        let sets: Vec<&ScoredSet> = ood.iter().map(|(set, _)| *set).collect();
        let Shares {
            bins,
            id,
            ood: shares,
        } = shares(score, threshold, id, &sets)?;
        let pens = ood.iter().map(|(_, pen)| *pen);
        Ok(Self {
            id: bins.outline(&id),
            ood: shares.iter().map(|s| bins.outline(s)).zip(pens).collect(),
            threshold: threshold.map(f64::from),
            bins,
        })
    }

    fn span(&self) -> f64 {
        self.bins.range().end - self.bins.range().start
    }

    fn draw(&self, area: &Area<'_>, x: &str, caption: Option<String>, text: u32) -> Drawn {
        let outlines = self.ood.iter().flat_map(|(outline, _)| outline);
        let highest = self.id.iter().chain(outlines).map(|p| p.1);
        let top = highest.fold(0.0, f64::max) * 1.08;
        let axes = Axes {
            x: Axis(self.bins.range(), x, &|x| canvas::tick(*x, self.span())),
            y: Axis(0.0..top, "share of the set in a bin, %", &|y| {
                canvas::tick(y * 100.0, top * 100.0)
            }),
            caption,
            text,
            mesh: false,
        };
        let mut chart = canvas::chart(area, axes)?;
        let points = || self.id.iter().copied();
        chart.draw_series(AreaSeries::new(points(), 0.0, ID.mix(0.3)))?;
        chart.draw_series(LineSeries::new(points(), ID.stroke_width(2)))?;
        for (outline, pen) in &self.ood {
            pen.line(&mut chart, outline)?;
        }
        if let Some(at) = self.threshold {
            let line = [(at, 0.0), (at, top)];
            let style = INK.stroke_width(2);
            chart.draw_series(DashedLineSeries::new(line, 5, 4, style))?;
        }
        Ok(())
    }
}

/// Bins over some sets, and the share of each set's frames in them.
pub(super) struct Shares {
    pub(super) bins: Bins,
    pub(super) id: [f64; Bins::COUNT],
    pub(super) ood: Vec<[f64; Bins::COUNT]>,
}

/// In-distribution and some OOD sets in bins that reach the threshold.
pub(super) fn shares(
    score: Score,
    threshold: Option<f32>,
    id: &ScoredSet,
    ood: &[&ScoredSet],
) -> Result<Shares, EvalError> {
    let sets = || sided(id, ood.iter().copied());
    for (side, set) in sets() {
        if let Some(index) = set.scores(score).iter().position(|s| !s.is_finite()) {
            let source = MetricError::NotFinite { side, index };
            let (set, score) = (set.name().into(), score.name());
            return Err(EvalError::Metric { set, score, source });
        }
    }
    let bins = Bins::over(sets().map(|(_, s)| s.scores(score)), threshold);
    let of = |set: &ScoredSet| bins.shares(set.scores(score));
    Ok(Shares {
        id: of(id),
        ood: ood.iter().map(|set| of(set)).collect(),
        bins,
    })
}

fn sided<'a>(
    id: &'a ScoredSet,
    ood: impl Iterator<Item = &'a ScoredSet>,
) -> impl Iterator<Item = (Side, &'a ScoredSet)> {
    std::iter::once((Side::InDistribution, id)).chain(ood.map(|s| (Side::Ood, s)))
}

fn entries(id: &ScoredSet, ood: &[ScoredSet], gated: bool) -> Vec<Entry> {
    let kept = |set: &ScoredSet| match gated {
        true => format!("{:.1} % kept", 100.0 * set.kept() as f64 / set.n() as f64),
        false => format!("{} frames", set.n()),
    };
    let mut entries = vec![Entry {
        pen: Pen { color: ID, dash: 0 },
        filled: true,
        name: id.name().into(),
        note: format!("in-distribution, {}", kept(id)),
    }];
    entries.extend(ood.iter().enumerate().map(|(i, set)| Entry {
        pen: canvas::pen(i),
        filled: false,
        name: set.name().into(),
        note: format!("OOD, {}", kept(set)),
    }));
    entries
}

fn axis(score: Score) -> String {
    let formula = match score {
        Score::Msp => "max softmax probability".to_owned(),
        Score::MaxLogit => "max z".to_owned(),
        Score::LogitNorm => "||z||".to_owned(),
        Score::FeatureNorm => "||h||".to_owned(),
        Score::Energy { temperature } => format!("T logsumexp(z / T), T = {temperature}"),
        Score::Nan => "||h||1 / ||h||0".to_owned(),
        Score::Cosine => "max cos(h, class mean)".to_owned(),
        Score::Knn => "-distance of h / ||h|| to the k-th neighbour".to_owned(),
        Score::Combined => "log ranks of two scores".to_owned(),
    };
    format!("{score} = {formula}   (higher: more in-distribution)")
}
