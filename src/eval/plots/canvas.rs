//! What the plots share: size, colours, text, and the legend beside the plot.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::PlotError;

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(super) type Chart<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
pub(super) type Drawn = Result<(), PlotError>;

/// Width of the legend, in pixels.
const LEGEND: u32 = 190;

/// How far apart the legend's lines and entries are, and where it starts, in pixels.
const LINE: i32 = 17;
const GAP: i32 = 4;
const TOP: i32 = 52;

/// Around the plot, in pixels.
pub(super) const MARGIN: i32 = 14;

/// Between a curve's points: two pixels of the plot; more points would not be seen.
pub(super) const CURVE_GAP: f64 = 0.004;

pub(super) const INK: RGBColor = RGBColor(40, 40, 40);
pub(super) const GUIDE: RGBColor = RGBColor(110, 110, 110);
pub(super) const GRID: RGBColor = RGBColor(225, 225, 225);

/// The in-distribution set's.
pub(super) const ID: RGBColor = RGBColor(0, 114, 178);

/// How many OOD sets have a colour of their own.
pub(super) const OOD_COLORS: usize = 5;

/// The OOD sets'. With [`ID`], the palette of Okabe and Ito, "Color Universal Design", 2008, that
/// readers with any kind of colour vision tell apart; its yellow is too faint on white.
const OOD: [RGBColor; OOD_COLORS] = [
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];

/// How the `i`-th OOD set is drawn: a colour, and dashes once the colours are used up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pen {
    pub(super) color: RGBColor,
    pub(super) dash: u32,
}

pub(super) fn pen(i: usize) -> Pen {
    Pen {
        color: OOD[i % OOD.len()],
        dash: 6 * (i / OOD.len()) as u32,
    }
}

impl Pen {
    /// Draws a line through `points`.
    pub(super) fn line(self, chart: &mut Chart<'_, '_>, points: &[(f64, f64)]) -> Drawn {
        let style = self.color.stroke_width(2);
        let points = points.iter().copied();
        if self.dash == 0 {
            chart.draw_series(LineSeries::new(points, style))?;
        } else {
            chart.draw_series(DashedLineSeries::new(points, self.dash, 4, style))?;
        }
        Ok(())
    }
}

/// Where a curve is at the gate's threshold.
pub(super) fn dot(chart: &mut Chart<'_, '_>, at: (f64, f64), color: RGBColor) -> Drawn {
    chart.draw_series([Circle::new(at, 6, WHITE.filled())])?;
    chart.draw_series([Circle::new(at, 5, color.filled())])?;
    Ok(())
}

impl<E: std::error::Error + Send + Sync> From<DrawingAreaErrorKind<E>> for PlotError {
    fn from(error: DrawingAreaErrorKind<E>) -> Self {
        Self::Draw(error.to_string())
    }
}

/// Draws on a white page of `size` pixels, split into the plot and the room for the legend.
pub(super) fn page(
    size: (u32, u32),
    draw: impl FnOnce(&Area<'_>, &Area<'_>) -> Drawn,
) -> Result<String, PlotError> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        root.fill(&WHITE)?;
        let (plot, legend) = root.split_horizontally(size.0 - LEGEND);
        draw(&plot, &legend)?;
        root.present()?;
    }
    Ok(svg)
}

/// Draws on a transparent page of `size` pixels without a legend, for a page that brings its own.
pub(super) fn figure(
    size: (u32, u32),
    draw: impl FnOnce(&Area<'_>) -> Drawn,
) -> Result<String, PlotError> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        draw(&root)?;
        root.present()?;
    }
    Ok(svg)
}

/// What an axis reaches, its name with the unit, and the text of a tick.
pub(super) struct Axis<'a>(
    pub(super) Range<f64>,
    pub(super) &'a str,
    pub(super) &'a dyn Fn(&f64) -> String,
);

/// The axes of a plot, and the size of its text.
pub(super) struct Axes<'a> {
    pub(super) x: Axis<'a>,
    pub(super) y: Axis<'a>,
    pub(super) caption: Option<String>,
    pub(super) text: u32,
    /// Lines across the plot at the x axis's ticks, too.
    pub(super) mesh: bool,
}

/// The text of a plot with a legend, and of a figure, which may be shown at three quarters of its size.
pub(super) const TEXT: u32 = 13;
pub(super) const FIGURE_TEXT: u32 = 17;

