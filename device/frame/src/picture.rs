use crate::format::{ColorSpace, PixelFormat};

/// The most pixels that a picture or an image file may have: 64 Mi (8192 x 8192), 192 MiB of RGB.
pub const MAX_PIXELS: u64 = 1 << 26;

/// A size and a number of bytes that make no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// No pixels, or more than [`MAX_PIXELS`].
    #[error(
        "a frame of {width}x{height} pixels: expected at least 1x1 and at most {MAX_PIXELS} pixels"
    )]
    Size {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// The bytes do not fill the size.
    #[error("a frame of {width}x{height} pixels has {found} bytes: expected {expected} ({format})")]
    Length {
        /// The format's name.
        format: &'static str,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// What the size asks for.
        expected: usize,
        /// The bytes given.
        found: usize,
    },
    /// Rows overlap, or lie absurdly far from each other.
    #[error(
        "rows of {width} pixels ({format}) lie {found} bytes apart: expected {expected} or little more"
    )]
    Stride {
        /// The format's name.
        format: &'static str,
        /// Width in pixels.
        width: u32,
        /// The bytes given.
        found: usize,
        /// Bytes of a row without padding.
        expected: usize,
    },
}

/// Pixels as they lie in their source's memory. Its bytes fill its size: that is checked when it is made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Picture<'a> {
    width: u32,
    height: u32,
    format: PixelFormat,
    color: ColorSpace,
    stride: usize,
    bytes: &'a [u8],
}

impl std::fmt::Debug for Picture<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { width, height, .. } = self;
        write!(f, "Picture({width}x{height} {})", self.format.name())
    }
}

impl<'a> Picture<'a> {
    /// A picture whose rows lie `stride` bytes apart. Bytes behind the last row are left out; a JPEG may have any
    /// number but none. For JPEG the stride is not looked at.
    ///
    /// # Errors
    /// [`FrameError`] if the size or the stride is out of range, or there are too few bytes.
    pub fn new(
        format: PixelFormat,
        color: ColorSpace,
        (width, height): (u32, u32),
        stride: usize,
        bytes: &'a [u8],
    ) -> Result<Self, FrameError> {
        let expected = format.len(width, height, stride)?;
        let used = bytes.get(..expected.unwrap_or(bytes.len()));
        match used {
            Some(bytes) if !bytes.is_empty() => Ok(Self {
                width,
                height,
                format,
                color,
                stride,
                bytes,
            }),
            _ => Err(FrameError::Length {
                format: format.name(),
                width,
                height,
                expected: expected.unwrap_or(1),
                found: bytes.len(),
            }),
        }
    }

    /// A picture of packed RGB bytes, exactly `width * height * 3` of them.
    ///
    /// # Errors
    /// [`FrameError`] otherwise.
    pub fn rgb(width: u32, height: u32, rgb: &'a [u8]) -> Result<Self, FrameError> {
        check_rgb(width, height, rgb.len())?;
        let format = PixelFormat::Rgb24;
        let stride = format.row_len(width);
        Self::new(format, ColorSpace::default(), (width, height), stride, rgb)
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// How the bytes make pixels.
    #[must_use]
    pub fn format(&self) -> PixelFormat {
        self.format
    }

    /// How luma and chroma make colours.
    #[must_use]
    pub fn color(&self) -> ColorSpace {
        self.color
    }

    /// Bytes from one row of the first plane to the next; nothing for JPEG.
    #[must_use]
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// The bytes: all planes, one behind the other ([`PixelFormat::len`]), or a JPEG file.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// A picture in memory of its own.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnedPicture {
    width: u32,
    height: u32,
    format: PixelFormat,
    color: ColorSpace,
    stride: usize,
    bytes: Vec<u8>,
}

impl std::fmt::Debug for OwnedPicture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Owned{:?}", self.view())
    }
}

impl OwnedPicture {
    /// A picture of packed RGB bytes.
    ///
    /// # Errors
    /// As [`Picture::rgb`].
    pub fn rgb(width: u32, height: u32, rgb: Vec<u8>) -> Result<Self, FrameError> {
        let stride = Picture::rgb(width, height, &rgb)?.stride;
        Ok(Self {
            width,
            height,
            format: PixelFormat::Rgb24,
            color: ColorSpace::default(),
            stride,
            bytes: rgb,
        })
    }

    /// The picture, borrowed.
    #[must_use]
    pub fn view(&self) -> Picture<'_> {
        Picture {
            width: self.width,
            height: self.height,
            format: self.format,
            color: self.color,
            stride: self.stride,
            bytes: &self.bytes,
        }
    }

    /// Becomes a copy of `picture`; memory that is large enough is used again.
    pub fn copy_from(&mut self, picture: &Picture<'_>) {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        bytes.extend_from_slice(picture.bytes);
        *self = Self {
            width: picture.width,
            height: picture.height,
            format: picture.format,
            color: picture.color,
            stride: picture.stride,
            bytes,
        };
    }
}

impl From<&Picture<'_>> for OwnedPicture {
    fn from(picture: &Picture<'_>) -> Self {
        Self {
            width: picture.width,
            height: picture.height,
            format: picture.format,
            color: picture.color,
            stride: picture.stride,
            bytes: picture.bytes.to_vec(),
        }
    }
}

/// Bytes of a packed RGB image, if the size is one that a frame may have.
///
/// # Errors
/// [`FrameError::Size`] otherwise.
pub fn rgb_len(width: u32, height: u32) -> Result<usize, FrameError> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || pixels > MAX_PIXELS {
        return Err(FrameError::Size { width, height });
    }
    // At most 192 MiB, so it fits a 32-bit usize.
    Ok(pixels as usize * 3)
}

/// Checks that `found` bytes are one packed RGB image of this size.
///
/// # Errors
/// [`FrameError`] otherwise.
pub fn check_rgb(width: u32, height: u32, found: usize) -> Result<(), FrameError> {
    let expected = rgb_len(width, height)?;
    if found == expected {
        Ok(())
    } else {
        Err(FrameError::Length {
            format: PixelFormat::Rgb24.name(),
            width,
            height,
            expected,
            found,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_holds_exactly_its_pixels() {
        let picture = OwnedPicture::rgb(2, 1, vec![1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(picture.view().bytes(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(
            OwnedPicture::rgb(2, 1, vec![0; 5]).unwrap_err().to_string(),
            "a frame of 2x1 pixels has 5 bytes: expected 6 (rgb24)"
        );
    }

    #[test]
    fn sizes_out_of_range_are_refused_before_any_arithmetic_overflows() {
        for (width, height) in [(0, 1), (1, 0), (u32::MAX, u32::MAX), (8192, 8193)] {
            assert_eq!(
                rgb_len(width, height),
                Err(FrameError::Size { width, height })
            );
        }
        assert_eq!(rgb_len(8192, 8192), Ok(3 << 26));
    }
}
