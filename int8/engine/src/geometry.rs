//! Extents of a convolution: how a window walks over a padded image.

use crate::error::EngineError;
use crate::view::{Halo, View, Window};

/// Padded inputs and outputs of one image stay under this many bytes.
pub const MAX_IMAGE_BYTES: usize = 1 << 28;

/// What is added around the input along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Pixels on each side.
    Explicit {
        /// Left or above.
        before: usize,
        /// Right or below.
        after: usize,
    },
    /// ceil(input / stride) outputs; an odd pad has its larger half after.
    SameUpper,
    /// The same, with the larger half before.
    SameLower,
}

/// One spatial axis, checked: the last window ends inside the padded input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Pixels of the input.
    pub input: usize,
    /// Taps.
    pub kernel: usize,
    /// Pixels from one window to the next.
    pub stride: usize,
    /// Pixels from one tap to the next.
    pub dilation: usize,
    /// Pads left or above.
    pub before: usize,
    /// Pixels of the input and all pads.
    pub padded: usize,
    /// Windows.
    pub output: usize,
}

impl Axis {
    /// The walk of a window of `kernel` taps; `name` is for the error.
    ///
    /// # Errors
    /// [`EngineError::TooLarge`], [`EngineError::WindowTooLarge`].
    pub fn new(
        name: &'static str,
        input: usize,
        kernel: usize,
        stride: usize,
        dilation: usize,
        padding: Padding,
    ) -> Result<Axis, EngineError> {
        let too_large = EngineError::TooLarge {
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
            return Err(EngineError::WindowTooLarge {
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

    /// Pixels after the input that the last window reaches into.
    pub(crate) fn after(&self) -> usize {
        let reach = (self.output - 1) * self.stride + (self.kernel - 1) * self.dilation + 1;
        reach.saturating_sub(self.before + self.input)
    }
}

/// Bytes of a height x width x channels image, or the error that says it is too large.
pub fn image_bytes(
    what: &'static str,
    height: usize,
    width: usize,
    channels: usize,
) -> Result<usize, EngineError> {
    height
        .checked_mul(width)
        .and_then(|pixels| pixels.checked_mul(channels))
        .filter(|bytes| *bytes < MAX_IMAGE_BYTES)
        .ok_or(EngineError::TooLarge {
            what,
            limit: MAX_IMAGE_BYTES,
        })
}

/// The walk of a window over `group_channels` channels, from `first_channel` on, of an image in a buffer
/// with halo enough for the pads.
pub(crate) fn window(y: &Axis, x: &Axis, input: &View, first_channel: usize, run: usize) -> Window {
    // Taps that follow each other in memory are one run.
    let touching = x.dilation == 1 && run == input.pixel_step;
    let (across, run) = if touching {
        (1, x.kernel * run)
    } else {
        (x.kernel, run)
    };
    let origin =
        input.offset + first_channel - y.before * input.row_step - x.before * input.pixel_step;
    let runs = (0..y.kernel)
        .flat_map(|ky| {
            (0..across).map(move |kx| {
                origin + ky * y.dilation * input.row_step + kx * x.dilation * input.pixel_step
            })
        })
        .collect();
    Window {
        rows: y.output,
        columns: x.output,
        row_step: y.stride * input.row_step,
        column_step: x.stride * input.pixel_step,
        runs,
        run,
    }
}

/// The halo that windows along both axes reach into.
pub(crate) fn halo(y: &Axis, x: &Axis) -> Halo {
    Halo {
        above: y.before,
        left: x.before,
        below: y.after(),
        right: x.after(),
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
        assert!(matches!(huge, Err(EngineError::TooLarge { .. })));
        let long = Axis::new("width", 1 << 30, 3, 1, 1, none);
        assert!(matches!(long, Err(EngineError::TooLarge { .. })));
        let wide = Axis::new("width", 4, 5, 1, 1, none);
        assert_eq!(
            wide,
            Err(EngineError::WindowTooLarge {
                axis: "width",
                window: 5,
                padded: 4
            })
        );
        assert!(image_bytes("output", 1 << 20, 1 << 20, 1 << 30).is_err());
    }
}
