//! A tile on a target: every pixel of it once.

mod bar;
mod change;
mod text;

use core::num::NonZeroU32;

use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{Point, Size};
use embedded_graphics::primitives::Rectangle;

pub(crate) use change::changed;

use crate::area::Area;
use crate::scene::{Content, Ink, Mood, Tile};
use crate::theme::{Palette, PanelColor, Theme};

/// A target with the corner of its box and the colours for it.
pub(crate) struct Brush<'a, D: DrawTarget> {
    pub(crate) target: &'a mut D,
    pub(crate) corner: Point,
    pub(crate) theme: &'a Theme<D::Color>,
}

impl<D: DrawTarget<Color: PanelColor>> Brush<'_, D> {
    /// Draws the part of a tile that lies in `window`.
    pub(crate) fn tile(&mut self, tile: &Tile, window: Area) -> Result<(), D::Error> {
        let palette = self.palette(tile.mood);
        let window = tile.area.meet(window);
        match &tile.content {
            Content::Paper => self.solid(window, palette.paper),
            Content::Accent => self.solid(window, palette.accent),
            Content::Stripes(width) => {
                let width = NonZeroU32::new((*width).into()).unwrap_or(NonZeroU32::MIN);
                // They run through the whole box, from tile to tile.
                self.pixels(window, |x, y| {
                    match ((u32::from(x) + u32::from(y)) / width) % 2 {
                        0 => palette.accent,
                        _ => palette.track,
                    }
                })
            }
            Content::Bar(bar) => self.pixels(window, |x, y| bar.color(&palette, tile.area, x, y)),
            Content::Text(text) => self.text(tile.area, text, &palette, window),
        }
    }

    fn palette(&self, mood: Mood) -> Palette<D::Color> {
        match mood {
            Mood::Known => self.theme.known,
            Mood::Unknown => self.theme.unknown,
            Mood::Hold => self.theme.hold,
            Mood::Lost => self.theme.lost,
        }
    }

    fn solid(&mut self, area: Area, color: D::Color) -> Result<(), D::Error> {
        if area.is_empty() {
            return Ok(());
        }
        self.target.fill_solid(&on_target(area, self.corner), color)
    }

    fn pixels(&mut self, area: Area, color: impl Fn(u16, u16) -> D::Color) -> Result<(), D::Error> {
        let color = &color;
        let rows =
            (area.y..area.bottom()).flat_map(|y| (area.x..area.right()).map(move |x| color(x, y)));
        self.contiguous(area, rows)
    }

    fn contiguous(
        &mut self,
        area: Area,
        colors: impl IntoIterator<Item = D::Color>,
    ) -> Result<(), D::Error> {
        if area.is_empty() {
            return Ok(());
        }
        self.target
            .fill_contiguous(&on_target(area, self.corner), colors)
    }
}

/// An area on a target whose box begins at `corner`.
pub(crate) fn on_target(area: Area, corner: Point) -> Rectangle {
    let at = |start: i32, aside: u16| start.saturating_add(i32::from(aside));
    Rectangle::new(
        Point::new(at(corner.x, area.x), at(corner.y, area.y)),
        Size::new(u32::from(area.w), u32::from(area.h)),
    )
}

impl Ink {
    fn of<C: Copy>(self, palette: &Palette<C>) -> C {
        match self {
            Self::Full => palette.ink,
            Self::Quiet => palette.quiet,
            Self::Accent => palette.accent,
        }
    }
}
