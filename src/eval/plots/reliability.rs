use plotters::prelude::*;

use super::super::reliability::Reliability;
use super::PlotError;
use super::canvas::{self, Axes, Axis, GUIDE, ID};

const FIGURE_SIZE: (u32, u32) = (420, 470);

/// Of which the diagram takes this much; the rest is for the counts.
const DIAGRAM: u32 = 310;

/// Accuracy over confidence as bars, a dot at each bin's mean confidence, and the frames of each bin below.
pub(super) fn figure(reliability: &Reliability) -> Result<String, PlotError> {
    let bins: Vec<_> = reliability.bins().filter(|bin| bin.n > 0).collect();
    let most = bins.iter().map(|bin| bin.n).max().unwrap_or(1) as f64;
    canvas::figure(FIGURE_SIZE, |area| {
        let (above, below) = area.split_vertically(DIAGRAM);
        let axes = Axes {
            x: Axis(0.0..1.0, "confidence, %", &canvas::percent),
            y: Axis(0.0..1.0, "right class, %", &canvas::percent),
            caption: None,
            text: canvas::FIGURE_TEXT,
            mesh: false,
        };
        let mut chart = canvas::chart(&above, axes)?;
        for bin in &bins {
            let Some(accuracy) = bin.accuracy else {
                continue;
            };
            let corners = [(bin.from, 0.0), (bin.to, accuracy)];
            chart.draw_series([Rectangle::new(corners, ID.mix(0.3).filled())])?;
            chart.draw_series([Rectangle::new(corners, ID.stroke_width(1))])?;
        }
        let guide = [(0.0, 0.0), (1.0, 1.0)];
        chart.draw_series(DashedLineSeries::new(guide, 3, 4, GUIDE.stroke_width(1)))?;
        for at in bins
            .iter()
            .filter_map(|bin| bin.confidence.zip(bin.accuracy))
        {
            canvas::dot(&mut chart, at, ID)?;
        }
        let axes = Axes {
            x: Axis(0.0..1.0, "confidence, %", &canvas::percent),
            y: Axis(0.0..most * 1.08, "images", &|n| canvas::tick(*n, most)),
            caption: None,
            text: canvas::FIGURE_TEXT,
            mesh: false,
        };
        let mut chart = canvas::chart(&below, axes)?;
        for bin in &bins {
            let corners = [(bin.from, 0.0), (bin.to, bin.n as f64)];
            chart.draw_series([Rectangle::new(corners, ID.mix(0.3).filled())])?;
            chart.draw_series([Rectangle::new(corners, ID.stroke_width(1))])?;
        }
        Ok(())
    })
}
