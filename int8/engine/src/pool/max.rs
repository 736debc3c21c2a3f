//! MaxPool. Its codes are ordered as the numbers are, also where their sign bit was flipped.

use super::Windows;
use crate::view::View;

/// The greatest code of each window; the least code of all where a window lies in the pads.
pub(crate) fn max_pool(windows: &Windows, input: &[u8], from: &View, output: &mut [u8], to: &View) {
    let Windows { y, x } = windows;
    let channels = to.shape.channels;
    for row in 0..to.shape.rows {
        let (top, rows) = y.taps(row);
        for column in 0..to.shape.columns {
            let (left, columns) = x.taps(column);
            let codes = &mut output[to.at(row, column)..][..channels];
            codes.fill(0);
            for ky in 0..rows {
                for kx in 0..columns {
                    let at = from.at(top + ky * y.dilation, left + kx * x.dilation);
                    for (code, tap) in codes.iter_mut().zip(&input[at..at + channels]) {
                        *code = (*code).max(*tap);
                    }
                }
            }
        }
    }
}
