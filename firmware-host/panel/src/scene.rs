//! A picture as tiles. The tiles of a scene cover the box, and none overlaps another: each pixel belongs to one tile,
//! and a tile that did not change need not be drawn again.

use crate::area::Area;
use crate::gauge::Gauge;
use crate::text::{Extent, Face, Line};

/// Most tiles of a scene.
const MOST: usize = 16;

/// Which of the theme's palettes a tile takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Known,
    Unknown,
    Hold,
    Lost,
}

/// Which of the palette's colours text takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    Full,
    Quiet,
    Accent,
}

/// Where a line stands between the edges of its tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Middle,
    Right,
}

/// A line of text in the middle of a tile's height.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) line: Line,
    pub(crate) face: Face,
    pub(crate) extent: Extent,
    pub(crate) align: Align,
    pub(crate) ink: Ink,
    /// Columns kept free at both sides.
    pub(crate) margin: u16,
}

/// The score's bar and the threshold's mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) gauge: Gauge,
    pub(crate) shape: BarShape,
}

/// What is drawn in a tile, over all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Paper,
    Accent,
    /// Diagonal stripes of a width.
    Stripes(u16),
    Text(Text),
    Bar(Bar),
}

/// One part of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tile {
    pub(crate) area: Area,
    pub(crate) mood: Mood,
    pub(crate) content: Content,
}

/// The measures of a bar, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BarShape {
    /// Columns kept free at both sides.
    pub(crate) margin: u16,
    /// Rows above and below the bar, for the tips of the mark.
    pub(crate) tip: u16,
    /// The line around the bar.
    pub(crate) border: u16,
    /// Columns of the mark at each side of its middle one.
    pub(crate) half_mark: u16,
    /// Columns kept free at each side of the mark.
    pub(crate) halo: u16,
}

/// All of the picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scene {
    tiles: [Tile; MOST],
    used: usize,
}

impl Scene {
    pub(crate) const EMPTY: Self = Self {
        tiles: [Tile {
            area: Area::new(0, 0, 0, 0),
            mood: Mood::Known,
            content: Content::Paper,
        }; MOST],
        used: 0,
    };

    /// Adds a tile, unless it is empty.
    pub(crate) fn push(&mut self, area: Area, mood: Mood, content: Content) {
        debug_assert!(self.used < MOST, "a scene of more tiles than it holds");
        if let Some(place) = self.tiles.get_mut(self.used).filter(|_| !area.is_empty()) {
            *place = Tile {
                area,
                mood,
                content,
            };
            self.used += 1;
        }
    }

    pub(crate) fn tiles(&self) -> &[Tile] {
        self.tiles.get(..self.used).unwrap_or_default()
    }
}
