//! Extents of a convolution: how a window walks over a padded image.

use crate::error::Problem;
use crate::kernels::Window;

/// Padded inputs and outputs of one image stay under this many bytes.
pub(crate) const MAX_IMAGE_BYTES: usize = 1 << 28;

/// What is added around the input along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Padding {
    Explicit {
        before: usize,
        after: usize,
    },
    /// ceil(input / stride) outputs; an odd pad has its larger half after.
    SameUpper,
    /// The same, with the larger half before.
    SameLower,
}

/// One spatial axis, checked: the last window ends inside the padded input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) input: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    pub(crate) before: usize,
    pub(crate) padded: usize,
    pub(crate) output: usize,
}

impl Axis {
    pub(crate) fn new(
        name: &'static str,
        input: usize,
        kernel: usize,
        stride: usize,
        dilation: usize,
        padding: Padding,
    ) -> Result<Axis, Problem> {
        let too_large = Problem::TooLarge {
            what: "padded input",
            limit: MAX_IMAGE_BYTES,
        };
        let within = |n: Option<usize>| n.filter(|n| *n < MAX_IMAGE_BYTES);
        let window = kernel
            .checked_sub(1)
            .and_then(|steps| within(steps.checked_mul(dilation)))
            .map(|reach| reach + 1)
            .ok_or_else(|| too_large.clone())?;
        let input = within(Some(input)).ok_or_else(|| too_large.clone())?;
        let (before, after) = match padding {
            Padding::Explicit { before, after } => (before, after),
            Padding::SameUpper | Padding::SameLower => {
                let covered = (input.div_ceil(stride).saturating_sub(1))
                    .checked_mul(stride)
                    .and_then(|last| last.checked_add(window))
                    .ok_or_else(|| too_large.clone())?;
                let total = covered.saturating_sub(input);
                let (small, large) = (total / 2, total - total / 2);
                if padding == Padding::SameUpper {
                    (small, large)
                } else {
                    (large, small)
                }
            }
        };
        let padded = within(
            before
                .checked_add(after)
                .and_then(|pads| pads.checked_add(input)),
        )
        .ok_or(too_large)?;
        if window > padded {
            return Err(Problem::WindowTooLarge {
                axis: name,
                window,
                padded,
            });
        }
        let output = (padded - window) / stride + 1;
        Ok(Axis {
            input,
            kernel,
            stride,
            dilation,
            before,
            padded,
            output,
        })
    }
}

/// Bytes of a height x width x channels image, or the error that says it is too large.
pub(crate) fn image_bytes(
    what: &'static str,
    height: usize,
    width: usize,
    channels: usize,
) -> Result<usize, Problem> {
    height
        .checked_mul(width)
        .and_then(|pixels| pixels.checked_mul(channels))
        .filter(|bytes| *bytes < MAX_IMAGE_BYTES)
        .ok_or(Problem::TooLarge {
            what,
            limit: MAX_IMAGE_BYTES,
        })
}

/// The walk over a padded NHWC image of `channels` bytes a pixel. With `merge`, taps that follow
/// each other in memory become one run.
pub(crate) fn window(y: &Axis, x: &Axis, channels: usize, merge: bool) -> Window {
    let row = x.padded * channels;
    let merge = merge && x.dilation == 1;
    let (across, run) = if merge {
        (1, x.kernel * channels)
    } else {
        (x.kernel, channels)
    };
    let runs = (0..y.kernel)
        .flat_map(|ky| {
            (0..across).map(move |kx| ky * y.dilation * row + kx * x.dilation * channels)
        })
        .collect();
    // Windows of one pixel that do not skip any are one long row.
    let pointwise = y.kernel * x.kernel * y.stride * x.stride == 1;
    let (rows, columns) = if pointwise {
        (1, y.output * x.output)
    } else {
        (y.output, x.output)
    };
    Window {
        rows,
        columns,
        row_step: y.stride * row,
        column_step: x.stride * channels,
        runs,
        run,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(input: usize, kernel: usize, stride: usize, dilation: usize, p: Padding) -> Axis {
        Axis::new("width", input, kernel, stride, dilation, p).unwrap()
    }

    #[test]
    fn extents_follow_the_onnx_formula() {
        let one = Padding::Explicit {
            before: 1,
            after: 1,
        };
        assert_eq!(axis(32, 3, 1, 1, one).output, 32);
        assert_eq!(axis(32, 3, 2, 1, one).output, 16);
        assert_eq!(
            axis(
                32,
                1,
                2,
                1,
                Padding::Explicit {
                    before: 0,
                    after: 0
                }
            )
            .output,
            16
        );
        assert_eq!(
            axis(
                9,
                3,
                2,
                3,
                Padding::Explicit {
                    before: 0,
                    after: 0
                }
            )
            .output,
            2
        );
    }

    #[test]
    fn same_padding_splits_an_odd_pad() {
        let upper = axis(32, 3, 2, 1, Padding::SameUpper);
        assert_eq!((upper.output, upper.before, upper.padded), (16, 0, 33));
        let lower = axis(32, 3, 2, 1, Padding::SameLower);
        assert_eq!((lower.output, lower.before, lower.padded), (16, 1, 33));
    }

    #[test]
    fn sizes_that_would_overflow_are_refused() {
        let none = Padding::Explicit {
            before: 0,
            after: 0,
        };
        let huge = Axis::new("width", 1, usize::MAX, 1, usize::MAX, none);
        assert!(matches!(huge, Err(Problem::TooLarge { .. })));
        let long = Axis::new("width", 1 << 30, 3, 1, 1, none);
        assert!(matches!(long, Err(Problem::TooLarge { .. })));
        let wide = Axis::new("width", 4, 5, 1, 1, none);
        assert_eq!(
            wide,
            Err(Problem::WindowTooLarge {
                axis: "width",
                window: 5,
                padded: 4
            })
        );
        assert!(image_bytes("output", 1 << 20, 1 << 20, 1 << 30).is_err());
    }
}
