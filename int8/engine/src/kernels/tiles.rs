//! How a row of output pixels is cut into tiles.

/// Calls `tile(column)` so that tiles of `pixels` columns cover `columns`. The last may overlap the one
/// before: a pixel computed twice costs less than a narrower tile. False, and no call, where a row is too short.
#[inline(always)]
pub(crate) fn cover(columns: usize, pixels: usize, mut tile: impl FnMut(usize)) -> bool {
    if columns < pixels {
        return false;
    }
    let last = columns - pixels;
    let mut column = 0;
    // One call, so that the compiler makes it a part of the loop.
    loop {
        tile(column);
        if column == last {
            return true;
        }
        column = last.min(column + pixels);
    }
}
