//! Where an image lies in a buffer, and how a window walks over it. All offsets are in bytes.

/// Bytes that may be read, but mean nothing, after the last byte of any image in a buffer: vector
/// loads run over the end.
pub(crate) const SLACK: usize = 64;

/// Rows, columns and channels of one image of 8-bit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Height.
    pub rows: usize,
    /// Width.
    pub columns: usize,
    /// Channels.
    pub channels: usize,
}

impl Shape {
    /// Codes in the image.
    pub fn codes(&self) -> usize {
        self.rows * self.columns * self.channels
    }

    pub(crate) fn pixels(&self) -> usize {
        self.rows * self.columns
    }
}

/// An image in a buffer: pixel by pixel, all channels of a pixel together (NHWC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) shape: Shape,
    /// Of the first pixel.
    pub(crate) offset: usize,
    pub(crate) row_step: usize,
    pub(crate) pixel_step: usize,
}

impl View {
    /// With `halo` pixels around it: above, left, below, right.
    pub(crate) fn with_halo(shape: Shape, halo: Halo) -> View {
        let pixel_step = shape.channels;
        let row_step = (halo.left + shape.columns + halo.right) * pixel_step;
        View {
            shape,
            offset: halo.above * row_step + halo.left * pixel_step,
            row_step,
            pixel_step,
        }
    }

    pub(crate) fn at(&self, row: usize, column: usize) -> usize {
        self.offset + row * self.row_step + column * self.pixel_step
    }

    /// Past the last code of the image.
    pub(crate) fn end(&self) -> usize {
        self.at(self.shape.rows - 1, self.shape.columns - 1) + self.shape.channels
    }

    /// Bytes of one row without gaps, or `None` where pixels do not touch.
    pub(crate) fn row_len(&self) -> Option<usize> {
        (self.pixel_step == self.shape.channels).then_some(self.shape.columns * self.pixel_step)
    }

    /// No gaps at all.
    pub(crate) fn is_contiguous(&self) -> bool {
        self.row_len() == Some(self.row_step) || (self.row_len().is_some() && self.shape.rows == 1)
    }

    /// The channels from `first` on.
    pub(crate) fn channels(&self, first: usize, count: usize) -> View {
        View {
            shape: Shape {
                channels: count,
                ..self.shape
            },
            offset: self.offset + first,
            ..*self
        }
    }

    /// One long row, where rows touch.
    pub(crate) fn flattened(&self) -> View {
        if !self.is_contiguous() {
            return *self;
        }
        let columns = self.shape.pixels();
        View {
            shape: Shape {
                rows: 1,
                columns,
                channels: self.shape.channels,
            },
            row_step: columns * self.pixel_step,
            ..*self
        }
    }
}

/// Pixels of zero point around an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Halo {
    pub(crate) above: usize,
    pub(crate) left: usize,
    pub(crate) below: usize,
    pub(crate) right: usize,
}

impl Halo {
    /// Enough for both.
    pub(crate) fn union(self, other: Halo) -> Halo {
        Halo {
            above: self.above.max(other.above),
            left: self.left.max(other.left),
            below: self.below.max(other.below),
            right: self.right.max(other.right),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Halo::default()
    }

    /// Bytes of an image with this halo, and of the slack after it; `None` where they overflow.
    pub(crate) fn buffer_len(&self, shape: Shape) -> Option<usize> {
        let rows = self
            .above
            .checked_add(shape.rows)?
            .checked_add(self.below)?;
        let columns = self
            .left
            .checked_add(shape.columns)?
            .checked_add(self.right)?;
        rows.checked_mul(columns)?
            .checked_mul(shape.channels)?
            .checked_add(SLACK)
    }
}

/// How a convolution or a pool walks over its input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// From one output row's window to the next one's.
    pub(crate) row_step: usize,
    pub(crate) column_step: usize,
    /// Where the contiguous runs of the first window start.
    pub(crate) runs: Vec<usize>,
    /// Bytes in a run.
    pub(crate) run: usize,
}

impl Window {
    /// Past the last byte of the walk.
    pub(crate) fn input_len(&self) -> usize {
        (self.rows - 1) * self.row_step
            + (self.columns - 1) * self.column_step
            + self.runs.iter().max().copied().unwrap_or(0)
            + self.run
    }
}
