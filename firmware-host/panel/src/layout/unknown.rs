use super::Sheet;
use super::notice::headline;
use super::rows::{Numbers, Row, bar, meta, numbers, row};
use crate::reading::Reading;
use crate::scene::{Align, Ink, Mood, Scene};
use crate::text::Line;

const MOOD: Mood = Mood::Unknown;

/// None of the classes: dark on light all over, and the word in the place of the label.
pub(super) fn draw(
    scene: &mut Scene,
    sheet: Sheet,
    nearest: Option<&str>,
    values: Numbers,
    reading: &Reading<'_>,
) {
    let mut rest = sheet.all;
    let header = rest.cut_top(sheet.header);
    if !header.is_empty() {
        meta(scene, &sheet, header, MOOD, reading);
    }
    let last = rest.cut_bottom(sheet.numbers);
    if !last.is_empty() {
        numbers(scene, &sheet, last, MOOD, values, reading);
    }
    if values.0.is_some() || values.1.is_some() {
        bar(scene, &sheet, rest.cut_bottom(sheet.bar), MOOD, values);
    }
    if let Some(nearest) = nearest.filter(|_| sheet.numbers > 0) {
        let long: Line = Line::new("nearest: ");
        let forms = [
            with_label(long, nearest, ""),
            with_label(Line::EMPTY, nearest, "?"),
        ];
        let line = Row {
            forms: &forms,
            align: Align::Middle,
            ink: Ink::Quiet,
            mood: MOOD,
            shrinks: true,
        };
        row(scene, &sheet, rest.cut_bottom(sheet.numbers), &line);
    }
    headline(scene, &sheet, rest, MOOD, b"UNKNOWN", b'?');
}

fn with_label(mut line: Line, label: &str, end: &str) -> Line {
    line.push_str(label.trim());
    line.push_str(end);
    line
}
