use embedded_graphics::mono_font::MonoFont;

use super::bitmap::{Cell, SMALL};
use crate::area::Area;
use crate::font::{self, LEVELS, Outline};

/// The smallest and the tallest capitals that are drawn with strokes, in pixels.
const DRAWN: (u16, u16) = (14, 400);

/// What text is set in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    /// A small bitmap face, by its place in [`SMALL`].
    Small(u8),
    /// The alphabet of strokes, with capitals of this many pixels.
    Drawn(u16),
}

/// Which part of a line's height is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Capitals and digits only.
    Capitals,
    /// With descenders.
    Full,
}

impl Face {
    /// The tallest face that is not taller than `height`.
    pub(crate) fn up_to(height: u16, extent: Extent) -> Option<Self> {
        let mut face = Self::Drawn(height.clamp(DRAWN.0, DRAWN.1));
        while face.height(extent) > height {
            face = face.smaller()?;
        }
        Some(face)
    }

    /// The next smaller face.
    pub(crate) fn smaller(self) -> Option<Self> {
        match self {
            Self::Drawn(capital) if capital > DRAWN.0 => Some(Self::Drawn(capital - 1)),
            Self::Drawn(_) => Some(Self::Small(SMALL.len() as u8 - 1)),
            Self::Small(0) => None,
            Self::Small(index) => Some(Self::Small(index - 1)),
        }
    }

    /// Pixels from the top of a line to its end.
    pub(crate) fn height(self, extent: Extent) -> u16 {
        match self {
            Self::Small(index) => small(index).character_size.height as u16,
            Self::Drawn(capital) if extent == Extent::Capitals => capital,
            Self::Drawn(capital) => capital + pixels(font::DESCENDER, capital),
        }
    }

    /// Pixels of white between two lines.
    pub(crate) fn leading(self, extent: Extent) -> u16 {
        match extent {
            Extent::Capitals => self.height(extent) / 4,
            Extent::Full => self.height(extent) / 12,
        }
    }

    /// Pixels from one glyph to the next.
    pub(crate) fn advance(self, code: u8) -> u16 {
        match self {
            Self::Small(index) => small(index).character_size.width as u16,
            Self::Drawn(capital) => {
                pixels(font::width(code), capital) + pen(capital) + gap(capital)
            }
        }
    }

    /// Pixels that a line takes.
    pub(crate) fn width(self, codes: &[u8]) -> u16 {
        let all = codes
            .iter()
            .fold(0, |sum: u16, code| sum.saturating_add(self.advance(*code)));
        all.saturating_sub(self.trailing())
    }

    /// White behind every glyph, which the last one of a line does without.
    fn trailing(self) -> u16 {
        match self {
            Self::Small(_) => 1,
            Self::Drawn(capital) => gap(capital),
        }
    }

    /// The cover of the pixels of `window`, in the glyph's own coordinates, row by row: 0 to 16.
    pub(crate) fn cover(
        self,
        code: u8,
        window: Area,
        each: &mut dyn FnMut(&mut dyn Iterator<Item = u8>),
    ) {
        match self {
            Self::Small(index) => {
                let cell = Cell::new(small(index), code);
                let rows = (window.y..window.bottom())
                    .flat_map(|y| (window.x..window.right()).map(move |x| (x, y)));
                each(&mut rows.map(|(x, y)| if cell.is_set(x, y) { LEVELS as u8 } else { 0 }));
            }
            Self::Drawn(capital) => {
                let outline = Outline::new(code, pen(capital), span(capital));
                each(&mut outline.rows(window));
            }
        }
    }
}

/// A bitmap face by its place, the smallest for none.
fn small(index: u8) -> &'static MonoFont<'static> {
    SMALL.get(usize::from(index)).unwrap_or(&SMALL[0])
}

/// The pen's width for capitals of a height: bold, about three twentieths.
const fn pen(capital: u16) -> u16 {
    (capital * 3 + 10) / 20
}

const fn span(capital: u16) -> u16 {
    capital - pen(capital)
}

fn gap(capital: u16) -> u16 {
    pixels(6, capital).max(1)
}

fn pixels(units: i32, capital: u16) -> u16 {
    font::scaled(units, span(capital)) as u16
}
