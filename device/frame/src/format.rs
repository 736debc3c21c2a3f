use crate::picture::{FrameError, rgb_len};

/// How the bytes of a picture make its pixels. Where chroma is halved, an odd side is rounded up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PixelFormat {
    /// R, G, B of each pixel.
    Rgb24,
    /// One byte a pixel, 0 black and 255 white.
    Grey,
    /// Y0 U Y1 V for each two pixels of a row (4:2:2).
    Yuyv,
    /// A plane of Y, then one of U and V in turn (4:2:0).
    Nv12,
    /// Planes of Y, U and V (4:2:0).
    I420,
    /// Planes of Y, U and V (4:2:2).
    I422,
    /// Planes of Y, U and V (4:4:4).
    I444,
    /// A plane of Y.
    Luma,
    /// A whole JPEG file; its own header gives the size, which has to be the picture's.
    Jpeg,
}

/// The codes that stand for black and white.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Range {
    /// Y from 16 to 235, U and V from 16 to 240.
    #[default]
    Limited,
    /// All from 0 to 255.
    Full,
}

/// Which luma and chroma a colour has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Matrix {
    /// ITU-R BT.601: standard definition, and nearly all webcams.
    #[default]
    Bt601,
    /// ITU-R BT.709: high definition.
    Bt709,
}

/// How luma and chroma become RGB. Formats without chroma planes ignore it, and JPEG has its own (BT.601, full).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ColorSpace {
    /// The matrix.
    pub matrix: Matrix,
    /// The range.
    pub range: Range,
}

impl PixelFormat {
    /// The formats that a raw stream may name.
    pub const RAW: [Self; 5] = [Self::Rgb24, Self::Grey, Self::Yuyv, Self::Nv12, Self::I420];

    /// All whose bytes are pixels: all but JPEG.
    pub const UNCOMPRESSED: [Self; 8] = [
        Self::Rgb24,
        Self::Grey,
        Self::Yuyv,
        Self::Nv12,
        Self::I420,
        Self::I422,
        Self::I444,
        Self::Luma,
    ];

    /// The name in a URI and in errors.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rgb24 => "rgb24",
            Self::Grey => "grey",
            Self::Yuyv => "yuyv",
            Self::Nv12 => "nv12",
            Self::I420 => "i420",
            Self::I422 => "i422",
            Self::I444 => "i444",
            Self::Luma => "luma",
            Self::Jpeg => "mjpeg",
        }
    }

    /// The format of [`RAW`](Self::RAW) with this name.
    #[must_use]
    pub fn parse_raw(name: &str) -> Option<Self> {
        Self::RAW.into_iter().find(|format| format.name() == name)
    }

    /// Bytes of a row of the first plane, without padding; 0 for JPEG.
    #[must_use]
    pub fn row_len(self, width: u32) -> usize {
        let width = width as usize;
        match self {
            Self::Rgb24 => 3 * width,
            Self::Yuyv => 4 * width.div_ceil(2),
            Self::Jpeg => 0,
            _ => width,
        }
    }

    /// Bytes of one picture whose first plane has `stride` bytes a row, at least [`row_len`](Self::row_len); chroma
    /// rows have the same padding in proportion, as V4L2 has it: `stride` for NV12, half of it (rounded up) for I420
    /// and I422. `None` for JPEG, whose length follows from its contents.
    ///
    /// # Errors
    /// [`FrameError`] if no picture may have this size or a row does not fit the stride.
    pub fn len(self, width: u32, height: u32, stride: usize) -> Result<Option<usize>, FrameError> {
        rgb_len(width, height)?;
        let row = self.row_len(width);
        if self != Self::Jpeg && (stride < row || stride > row.saturating_add(MAX_PADDING)) {
            return Err(FrameError::Stride {
                format: self.name(),
                width,
                found: stride,
                expected: row,
            });
        }
        let (rows, half_rows) = (height as usize, height.div_ceil(2) as usize);
        let half = stride.div_ceil(2);
        Ok(match self {
            Self::Rgb24 | Self::Yuyv | Self::Grey | Self::Luma => Some(stride * rows),
            Self::Nv12 => {
                let chroma = stride.max(2 * width.div_ceil(2) as usize);
                Some(stride * rows + chroma * half_rows)
            }
            Self::I420 => Some(stride * rows + 2 * half * half_rows),
            Self::I422 => Some(stride * rows + 2 * half * rows),
            Self::I444 => Some(stride * rows * 3),
            Self::Jpeg => None,
        })
    }
}

/// The most bytes that a row may be padded with.
const MAX_PADDING: usize = 1 << 16;
