use super::stroke::{Glyph, dot, g, l};

/// Three dots.
pub(super) const ELLIPSIS: Glyph = g(24, &[dot(0, 40), dot(12, 40), dot(24, 40)]);

/// Greater or equal.
pub(super) const AT_LEAST: Glyph = g(20, &[l(0, 6, 20, 16), l(20, 16, 0, 26), l(0, 36, 20, 36)]);

/// A tick.
pub(super) const TICK: Glyph = g(30, &[l(0, 23, 11, 36), l(11, 36, 30, 5)]);

/// Two upright bars.
pub(super) const PAUSE: Glyph = g(
    24,
    &[
        l(0, 0, 0, 40),
        l(4, 0, 4, 40),
        l(0, 0, 4, 0),
        l(0, 40, 4, 40),
        l(20, 0, 20, 40),
        l(24, 0, 24, 40),
        l(20, 0, 24, 0),
        l(20, 40, 24, 40),
    ],
);
