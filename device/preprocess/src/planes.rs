//! Where a format keeps the samples of its channels.

use normgate_frame::{Picture, PixelFormat};

/// Bytes that lie in rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plane {
    /// Where it begins in the picture's bytes.
    pub(crate) offset: usize,
    /// Bytes from row to row.
    pub(crate) stride: usize,
    /// A row of the plane is `1_usize << row_shift` rows of pixels.
    pub(crate) row_shift: u32,
    /// Pixels across that one group of samples covers.
    pub(crate) group: usize,
    /// The bytes of a group, in order.
    pub(crate) samples: &'static [Sample],
}

/// One byte of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sample {
    /// R, G, B or Y, U, V.
    pub(crate) channel: usize,
    /// The first pixel of the group that it holds for.
    pub(crate) first: usize,
    /// For how many it holds.
    pub(crate) span: usize,
}

const fn sample(channel: usize, first: usize, span: usize) -> Sample {
    Sample {
        channel,
        first,
        span,
    }
}

const FIRST: &[Sample] = &[sample(0, 0, 1)];
const RGB: &[Sample] = &[sample(0, 0, 1), sample(1, 0, 1), sample(2, 0, 1)];
const YUYV: &[Sample] = &[
    sample(0, 0, 1),
    sample(1, 0, 2),
    sample(0, 1, 1),
    sample(2, 0, 2),
];
const UV: &[Sample] = &[sample(1, 0, 2), sample(2, 0, 2)];
const U: &[Sample] = &[sample(1, 0, 1)];
const V: &[Sample] = &[sample(2, 0, 1)];
const HALF_U: &[Sample] = &[sample(1, 0, 2)];
const HALF_V: &[Sample] = &[sample(2, 0, 2)];

/// The planes of a picture, none for JPEG.
pub(crate) fn planes(picture: &Picture<'_>) -> Vec<Plane> {
    let (stride, rows) = (picture.stride(), picture.height() as usize);
    let half = stride.div_ceil(2);
    let first = stride * rows;
    let plane = |offset, stride, row_shift, group, samples| Plane {
        offset,
        stride,
        row_shift,
        group,
        samples,
    };
    let luma = plane(0, stride, 0, 1, FIRST);
    let planar = |stride: usize, row_shift, group, u, v| {
        let rows = rows.div_ceil(1_usize << row_shift);
        vec![
            luma.clone(),
            plane(first, stride, row_shift, group, u),
            plane(first + stride * rows, stride, row_shift, group, v),
        ]
    };
    match picture.format() {
        PixelFormat::Rgb24 => vec![plane(0, stride, 0, 1, RGB)],
        PixelFormat::Grey | PixelFormat::Luma => vec![luma],
        PixelFormat::Yuyv => vec![plane(0, stride, 0, 2, YUYV)],
        PixelFormat::Nv12 => {
            let chroma = stride.max(2 * picture.width().div_ceil(2) as usize);
            vec![luma, plane(first, chroma, 1, 2, UV)]
        }
        PixelFormat::I420 => planar(half, 1, 2, HALF_U, HALF_V),
        PixelFormat::I422 => planar(half, 0, 2, HALF_U, HALF_V),
        PixelFormat::I444 => planar(stride, 0, 1, U, V),
        PixelFormat::Jpeg => Vec::new(),
    }
}

impl Sample {
    /// Whether it holds for a pixel of its group.
    pub(crate) fn covers(self, pixel: usize) -> bool {
        (self.first..self.first + self.span).contains(&pixel)
    }
}
