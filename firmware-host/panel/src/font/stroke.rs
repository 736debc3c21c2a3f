/// One stroke of a glyph, between the middle lines of the pen. Capitals stand from y = 0 (top) to y = 40 (baseline),
/// small letters from y = 12, descenders reach y = 52.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stroke {
    pub(crate) from: (i8, i8),
    pub(crate) to: (i8, i8),
    pub(crate) bend: Bend,
}

impl Stroke {
    /// The stroke with both its ends moved.
    pub(super) fn map(self, place: impl Fn((i8, i8)) -> (i8, i8)) -> Self {
        Self {
            from: place(self.from),
            to: place(self.to),
            bend: self.bend,
        }
    }
}

/// How a stroke runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bend {
    /// Straight.
    None,
    /// A quarter of an ellipse that leaves `from` horizontally.
    Horizontal,
    /// A quarter of an ellipse that leaves `from` vertically.
    Vertical,
}

/// A glyph as strokes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Glyph {
    pub(crate) width: i8,
    pub(crate) strokes: &'static [Stroke],
}

// One letter each: a glyph is read as a drawing.

/// A straight line.
pub(super) const fn l(x0: i8, y0: i8, x1: i8, y1: i8) -> Stroke {
    stroke(x0, y0, x1, y1, Bend::None)
}

/// A quarter of an ellipse that sets out horizontally.
pub(super) const fn h(x0: i8, y0: i8, x1: i8, y1: i8) -> Stroke {
    stroke(x0, y0, x1, y1, Bend::Horizontal)
}

/// A quarter of an ellipse that sets out vertically.
pub(super) const fn v(x0: i8, y0: i8, x1: i8, y1: i8) -> Stroke {
    stroke(x0, y0, x1, y1, Bend::Vertical)
}

/// A dot.
pub(super) const fn dot(x: i8, y: i8) -> Stroke {
    l(x, y, x, y)
}

/// A glyph.
pub(super) const fn g(width: i8, strokes: &'static [Stroke]) -> Glyph {
    Glyph { width, strokes }
}

const fn stroke(x0: i8, y0: i8, x1: i8, y1: i8, bend: Bend) -> Stroke {
    Stroke {
        from: (x0, y0),
        to: (x1, y1),
        bend,
    }
}
