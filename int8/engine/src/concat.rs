//! QLinearConcat along the channels (onnxruntime's `qlinear_concat.cc`): a part whose codes mean the same as the
//! output's is copied, any other goes through a table.

use crate::table::Table;
use crate::view::View;

/// One part into `to`, its channels of the output.
pub(crate) fn concat_part(
    table: Option<&Table>,
    input: &[u8],
    from: &View,
    output: &mut [u8],
    to: &View,
) {
    if let Some(table) = table {
        return table.run(input, from, output, to);
    }
    let shape = to.shape;
    for row in 0..shape.rows {
        for column in 0..shape.columns {
            let codes = &input[from.at(row, column)..][..shape.channels];
            output[to.at(row, column)..][..shape.channels].copy_from_slice(codes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::add::Affine;
    use crate::code::Code;
    use crate::testing::{image, place, take};
    use crate::view::Shape;

    #[test]
    fn parts_lie_side_by_side() {
        let shape = |channels| Shape {
            rows: 3,
            columns: 2,
            channels,
        };
        let affine = |zero_point| Affine {
            scale: 0.5,
            zero_point,
        };
        let table = Table::requantize(affine(10), affine(20), Code::U8);
        let parts = [(3, None), (4, table), (1, None)];
        let images = parts
            .each_ref()
            .map(|(channels, _)| image(shape(*channels), 8));
        let (mut output, to) = place(&[0; 48], shape(8), 1, 9);
        let mut first = 0;
        for ((channels, table), codes) in parts.iter().zip(&images) {
            let (input, from) = place(codes, shape(*channels), 2, 7);
            let part = to.channels(first, *channels);
            concat_part(table.as_ref(), &input, &from, &mut output, &part);
            first += channels;
        }
        for (i, pixel) in take(&output, &to, 9).chunks(8).enumerate() {
            assert_eq!(pixel[..3], images[0][i * 3..][..3]);
            let moved: Vec<u8> = images[1][i * 4..][..4]
                .iter()
                .map(|code| code.saturating_add(10))
                .collect();
            assert_eq!(pixel[3..7], moved);
            assert_eq!(pixel[7], images[2][i]);
        }
    }
}
