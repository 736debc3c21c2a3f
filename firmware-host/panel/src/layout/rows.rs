use super::{Sheet, fill};
use crate::area::Area;
use crate::charset;
use crate::gauge::Gauge;
use crate::reading::Reading;
use crate::scene::{Align, Bar, BarShape, Content, Ink, Mood, Scene, Text};
use crate::text::{self, Block, Extent, Face, Line};

/// A score and a threshold.
pub(super) type Numbers = (Option<f32>, Option<f32>);

/// A line of text in a row: the first of `forms` that fits.
pub(super) struct Row<'a> {
    pub(super) forms: &'a [Line],
    pub(super) align: Align,
    pub(super) ink: Ink,
    pub(super) mood: Mood,
    /// Whether text is set up to a third smaller before it is put in fewer words.
    pub(super) shrinks: bool,
}

/// Draws a row over all of `area`.
pub(super) fn row(scene: &mut Scene, sheet: &Sheet, area: Area, row: &Row<'_>) {
    let extent = Extent::Full;
    // Low rows are all text, high ones have air.
    let height = if area.h <= 16 { area.h } else { area.h * 3 / 4 };
    let Some(face) = Face::up_to(height, extent) else {
        return fill(scene, area, row.mood);
    };
    let least = if row.shrinks { height * 2 / 3 } else { height };
    let (face, line) = text::first_that_fits(row.forms, face, least, sheet.inner(area));
    let text = Text {
        line,
        face,
        extent,
        align: row.align,
        ink: row.ink,
        margin: sheet.margin,
    };
    scene.push(area, row.mood, Content::Text(text));
}

/// The row of score and threshold; where there is no header, frame and rate are at its right.
pub(super) fn numbers(
    scene: &mut Scene,
    sheet: &Sheet,
    area: Area,
    mood: Mood,
    numbers: Numbers,
    reading: &Reading<'_>,
) {
    let mut left = area;
    if sheet.header == 0 && (reading.fps.is_some() || reading.frame.is_some()) {
        let right = left.cut_right(area.w * 3 / 8);
        meta(scene, sheet, right, mood, reading);
    }
    let row_of = Row {
        forms: &number_forms(numbers),
        align: Align::Left,
        ink: Ink::Full,
        mood,
        shrinks: false,
    };
    row(scene, sheet, left, &row_of);
}

/// From the most wordy to the shortest.
fn number_forms((score, threshold): Numbers) -> [Line; 4] {
    let mut only = Line::EMPTY;
    let Some(score) = score else {
        only.push_str("no score");
        return [only; 4];
    };
    text::score(&mut only, score);
    let mut long = Line::new("score ");
    text::score(&mut long, score);
    let Some(threshold) = threshold else {
        return [long, only, only, only];
    };
    let sign = if score >= threshold {
        charset::AT_LEAST
    } else if score < threshold {
        b'<'
    } else {
        b'/'
    };
    let compare = |mut line: Line, before: &str, after: &str| {
        line.push_str(before);
        line.push(sign);
        line.push_str(after);
        text::score(&mut line, threshold);
        line
    };
    [
        compare(long, " ", " threshold "),
        compare(only, " ", " "),
        compare(only, "", ""),
        only,
    ]
}

/// Frame and rate, at the right.
pub(super) fn meta(
    scene: &mut Scene,
    sheet: &Sheet,
    area: Area,
    mood: Mood,
    reading: &Reading<'_>,
) {
    let mut rate = Line::EMPTY;
    if let Some(fps) = reading.fps {
        text::fps(&mut rate, fps);
    }
    let mut frame = Line::EMPTY;
    if let Some(number) = reading.frame {
        text::frame_id(&mut frame, number);
    }
    let mut both = frame;
    if !frame.is_empty() && !rate.is_empty() {
        both.push_str("  ");
    }
    both.push_codes(rate.codes());
    let last = if rate.is_empty() { frame } else { rate };
    let row_of = Row {
        forms: &[both, last],
        align: Align::Right,
        ink: Ink::Quiet,
        mood,
        shrinks: true,
    };
    row(scene, sheet, area, &row_of);
}

/// The score's bar with the threshold's mark.
pub(super) fn bar(
    scene: &mut Scene,
    sheet: &Sheet,
    area: Area,
    mood: Mood,
    (score, threshold): Numbers,
) {
    if area.is_empty() {
        return;
    }
    let tip = (area.h / 6).max(1);
    let shape = BarShape {
        margin: sheet.margin.max(1),
        tip,
        border: (area.h / 24).max(1),
        half_mark: area.h / 32,
        halo: (area.h / 16).max(1),
    };
    let columns = area.w.saturating_sub(2 * shape.margin);
    let clear = shape.half_mark + shape.halo + 1;
    let gauge = Gauge::new(
        sheet.range,
        score,
        threshold,
        columns,
        clear.max(shape.border + 1),
    );
    scene.push(area, mood, Content::Bar(Bar { gauge, shape }));
}

/// One or two lines in the middle of `area`, which they cover with what is around them.
pub(super) fn block(
    scene: &mut Scene,
    sheet: &Sheet,
    area: Area,
    mood: Mood,
    extent: Extent,
    block: Block,
) {
    let text = |line| {
        Content::Text(Text {
            line,
            face: block.face,
            extent,
            align: Align::Middle,
            ink: Ink::Full,
            margin: sheet.margin,
        })
    };
    let Some(second) = block.second else {
        return scene.push(area, mood, text(block.first));
    };
    let height = block.face.height(extent) + block.face.leading(extent);
    let mut rest = area;
    fill(
        scene,
        rest.cut_top(area.h.saturating_sub(2 * height) / 2),
        mood,
    );
    scene.push(rest.cut_top(height), mood, text(block.first));
    scene.push(rest.cut_top(height), mood, text(second));
    fill(scene, rest, mood);
}
