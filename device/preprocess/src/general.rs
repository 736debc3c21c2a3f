//! The resize by its definition: each output pixel is the sum of its pixels by their weights.
//!
//! Any size and any ratio, without memory of its own. Where the picture is made smaller, `fast` gives the same sums.

use crate::axis::Axis;
use crate::planes::Plane;

/// The sums of the channels of one output pixel. A sample of chroma stands for all pixels that it covers.
pub(crate) fn sums(
    bytes: &[u8],
    planes: &[Plane],
    (columns, rows): (&Axis, &Axis),
    (x, y): (usize, usize),
) -> [u128; 3] {
    let mut sums = [0; 3];
    for plane in planes {
        let width = plane.samples.len();
        for row in rows.window(y) {
            let line = &bytes[plane.offset + (row >> plane.row_shift) * plane.stride..];
            let mut across = [0_u64; 3];
            for pixel in columns.window(x) {
                let weight = columns.weight(pixel, x);
                let group = &line[pixel / plane.group * width..][..width];
                for (sample, &value) in plane.samples.iter().zip(group) {
                    if sample.covers(pixel % plane.group) {
                        across[sample.channel] += weight * u64::from(value);
                    }
                }
            }
            let weight = u128::from(rows.weight(row, y));
            for (sum, across) in sums.iter_mut().zip(across) {
                *sum += weight * u128::from(across);
            }
        }
    }
    sums
}
