//! Pools: windows that walk over each channel alone. What lies outside the input is left out, never read.

mod average;
mod axis;
mod global;
mod max;
#[cfg(test)]
mod tests;

pub use average::{AveragePool, average_pool};
pub use axis::pool_axis;
pub use global::GlobalAveragePool;

pub(crate) use global::channel_sums;
pub(crate) use max::max_pool;

use crate::geometry::Axis;
use crate::view::Shape;

/// Channels whose sums are kept at a time.
const CHANNELS: usize = 64;

/// The windows of a pool. Its axes come from [`pool_axis`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Along the height.
    pub y: Axis,
    /// Along the width.
    pub x: Axis,
}

impl Windows {
    /// Of the output for an input of this shape; `None` for one that the windows were not made for.
    pub fn output_shape(&self, input: Shape) -> Option<Shape> {
        let fits = (input.rows, input.columns) == (self.y.input, self.x.input);
        fits.then_some(Shape {
            rows: self.y.output,
            columns: self.x.output,
            channels: input.channels,
        })
    }
}
