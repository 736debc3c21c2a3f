//! How a pool's windows lie along one axis.

use crate::error::EngineError;
use crate::geometry::{Axis, Padding};

/// The axis of a pool. With `ceil`, a last window may reach past the padded input, if it starts before the pixels
/// after the input (ONNX `MaxPool`, `ceil_mode`).
///
/// # Errors
/// [`EngineError`] where the window does not fit; for pads as long as the kernel; for strides that SAME pads
/// cannot follow, with which onnxruntime leaves pixels out at both ends.
pub fn pool_axis(
    name: &'static str,
    input: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    padding: Padding,
    ceil: bool,
) -> Result<Axis, EngineError> {
    let mismatch = |what, found: String, expected: String| {
        Err(EngineError::Mismatch {
            what,
            found,
            expected,
        })
    };
    let axis = Axis::new(name, input, kernel, stride, dilation, padding)?;
    match padding {
        Padding::Explicit { before, after } => {
            let pad = before.max(after);
            if pad >= kernel {
                let expected = format!("less than the kernel's {kernel}");
                return mismatch("a pad", pad.to_string(), expected);
            }
        }
        Padding::SameUpper | Padding::SameLower => {
            if dilation != 1 {
                return mismatch("a dilation beside SAME", dilation.to_string(), "1".into());
            }
            let covered = input.div_ceil(stride).saturating_sub(1) * stride + kernel;
            if covered + 1 < input {
                let expected = format!("{} or less", kernel + 1);
                return mismatch("a stride beside SAME", stride.to_string(), expected);
            }
        }
    }
    let window = (kernel - 1) * dilation + 1;
    let rest = (axis.padded - window) % stride;
    let one_more = ceil && rest > 0 && axis.output * stride < input + axis.before;
    Ok(Axis {
        output: axis.output + one_more as usize,
        ..axis
    })
}

impl Axis {
    /// The taps of an output's window that lie inside the input: the pixel of the first one, and how many.
    pub(super) fn taps(&self, output: usize) -> (usize, usize) {
        let start = output * self.stride;
        let skipped = self.before.saturating_sub(start).div_ceil(self.dilation);
        let first = start + skipped * self.dilation - self.before;
        let inside = self.input.saturating_sub(first).div_ceil(self.dilation);
        (first, inside.min(self.kernel.saturating_sub(skipped)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NONE: Padding = Padding::Explicit {
        before: 0,
        after: 0,
    };

    fn outputs(input: usize, kernel: usize, stride: usize, padding: Padding, ceil: bool) -> usize {
        pool_axis("width", input, kernel, stride, 1, padding, ceil)
            .unwrap()
            .output
    }

    #[test]
    fn ceil_adds_a_window_that_starts_inside() {
        assert_eq!(outputs(6, 3, 2, NONE, false), 2);
        assert_eq!(outputs(6, 3, 2, NONE, true), 3);
        assert_eq!(outputs(7, 3, 2, NONE, true), 3);
        // The fourth window would start behind the last pixel.
        let one = Padding::Explicit {
            before: 1,
            after: 1,
        };
        assert_eq!(outputs(5, 2, 3, one, true), 2);
        assert_eq!(outputs(3, 1, 5, NONE, true), 1);
    }

    #[test]
    fn pads_and_strides_have_limits() {
        let long = Padding::Explicit {
            before: 0,
            after: 2,
        };
        assert!(pool_axis("width", 5, 2, 1, 1, long, false).is_err());
        assert!(pool_axis("width", 56, 1, 2, 1, Padding::SameUpper, false).is_ok());
        assert!(pool_axis("width", 57, 1, 3, 1, Padding::SameLower, false).is_err());
        assert!(pool_axis("width", 9, 3, 1, 2, Padding::SameUpper, false).is_err());
        assert!(matches!(
            pool_axis("width", 2, 3, 1, 1, NONE, true),
            Err(EngineError::WindowTooLarge { .. })
        ));
        let huge = pool_axis("width", usize::MAX, 2, 1, 1, Padding::SameUpper, false);
        assert!(matches!(huge, Err(EngineError::TooLarge { .. })));
    }

    proptest! {
        #[test]
        fn taps_are_those_inside(
            input in 1usize..12, kernel in 1usize..5, stride in 1usize..5, dilation in 1usize..4,
            before in 0usize..4, after in 0usize..4, ceil in any::<bool>(),
        ) {
            let padding = Padding::Explicit { before, after };
            let axis = pool_axis("width", input, kernel, stride, dilation, padding, ceil);
            prop_assume!(axis.is_ok());
            let axis = axis.unwrap();
            for output in 0..axis.output {
                let inside: Vec<usize> = (0..kernel)
                    .map(|k| output * stride + k * dilation)
                    .filter(|at| (before..before + input).contains(at))
                    .map(|at| at - before)
                    .collect();
                let (first, count) = axis.taps(output);
                prop_assert_eq!(count, inside.len());
                if let Some(at) = inside.first() {
                    prop_assert_eq!(first, *at);
                }
            }
        }
    }
}
