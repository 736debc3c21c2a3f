use super::{Bend, CAPITAL, Stroke, trace};
use crate::area::Area;

/// Full cover of a pixel; none is 0.
pub(crate) const LEVELS: i32 = 16;

/// Most straight pieces of one glyph.
const MOST: usize = 80;

/// cos of 0 to 90 degrees in eighths, times 256.
const COSINE: [i32; 9] = [256, 251, 237, 213, 181, 142, 98, 50, 0];

/// A straight piece of a stroke. Lengths are sixteenths of a pixel, directions 1/4096.
#[derive(Clone, Copy)]
struct Piece {
    from: (i16, i16),
    to: (i16, i16),
    along: (i16, i16),
    length: i16,
}

impl Piece {
    const NONE: Self = Self {
        from: (0, 0),
        to: (0, 0),
        along: (0, 0),
        length: 0,
    };

    fn new(from: (i32, i32), to: (i32, i32)) -> Self {
        let (x, y) = (to.0 - from.0, to.1 - from.1);
        let fine = (((x * x + y * y) as u64) << 16).isqrt() as i64;
        let unit = |part: i32| ((i64::from(part) << 20) / fine.max(1)) as i16;
        let short = |(x, y): (i32, i32)| (x as i16, y as i16);
        Self {
            from: short(from),
            to: short(to),
            along: (unit(x), unit(y)),
            length: (fine >> 8) as i16,
        }
    }

    /// How far inside a pen of half width `reach` a point lies; below 0 outside.
    fn depth(&self, x: i32, y: i32, reach: i32) -> i32 {
        let wide = |(x, y): (i16, i16)| (i32::from(x), i32::from(y));
        let (from, to, along) = (wide(self.from), wide(self.to), wide(self.along));
        let (dx, dy) = (x - from.0, y - from.1);
        let way = (dx * along.0 + dy * along.1) >> 12;
        if self.length > 0 && (0..=i32::from(self.length)).contains(&way) {
            return reach - ((dx * along.1 - dy * along.0).abs() >> 12);
        }
        let (dx, dy) = if way > 0 {
            (x - to.0, y - to.1)
        } else {
            (dx, dy)
        };
        // (reach - d) (reach + d) / (2 reach) is close to reach - d where it matters, and needs no root.
        (reach * reach - dx * dx - dy * dy)
            .checked_div(2 * reach)
            .unwrap_or(0)
    }
}

/// A glyph at one size.
pub(crate) struct Outline {
    pieces: [Piece; MOST],
    used: usize,
    reach: i32,
}

impl Outline {
    /// The glyph `code` drawn with a pen of `pen` pixels, capitals `pen + span` pixels high. The left and the upper
    /// edge of the pen touch 0.
    pub(crate) fn new(code: u8, pen: u16, span: u16) -> Self {
        let reach = i32::from(pen) * LEVELS / 2;
        let mut outline = Self {
            pieces: [Piece::NONE; MOST],
            used: 0,
            reach,
        };
        // Ends of strokes lie on whole pixels, so that stems are sharp.
        let place = |units: i8| scaled(i32::from(units), span) * LEVELS + reach;
        trace(code, |stroke: Stroke| {
            let from = (place(stroke.from.0), place(stroke.from.1));
            let to = (place(stroke.to.0), place(stroke.to.1));
            match stroke.bend {
                Bend::None => outline.push(from, to),
                Bend::Horizontal => outline.bend(from, to, (to.0, from.1)),
                Bend::Vertical => outline.bend(from, to, (from.0, to.1)),
            }
        });
        outline
    }

    fn bend(&mut self, from: (i32, i32), to: (i32, i32), corner: (i32, i32)) {
        let size = (to.0 - from.0).abs().max((to.1 - from.1).abs());
        let step = if size < 6 * LEVELS {
            4
        } else if size < 16 * LEVELS {
            2
        } else {
            1
        };
        let middle = (from.0 + to.0 - corner.0, from.1 + to.1 - corner.1);
        let mut last = from;
        let angles = COSINE.iter().zip(COSINE.iter().rev()).enumerate().skip(1);
        for (_, (cos, sin)) in angles.filter(|(eighth, _)| eighth & (step - 1) == 0) {
            let at = |middle: i32, from: i32, to: i32| {
                middle + (((from - middle) * cos + (to - middle) * sin) >> 8)
            };
            let next = (at(middle.0, from.0, to.0), at(middle.1, from.1, to.1));
            self.push(last, next);
            last = next;
        }
    }

    fn push(&mut self, from: (i32, i32), to: (i32, i32)) {
        if let Some(place) = self.pieces.get_mut(self.used) {
            *place = Piece::new(from, to);
            self.used += 1;
        }
    }

    /// Whether another piece would find a place.
    #[cfg(test)]
    pub(crate) fn has_room(&self) -> bool {
        self.used < MOST
    }

    /// The cover of the pixels of `window`, row by row; `window` is in the glyph's own coordinates.
    pub(crate) fn rows(&self, window: Area) -> Rows<'_> {
        Rows {
            outline: self,
            near: [0; MOST],
            close: 0,
            x: window.x,
            y: window.y,
            window,
        }
    }
}

/// Units in whole pixels, rounded.
pub(crate) fn scaled(units: i32, span: u16) -> i32 {
    (2 * units * i32::from(span) + CAPITAL).div_euclid(2 * CAPITAL)
}

/// The cover of each pixel, 0 to [`LEVELS`].
pub(crate) struct Rows<'a> {
    outline: &'a Outline,
    near: [u8; MOST],
    close: usize,
    window: Area,
    x: u16,
    y: u16,
}

impl Rows<'_> {
    /// Keeps the pieces that the row can touch.
    fn enter_row(&mut self) {
        let y = i32::from(self.y) * LEVELS + LEVELS / 2;
        let reach = self.outline.reach + LEVELS;
        self.close = 0;
        let pieces = self.outline.pieces.iter().take(self.outline.used);
        for (index, piece) in pieces.enumerate() {
            let (top, bottom) = (piece.from.1.min(piece.to.1), piece.from.1.max(piece.to.1));
            if y >= i32::from(top) - reach
                && y <= i32::from(bottom) + reach
                && let Some(place) = self.near.get_mut(self.close)
            {
                *place = index as u8;
                self.close += 1;
            }
        }
    }
}

impl Iterator for Rows<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if self.x == self.window.right() {
            self.x = self.window.x;
            self.y += 1;
        }
        if self.y >= self.window.bottom() || self.window.is_empty() {
            return None;
        }
        if self.x == self.window.x {
            self.enter_row();
        }
        let x = i32::from(self.x) * LEVELS + LEVELS / 2;
        let y = i32::from(self.y) * LEVELS + LEVELS / 2;
        self.x += 1;
        let mut depth = -LEVELS;
        for index in self.near.iter().take(self.close) {
            if let Some(piece) = self.outline.pieces.get(usize::from(*index)) {
                depth = depth.max(piece.depth(x, y, self.outline.reach));
            }
        }
        Some((depth + LEVELS / 2).clamp(0, LEVELS) as u8)
    }
}
