use crate::area::Area;
use crate::scene::{Bar, Content, Scene, Text, Tile};

/// The part of a tile that differs from the scene drawn before; none if nothing does.
pub(crate) fn changed(tile: &Tile, before: &Scene) -> Option<Area> {
    let same_place = |old: &&Tile| old.area == tile.area && old.mood == tile.mood;
    let Some(old) = before.tiles().iter().find(same_place) else {
        return Some(tile.area);
    };
    let part = match (&old.content, &tile.content) {
        (old, new) if old == new => return None,
        (Content::Text(old), Content::Text(new)) => text(old, new, tile.area),
        (Content::Bar(old), Content::Bar(new)) => bar(old, new, tile.area),
        _ => None,
    };
    Some(part.unwrap_or(tile.area))
}

/// The area around the cells that changed; none if more did than the letters.
fn text(old: &Text, new: &Text, tile: Area) -> Option<Area> {
    let same_style = Text {
        line: new.line,
        ..*old
    } == *new;
    if !same_style {
        return None;
    }
    let mut around: Option<Area> = None;
    let (mut old_cells, mut new_cells) = (old.cells(tile), new.cells(tile));
    loop {
        let cells = (old_cells.next(), new_cells.next());
        if cells == (None, None) {
            return around;
        }
        if cells.0 != cells.1 {
            for (_, cell) in [cells.0, cells.1].into_iter().flatten() {
                around = Some(around.map_or(cell, |around| around.around(cell)));
            }
        }
    }
}

/// The columns between the old end of the fill and the new one; none if more moved than that.
fn bar(old: &Bar, new: &Bar, tile: Area) -> Option<Area> {
    let mut moved = *old;
    moved.gauge.fill = new.gauge.fill;
    if moved != *new {
        return None;
    }
    let (first, last) = (
        old.gauge.fill.min(new.gauge.fill),
        old.gauge.fill.max(new.gauge.fill),
    );
    let mut part = tile;
    part.cut_left(new.shape.margin + first);
    Some(part.cut_left(last - first))
}
