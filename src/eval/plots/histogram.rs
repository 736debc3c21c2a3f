use normgate_core::Score;
use plotters::prelude::*;

use super::super::metrics::{MetricError, Side};
use super::super::report::EvalError;
use super::super::scored::ScoredSet;
use super::PlotError;
use super::bins::Bins;
use super::canvas::{self, Entry, GRID, GUIDE, ID, Pen};
use crate::bundle::Gate;

const SIZE: (u32, u32) = (920, 460);

pub(super) fn draw(
    score: Score,
    gate: &Gate,
    id: &ScoredSet,
    ood: &[ScoredSet],
) -> Result<String, PlotError> {
    for (side, set) in sided(id, ood) {
        if let Some(index) = set.scores(score).iter().position(|s| !s.is_finite()) {
            let source = MetricError::NotFinite { side, index };
            let (set, score) = (set.name().into(), score.name());
            return Err(EvalError::Metric { set, score, source }.into());
        }
    }
    let threshold = (score == gate.score).then(|| gate.threshold().get());
    let bins = Bins::over(sided(id, ood).map(|(_, s)| s.scores(score)), threshold);
    let outline = |set: &ScoredSet| bins.outline(&bins.shares(set.scores(score)));
    let id_outline = outline(id);
    let ood_outlines: Vec<_> = ood.iter().map(outline).collect();
    let all = id_outline.iter().chain(ood_outlines.iter().flatten());
    let top = all.map(|p| p.1).fold(0.0, f64::max) * 1.08;
    let xs = bins.range();
    let span = xs.end - xs.start;

    let size = (SIZE.0, canvas::tall_enough(SIZE.1, ood.len() + 1));
    canvas::page(size, |plot, legend| {
        let mut chart = ChartBuilder::on(plot)
            .caption(
                format!("{score}: in-distribution and OOD"),
                canvas::font(18),
            )
            .margin(canvas::MARGIN)
            .x_label_area_size(44)
            .y_label_area_size(58)
            .build_cartesian_2d(xs.clone(), 0.0..top)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(GUIDE)
            .label_style(canvas::font(13))
            .axis_desc_style(canvas::font(14))
            .x_desc(axis(score))
            .y_desc("frames of the set in a bin, %")
            .x_label_formatter(&|x| canvas::tick(*x, span))
            .y_label_formatter(&|y| canvas::tick(y * 100.0, top * 100.0))
            .draw()?;
        chart.draw_series(AreaSeries::new(
            id_outline.iter().copied(),
            0.0,
            ID.mix(0.3),
        ))?;
        chart.draw_series(LineSeries::new(
            id_outline.iter().copied(),
            ID.stroke_width(2),
        ))?;
        for (i, outline) in ood_outlines.iter().enumerate() {
            canvas::pen(i).line(&mut chart, outline)?;
        }
        if let Some(at) = threshold.map(f64::from) {
            let line = [(at, 0.0), (at, top)];
            chart.draw_series(DashedLineSeries::new(
                line,
                5,
                4,
                canvas::INK.stroke_width(2),
            ))?;
        }
        let note = threshold.map(|t| format!("accept from {}", canvas::tick(t.into(), span)));
        let remarks: Vec<&str> = match &note {
            Some(note) => vec!["dashed: the threshold,", note],
            None => vec![],
        };
        canvas::legend(legend, &entries(id, ood, threshold.is_some()), &remarks)
    })
}

fn sided<'a>(
    id: &'a ScoredSet,
    ood: &'a [ScoredSet],
) -> impl Iterator<Item = (Side, &'a ScoredSet)> {
    std::iter::once((Side::InDistribution, id)).chain(ood.iter().map(|s| (Side::Ood, s)))
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