/// The axes alone, to draw into.
pub(super) fn chart<'a, 'b>(
    area: &'a Area<'b>,
    axes: Axes<'_>,
) -> Result<Chart<'a, 'b>, PlotError> {
    let Axis(x, x_name, x_tick) = axes.x;
    let Axis(y, y_name, y_tick) = axes.y;
    let mut builder = ChartBuilder::on(area);
    if let Some(caption) = axes.caption {
        builder.caption(caption, font(axes.text + 5));
    }
    let mut chart = builder
        .margin(MARGIN)
        .x_label_area_size(3 * axes.text + 5)
        .y_label_area_size(4 * axes.text + 6)
        .build_cartesian_2d(x, y)?;
    let mut mesh = chart.configure_mesh();
    if !axes.mesh {
        mesh.disable_x_mesh();
    }
    mesh.bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(GUIDE)
        .x_labels(if axes.text == TEXT { 10 } else { 6 })
        .y_labels(if axes.text == TEXT { 10 } else { 6 })
        .label_style(font(axes.text))
        .axis_desc_style(font(axes.text + 1))
        .x_desc(x_name)
        .y_desc(y_name)
        .x_label_formatter(x_tick)
        .y_label_formatter(y_tick)
        .draw()?;
    Ok(chart)
}

/// A share as a tick in percent.
pub(super) fn percent(share: &f64) -> String {
    tick(share * 100.0, 100.0)
}

pub(super) fn font(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

/// A line of the legend and what stands under it.
pub(super) struct Entry {
    pub(super) pen: Pen,
    pub(super) filled: bool,
    pub(super) name: String,
    pub(super) note: String,
}

/// Draws `entries` from the top, then `remarks`.
pub(super) fn legend(area: &Area<'_>, entries: &[Entry], remarks: &[&str]) -> Drawn {
    let mut y = TOP;
    for entry in entries {
        let Pen { color, dash } = entry.pen;
        let (left, right) = ((4, y + 7), (26, y + 7));
        if entry.filled {
            let fill = color.mix(0.3).filled();
            area.draw(&Rectangle::new([(4, y + 1), (26, y + 13)], fill))?;
            area.draw(&Rectangle::new(
                [(4, y + 1), (26, y + 13)],
                color.stroke_width(2),
            ))?;
        } else if dash == 0 {
            area.draw(&PathElement::new([left, right], color.stroke_width(3)))?;
        } else {
            for x in [4, 15] {
                area.draw(&PathElement::new(
                    [(x, y + 7), (x + 7, y + 7)],
                    color.stroke_width(3),
                ))?;
            }
        }
        area.draw(&Text::new(short(&entry.name), (33, y), font(14)))?;
        y += LINE;
        if !entry.note.is_empty() {
            area.draw(&Text::new(entry.note.clone(), (33, y), font(12)))?;
            y += LINE;
        }
        y += GAP;
    }
    y += 2 * GAP;
    for remark in remarks {
        area.draw(&Text::new(remark.to_string(), (4, y), font(12)))?;
        y += LINE;
    }
    Ok(())
}

/// The height of a page on which the legend has room, at least `height`.
pub(super) fn tall_enough(height: u32, sets: usize) -> u32 {
    const REMARKS: i32 = 2;
    let lines = 2 * sets as i32 + REMARKS;
    let legend = TOP + LINE * lines + GAP * sets as i32 + 2 * GAP + MARGIN;
    height.max(legend.unsigned_abs())
}

/// A name that fits beside its line; its end often tells it from the next one.
fn short(name: &str) -> String {
    const HALF: usize = 9;
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= 2 * HALF + 1 {
        return name.to_owned();
    }
    let (start, end) = (&letters[..HALF], &letters[letters.len() - HALF..]);
    start.iter().chain(&['…']).chain(end).collect()
}

/// A number with the decimals that tell apart ticks of an axis `span` long.
pub(super) fn tick(value: f64, span: f64) -> String {
    let decimals = (1.5 - span.log10()).ceil().clamp(0.0, 12.0) as usize;
    let text = format!("{value:.decimals$}");
    // Neither a minus on zero nor zeros that say nothing.
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    };
    if text == "-0" { "0".to_owned() } else { text }
}
