//! How a row of output pixels is cut into tiles.

/// Calls `tile(column)` so that tiles of `pixels` columns cover `columns`. The last may overlap the one
/// before: a pixel computed twice costs less than a narrower tile. False, and no call, where a row is too short.
#[inline(always)]
pub(crate) fn cover(columns: usize, pixels: usize, mut tile: impl FnMut(usize)) -> bool {
    if columns < pixels {
        return false;
    }
    let mut column = 0;
    while column + pixels <= columns {
        tile(column);
        column += pixels;
    }
    if column < columns {
        tile(columns - pixels);
    }
    true
}
