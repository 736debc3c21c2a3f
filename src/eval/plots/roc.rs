use normgate_core::Score;
use plotters::prelude::*;

use super::super::report;
use super::super::scored::ScoredSet;
use super::PlotError;
use super::canvas::{self, Entry, GRID, GUIDE};
use crate::bundle::Gate;

const SIZE: (u32, u32) = (760, 560);

/// Two pixels of the plot; more points would not be seen.
const GAP: f64 = 0.004;

pub(super) fn draw(
    score: Score,
    gate: &Gate,
    id: &ScoredSet,
    ood: &[ScoredSet],
) -> Result<String, PlotError> {
    let mut curves = Vec::with_capacity(ood.len());
    let mut entries = Vec::with_capacity(ood.len());
    for (i, set) in ood.iter().enumerate() {
        let roc = report::roc(score, id, set)?;
        curves.push(roc.thinned(GAP));
        let (auroc, fpr95) = (100.0 * roc.auroc(), 100.0 * roc.fpr_at_95_tpr());
        entries.push(Entry {
            pen: canvas::pen(i),
            filled: false,
            name: set.name().into(),
            note: format!("AUROC {auroc:.2}, FPR95 {fpr95:.2}"),
        });
    }
    let gated = score == gate.score;
    let share = |set: &ScoredSet| set.kept() as f64 / set.n() as f64;

    let size = (SIZE.0, canvas::tall_enough(SIZE.1, ood.len()));
    canvas::page(size, |plot, legend| {
        let mut chart = ChartBuilder::on(plot)
            .caption(
                format!("{score}: ROC against {}", id.name()),
                canvas::font(18),
            )
            .margin(canvas::MARGIN)
            .x_label_area_size(44)
            .y_label_area_size(58)
            .build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
        chart
            .configure_mesh()
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(GUIDE)
            .label_style(canvas::font(13))
            .axis_desc_style(canvas::font(14))
            .x_desc("FPR: OOD accepted, %")
            .y_desc("TPR: in-distribution accepted, %")
            .x_label_formatter(&|x| canvas::tick(x * 100.0, 100.0))
            .y_label_formatter(&|y| canvas::tick(y * 100.0, 100.0))
            .draw()?;
        for guide in [[(0.0, 0.0), (1.0, 1.0)], [(0.0, 0.95), (1.0, 0.95)]] {
            chart.draw_series(DashedLineSeries::new(guide, 3, 4, GUIDE.stroke_width(1)))?;
        }
        for (i, curve) in curves.iter().enumerate() {
            canvas::pen(i).line(&mut chart, curve)?;
        }
        let mut remarks = vec!["dashed: chance, TPR 95 %"];
        if gated {
            remarks.push("dots: at the threshold");
            for (i, set) in ood.iter().enumerate() {
                let at = (share(set), share(id));
                let dot = canvas::pen(i).color;
                chart.draw_series([Circle::new(at, 6, WHITE.filled())])?;
                chart.draw_series([Circle::new(at, 5, dot.filled())])?;
            }
        }
        canvas::legend(legend, &entries, &remarks)
    })
}
