use normgate_core::Score;
use plotters::prelude::*;

use super::super::measure;
use super::super::scored::ScoredSet;
use super::PlotError;
use super::canvas::{self, Area, Axes, Axis, Drawn, Entry, GUIDE};
use crate::bundle::Gate;

const SIZE: (u32, u32) = (760, 560);

const FIGURE_SIZE: (u32, u32) = (420, 380);

pub(super) fn draw(
    score: Score,
    gate: &Gate,
    id: &ScoredSet,
    ood: &[ScoredSet],
) -> Result<String, PlotError> {
    let mut entries = Vec::with_capacity(ood.len());
    for (i, set) in ood.iter().enumerate() {
        let roc = measure::roc(score, id, set)?;
        let (auroc, fpr95) = (100.0 * roc.auroc(), 100.0 * roc.fpr_at_95_tpr());
        entries.push(Entry {
            pen: canvas::pen(i),
            filled: false,
            name: set.name().into(),
            note: format!("AUROC {auroc:.2}, FPR95 {fpr95:.2}"),
        });
    }
    let gated = score == gate.score;
    let curves = Curves::new(score, gated, id, ood)?;
    let size = (SIZE.0, canvas::tall_enough(SIZE.1, ood.len()));
    canvas::page(size, |plot, legend| {
        let caption = format!("{score}: ROC against {}", id.name());
        curves.draw(plot, Some(caption), canvas::TEXT)?;
        let mut remarks = vec!["dashed: chance, TPR 95 %"];
        if gated {
            remarks.push("dots: at the threshold");
        }
        canvas::legend(legend, &entries, &remarks)
    })
}

/// The same without a legend.
pub(super) fn figure(
    score: Score,
    gated: bool,
    id: &ScoredSet,
    ood: &[ScoredSet],
) -> Result<String, PlotError> {
    let curves = Curves::new(score, gated, id, ood)?;
    canvas::figure(FIGURE_SIZE, |area| {
        curves.draw(area, None, canvas::FIGURE_TEXT)
    })
}

/// One curve a set, and where it is at the threshold.
struct Curves {
    sets: Vec<Vec<(f64, f64)>>,
    at: Vec<(f64, f64)>,
}

impl Curves {
    fn new(
        score: Score,
        gated: bool,
        id: &ScoredSet,
        ood: &[ScoredSet],
    ) -> Result<Self, PlotError> {
        let share = |set: &ScoredSet| set.kept() as f64 / set.n() as f64;
        let mut sets = Vec::with_capacity(ood.len());
        for set in ood {
            sets.push(measure::roc(score, id, set)?.thinned(canvas::CURVE_GAP));
        }
        let at = ood.iter().filter(|_| gated);
        Ok(Self {
            sets,
            at: at.map(|set| (share(set), share(id))).collect(),
        })
    }

    fn draw(&self, area: &Area<'_>, caption: Option<String>, text: u32) -> Drawn {
        let axes = Axes {
            x: Axis(0.0..1.0, "FPR: OOD accepted, %", &canvas::percent),
            y: Axis(
                0.0..1.0,
                "TPR: in-distribution accepted, %",
                &canvas::percent,
            ),
            caption,
            text,
            mesh: true,
        };
        let mut chart = canvas::chart(area, axes)?;
        for guide in [[(0.0, 0.0), (1.0, 1.0)], [(0.0, 0.95), (1.0, 0.95)]] {
            chart.draw_series(DashedLineSeries::new(guide, 3, 4, GUIDE.stroke_width(1)))?;
        }
        for (i, curve) in self.sets.iter().enumerate() {
            canvas::pen(i).line(&mut chart, curve)?;
        }
        for (i, &at) in self.at.iter().enumerate() {
            canvas::dot(&mut chart, at, canvas::pen(i).color)?;
        }
        Ok(())
    }
}
