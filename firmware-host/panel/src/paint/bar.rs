use crate::area::Area;
use crate::scene::Bar;
use crate::theme::Palette;

impl Bar {
    /// The colour of a pixel of the bar's tile.
    ///
    /// A score that reached the threshold fills the bar solidly, one that did not fills it with stripes: the two differ
    /// on a display of two colours as well.
    pub(super) fn color<C: Copy>(&self, palette: &Palette<C>, tile: Area, x: u16, y: u16) -> C {
        let shape = self.shape;
        let (x, y) = (x - tile.x, y - tile.y);
        let from_edge = y.min(tile.h - 1 - y);
        // Columns from the bar's left edge.
        let column = i32::from(x) - i32::from(shape.margin);
        let columns = i32::from(tile.w) - 2 * i32::from(shape.margin);
        if let Some(mark) = self.gauge.mark {
            let aside = (column - i32::from(mark)).abs();
            let half = i32::from(shape.half_mark);
            let tip = i32::from(shape.tip) - i32::from(from_edge);
            if aside <= half.max(half + tip) {
                return palette.ink;
            }
            if aside <= half + i32::from(shape.halo) {
                return palette.paper;
            }
        }
        if from_edge < shape.tip || column < 0 || column >= columns {
            return palette.paper;
        }
        let border = i32::from(shape.border);
        if from_edge < shape.tip + shape.border || column < border || column >= columns - border {
            return palette.quiet;
        }
        let striped = !self.gauge.reached && (i32::from(x) + i32::from(y)) / (border + 1) % 2 == 0;
        if column < i32::from(self.gauge.fill) && !striped {
            palette.accent
        } else {
            palette.track
        }
    }
}
