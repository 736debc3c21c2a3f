use embedded_graphics::draw_target::DrawTarget;

use super::Brush;
use crate::area::Area;
use crate::font::LEVELS;
use crate::scene::{Align, Text};
use crate::text::Extent;
use crate::theme::{Palette, PanelColor};

impl Text {
    /// The rectangle of the line in its tile.
    fn place(&self, tile: Area) -> Area {
        let w = self.face.width(self.line.codes()).min(tile.w);
        let h = self.face.height(self.extent).min(tile.h);
        let free = tile.w - w;
        let x = match self.align {
            Align::Left => self.margin.min(free),
            Align::Middle => free / 2,
            Align::Right => free.saturating_sub(self.margin),
        };
        // The eye centres capitals; descenders hang below.
        let capitals = self.face.height(Extent::Capitals).min(h);
        let y = ((tile.h - capitals) / 2).min(tile.h - h);
        Area::new(tile.x + x, tile.y + y, w, h)
    }

    /// Every glyph with its cell; the cells cover the line's rectangle.
    pub(super) fn cells(&self, tile: Area) -> impl Iterator<Item = (u8, Area)> {
        let mut rest = self.place(tile);
        self.line
            .codes()
            .iter()
            .map(move |code| (*code, rest.cut_left(self.face.advance(*code))))
    }
}

impl<D: DrawTarget<Color: PanelColor>> Brush<'_, D> {
    pub(super) fn text(
        &mut self,
        tile: Area,
        text: &Text,
        palette: &Palette<D::Color>,
        window: Area,
    ) -> Result<(), D::Error> {
        let place = text.place(tile);
        let mut rest = tile;
        for edge in [
            rest.cut_top(place.y - tile.y),
            rest.cut_bottom(tile.bottom() - place.bottom()),
            rest.cut_left(place.x - tile.x),
            rest.cut_right(tile.right() - place.right()),
        ] {
            self.solid(edge.meet(window), palette.paper)?;
        }
        let ink = text.ink.of(palette);
        let mut shades = [ink; LEVELS as usize + 1];
        for (level, shade) in shades.iter_mut().enumerate() {
            *shade = PanelColor::mix(palette.paper, ink, level as u8);
        }
        for (code, cell) in text.cells(tile) {
            let seen = cell.meet(window);
            if seen.is_empty() {
                continue;
            }
            let local = Area {
                x: seen.x - cell.x,
                y: seen.y - cell.y,
                ..seen
            };
            let mut result = Ok(());
            text.face.cover(code, local, &mut |cover| {
                result = self.contiguous(
                    seen,
                    cover.map(|level| *shades.get(usize::from(level)).unwrap_or(&ink)),
                );
            });
            result?;
        }
        Ok(())
    }
}
