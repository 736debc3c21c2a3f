//! Two images that are read together: of one shape, or one of them repeated over the pixels, or over the
//! channels, of the other.

use crate::view::{Shape, View};

/// How often a single code is repeated on the stack.
const TILE: usize = 256;

/// The shape that both operands have once they are repeated; `None` where they do not fit.
pub(crate) fn broadcast(a: Shape, b: Shape) -> Option<Shape> {
    let axis = |a: usize, b: usize| match (a, b) {
        (1, n) | (n, 1) => Some(n),
        (a, b) => (a == b).then_some(a),
    };
    Some(Shape {
        rows: axis(a.rows, b.rows)?,
        columns: axis(a.columns, b.columns)?,
        channels: axis(a.channels, b.channels)?,
    })
}

/// An operand: the buffer, and where the image lies in it.
pub(crate) type Operand<'a> = (&'a [u8], &'a View);

/// Calls `kernel` with slices of one length: of the first operand, of the second, of the output.
#[inline(always)]
pub(crate) fn for_each_pair(
    (a, a_view): Operand<'_>,
    (b, b_view): Operand<'_>,
    output: &mut [u8],
    output_view: &View,
    kernel: impl Fn(&[u8], &[u8], &mut [u8]),
) {
    let shape = output_view.shape;
    let views = [a_view, b_view, output_view];
    let whole_rows = views
        .iter()
        .all(|view| view.shape == shape && view.row_len().is_some());
    let (columns, run) = if whole_rows {
        (1, shape.columns * shape.channels)
    } else {
        (shape.columns, shape.channels)
    };
    let single = |view: &View| view.shape.channels == 1 && shape.channels > 1;
    for row in 0..shape.rows {
        for column in 0..columns {
            let to = &mut output[output_view.at(row, column)..][..run];
            let (a, b) = (
                &a[repeated(a_view, row, column)..],
                &b[repeated(b_view, row, column)..],
            );
            if single(a_view) {
                let tile = [a[0]; TILE];
                for (to, b) in to.chunks_mut(TILE).zip(b[..run].chunks(TILE)) {
                    kernel(&tile[..to.len()], b, to);
                }
            } else if single(b_view) {
                let tile = [b[0]; TILE];
                for (to, a) in to.chunks_mut(TILE).zip(a[..run].chunks(TILE)) {
                    kernel(a, &tile[..to.len()], to);
                }
            } else {
                kernel(&a[..run], &b[..run], to);
            }
        }
    }
}

/// Of a pixel of an image in which the only row, or the only column, stands for all.
fn repeated(view: &View, row: usize, column: usize) -> usize {
    view.at(
        row.min(view.shape.rows - 1),
        column.min(view.shape.columns - 1),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{image, place, take};

    fn shape(rows: usize, columns: usize, channels: usize) -> Shape {
        Shape {
            rows,
            columns,
            channels,
        }
    }

    #[test]
    fn axes_are_equal_or_one() {
        let full = shape(3, 4, 5);
        for (a, b, expected) in [
            (full, full, Some(full)),
            (full, shape(1, 1, 5), Some(full)),
            (shape(1, 1, 1), full, Some(full)),
            (full, shape(3, 4, 1), Some(full)),
            (shape(3, 1, 1), shape(1, 4, 5), Some(full)),
            (full, shape(3, 4, 2), None),
            (full, shape(2, 4, 5), None),
        ] {
            assert_eq!(broadcast(a, b), expected, "{a:?} {b:?}");
        }
    }

    proptest! {
        #[test]
        fn each_pair_meets_once(
            rows in 1usize..5, columns in 1usize..5, channels in 1usize..600,
            ones in prop::array::uniform2(0u8..8),
            halos in prop::array::uniform3(0usize..3),
            seed in any::<u64>(),
        ) {
            let full = shape(rows, columns, channels);
            // Each axis is whole in one of the two at least.
            let cut = |ones: u8| {
                let axis = |bit: u8, n| if ones >> bit & 1 == 1 { 1 } else { n };
                shape(axis(0, rows), axis(1, columns), axis(2, channels))
            };
            let shapes = [cut(ones[0]), cut(ones[1] & !ones[0])];
            let images = shapes.map(|shape| image(shape, seed));
            let [a, b] = [0, 1].map(|i| place(&images[i], shapes[i], halos[i], 7));
            let (mut buffer, view) = place(&vec![0; full.codes()], full, halos[2], 9);
            for_each_pair((&a.0, &a.1), (&b.0, &b.1), &mut buffer, &view, |a, b, to| {
                for i in 0..to.len() {
                    to[i] = a[i].wrapping_mul(3).wrapping_add(b[i]);
                }
            });
            let found = take(&buffer, &view, 9);
            let mut i = 0;
            for row in 0..rows {
                for column in 0..columns {
                    for channel in 0..channels {
                        let at = |n: usize| {
                            let s = shapes[n];
                            let (r, c) = (row % s.rows, column % s.columns);
                            images[n][(r * s.columns + c) * s.channels + channel % s.channels]
                        };
                        prop_assert_eq!(found[i], at(0).wrapping_mul(3).wrapping_add(at(1)));
                        i += 1;
                    }
                }
            }
        }
    }
}
