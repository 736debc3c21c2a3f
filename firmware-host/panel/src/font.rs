//! An alphabet of strokes, drawn at any height: a bitmap font large enough for arm's length would cost tens of
//! kilobytes of flash a size.

mod digits;
mod latin;
mod lower;
mod marks;
mod raster;
mod signs;
mod stroke;
mod upper;

pub(crate) use raster::{LEVELS, Outline, scaled};
pub(crate) use stroke::{Bend, Stroke};

use crate::charset;
use stroke::Glyph;

/// Units from the top of a capital to the baseline, between the middle lines of the pen.
pub(crate) const CAPITAL: i32 = 40;
/// Units from the baseline to the lowest descender.
pub(crate) const DESCENDER: i32 = 12;
/// Letters with an accent are at least this wide.
const ACCENT_WIDTH: i8 = 12;

/// Whether the code has a glyph of its own.
pub(crate) fn draws(code: u8) -> bool {
    plain(code).is_some() || latin::composed(code).is_some()
}

/// The width of a glyph in units, between the middle lines of the pen.
pub(crate) fn width(code: u8) -> i32 {
    i32::from(match latin::composed(code) {
        Some(composed) => base(composed.base).width.max(ACCENT_WIDTH),
        None => base(code).width,
    })
}

/// Hands over the strokes of a glyph one by one.
pub(crate) fn trace(code: u8, mut each: impl FnMut(Stroke)) {
    let Some(composed) = latin::composed(code) else {
        base(code).strokes.iter().copied().for_each(each);
        return;
    };
    let capital = composed.base.is_ascii_uppercase();
    let letter = match composed.base {
        b'i' => &lower::DOTLESS_I,
        other => base(other),
    };
    let width = letter.width.max(ACCENT_WIDTH);
    let aside = (width - letter.width) / 2;
    for stroke in letter.strokes {
        // A capital makes room for its accent; a line of text grows no higher.
        each(stroke.map(|(x, y)| {
            (
                x + aside,
                if capital {
                    11 + (i16::from(y) * 29 / 40) as i8
                } else {
                    y
                },
            )
        }));
    }
    for stroke in composed.accent {
        each(stroke.map(|(x, y)| (x + width / 2, y)));
    }
}

fn base(code: u8) -> &'static Glyph {
    plain(code).unwrap_or(&marks::FROM_COLON[5])
}

fn plain(code: u8) -> Option<&'static Glyph> {
    let from = |glyphs: &'static [Glyph], first: u8| glyphs.get(usize::from(code - first));
    match code {
        b' '..=b'/' => from(&marks::FROM_SPACE, b' '),
        b'0'..=b'9' => from(&digits::DIGITS, b'0'),
        b':'..=b'@' => from(&marks::FROM_COLON, b':'),
        b'A'..=b'Z' => from(&upper::UPPER, b'A'),
        b'['..=b'`' => from(&marks::FROM_BRACKET, b'['),
        b'a'..=b'z' => from(&lower::LOWER, b'a'),
        b'{'..=b'~' => from(&marks::FROM_BRACE, b'{'),
        charset::ELLIPSIS => Some(&signs::ELLIPSIS),
        charset::AT_LEAST => Some(&signs::AT_LEAST),
        charset::TICK => Some(&signs::TICK),
        charset::PAUSE => Some(&signs::PAUSE),
        _ => latin::special(code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::area::Area;

    fn drawn() -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(|code| draws(*code))
    }

    #[test]
    fn strokes_stay_in_their_cell() {
        for code in drawn() {
            trace(code, |stroke| {
                for (x, y) in [stroke.from, stroke.to] {
                    let wide = (0..=width(code)).contains(&i32::from(x));
                    let high = (0..=CAPITAL + DESCENDER).contains(&i32::from(y));
                    assert!(wide && high, "{:?} at {x}, {y}", char::from(code));
                }
            });
        }
    }

    #[test]
    fn every_glyph_is_drawn_and_differs_from_the_others() {
        extern crate std;
        let picture = |code| {
            Outline::new(code, 5, 33)
                .rows(Area::new(0, 0, 60, 60))
                .collect::<std::vec::Vec<_>>()
        };
        let mut seen = std::collections::BTreeMap::new();
        for code in drawn() {
            let other = seen.insert(picture(code), code);
            assert_eq!(
                other.map(char::from),
                None,
                "looks like {:?}",
                char::from(code)
            );
        }
        assert_eq!(seen.len(), 95 + 4 + 27 + 27 + 12);
    }

    #[test]
    fn no_outline_is_cut() {
        for code in drawn() {
            assert!(
                Outline::new(code, 60, 340).has_room(),
                "{:?}",
                char::from(code)
            );
        }
    }

    #[test]
    fn digits_are_of_one_width() {
        assert!((b'0'..=b'9').all(|digit| width(digit) == width(b'0')));
    }
}
