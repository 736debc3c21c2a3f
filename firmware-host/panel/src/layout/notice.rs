use super::rows::{Row, block, meta, row};
use super::{Sheet, fill};
use crate::area::Area;
use crate::charset;
use crate::reading::Reading;
use crate::scene::{Align, Content, Ink, Mood, Scene};
use crate::text::{self, Block, Extent, Line, Room};

/// No verdict yet: a frame around a pause sign and the word.
pub(super) fn hold(scene: &mut Scene, sheet: Sheet, reading: &Reading<'_>) {
    let mut rest = sheet.all;
    let edge = (rest.w.min(rest.h) / 24).max(1);
    if rest.w >= 8 && rest.h >= 8 {
        border(scene, &mut rest, edge, edge, Mood::Hold, Content::Accent);
    }
    if sheet.header > 0 {
        meta(
            scene,
            &sheet,
            rest.cut_top(sheet.header),
            Mood::Hold,
            reading,
        );
        let foot = rest.cut_bottom(sheet.header);
        fill(scene, foot, Mood::Hold);
    }
    let word = [charset::PAUSE, b' ', b'H', b'O', b'L', b'D'];
    headline(scene, &sheet, rest, Mood::Hold, &word, charset::PAUSE);
}

/// No link: stripes all around a box with the words.
pub(super) fn lost(scene: &mut Scene, sheet: Sheet, silent_ms: u32) {
    let mut rest = sheet.all;
    let short = rest.w.min(rest.h);
    let stripes = Content::Stripes((short / 10).max(2));
    if rest.w < 40 || rest.h < 20 {
        return scene.push(rest, Mood::Lost, stripes);
    }
    // The box is no taller than its words, so that a tall display shows stripes and not an empty box.
    let aside = (short / 10).max(4);
    let above = (short / 8).max(4).max(rest.h.saturating_sub(rest.w) / 2);
    border(scene, &mut rest, aside, above, Mood::Lost, stripes);
    if sheet.numbers > 0 {
        let mut long: Line = Line::new("silent for ");
        text::duration(&mut long, silent_ms);
        let mut short = Line::EMPTY;
        text::duration(&mut short, silent_ms);
        let silence = Row {
            forms: &[long, short],
            align: Align::Middle,
            ink: Ink::Quiet,
            mood: Mood::Lost,
            shrinks: false,
        };
        row(scene, &sheet, rest.cut_bottom(sheet.numbers), &silence);
    }
    headline(scene, &sheet, rest, Mood::Lost, b"LINK LOST", b'!');
}

/// Takes an edge off all four sides of `rest`.
fn border(scene: &mut Scene, rest: &mut Area, x: u16, y: u16, mood: Mood, content: Content) {
    for edge in [
        rest.cut_top(y),
        rest.cut_bottom(y),
        rest.cut_left(x),
        rest.cut_right(x),
    ] {
        scene.push(edge, mood, content);
    }
}

/// A word as large as it gets, below a large sign where there is much room.
pub(super) fn headline(
    scene: &mut Scene,
    sheet: &Sheet,
    area: Area,
    mood: Mood,
    word: &[u8],
    sign: u8,
) {
    let extent = Extent::Capitals;
    let room = |area: Area, h: u16| Room {
        w: area.w - area.w / 12,
        h,
        tallest: h,
        smallest: 0,
    };
    let set = |codes: &[u8], room: Room| {
        let whole = |lines: &Block| !lines.first.codes().contains(&charset::ELLIPSIS);
        text::fit_block(codes, extent, room).filter(whole)
    };
    let words = room(area, area.h - area.h / 8);
    let Some(lines) = set(word, words).or_else(|| set(&[sign], words)) else {
        return fill(scene, area, mood);
    };
    let height = lines.face.height(extent);
    let mut rest = area;
    let has_sign = lines.first.codes().contains(&sign);
    if !has_sign && lines.second.is_none() && 5 * area.h >= 13 * height {
        let above = rest.cut_top((area.h - height) * 2 / 3);
        match set(&[sign], room(above, above.h * 3 / 4)) {
            Some(large) => block(scene, sheet, above, mood, extent, large),
            None => fill(scene, above, mood),
        }
    }
    block(scene, sheet, rest, mood, extent, lines);
}
