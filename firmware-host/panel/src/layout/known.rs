use super::rows::{Numbers, Row, bar, block, meta, numbers, row};
use super::{Sheet, fill};
use crate::charset;
use crate::reading::Reading;
use crate::scene::{Align, Ink, Mood, Scene};
use crate::text::{self, Extent, Line, Room};

const MOOD: Mood = Mood::Known;

/// A class: its name in the middle, light on dark.
pub(super) fn draw(
    scene: &mut Scene,
    sheet: Sheet,
    label: &str,
    values: Numbers,
    reading: &Reading<'_>,
) {
    let mut rest = sheet.all;
    let mut header = rest.cut_top(sheet.header);
    if !header.is_empty() {
        let mut word = Line::EMPTY;
        word.push(charset::TICK);
        word.push_str(" KNOWN");
        let chip = Row {
            forms: &[word, Line::of_codes(&[charset::TICK])],
            align: Align::Left,
            ink: Ink::Accent,
            mood: MOOD,
            shrinks: true,
        };
        row(scene, &sheet, header.cut_left(header.w * 7 / 16), &chip);
        meta(scene, &sheet, header, MOOD, reading);
    }
    let last = rest.cut_bottom(sheet.numbers);
    if !last.is_empty() {
        numbers(scene, &sheet, last, MOOD, values, reading);
    }
    bar(scene, &sheet, rest.cut_bottom(sheet.bar), MOOD, values);

    let label: Line<96> = Line::new(match label.trim() {
        "" => "(no label)",
        label => label,
    });
    let room = Room {
        w: sheet.inner(rest),
        h: rest.h,
        tallest: (sheet.all.h * 9 / 20).max(16),
        smallest: (sheet.all.h / 9).max(10),
    };
    // A letter alone tells nothing, and would light up as much of a tiny box as the unknown does.
    let legible = rest.w >= 8 && rest.h >= 8;
    match text::fit_block(label.codes(), Extent::Full, room).filter(|_| legible) {
        Some(lines) => block(scene, &sheet, rest, MOOD, Extent::Full, lines),
        None => fill(scene, rest, MOOD),
    }
}
