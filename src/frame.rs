//! One image on its way to the model: packed RGB bytes, when they were taken, and what the source calls them.

use std::time::Instant;

/// Reads image files (PNG, JPEG, WebP, BMP) into RGB bytes.
pub mod image_file;

/// What lies in a folder, in a fixed order.
pub(crate) mod listing;

/// The most pixels that a frame or an image file may have: 64 Mi (8192 x 8192), 192 MiB of RGB.
pub const MAX_PIXELS: u64 = 1 << 26;

/// One image: row-major packed RGB, 8 bits a channel, no padding between rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The frame's place in its source, from 0. Frames that were dropped leave gaps.
    pub id: u64,
    /// When the frame's last byte was in memory.
    pub captured: Instant,
    /// What the source calls the frame: a file's path, or `frame 12`.
    pub name: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// `width * height * 3` bytes: R, G, B of each pixel, row by row.
    pub rgb: Vec<u8>,
    /// What the source knows to be in the frame. It is shown beside a verdict and never decides one.
    pub truth: Option<Truth>,
}

/// What a source knows about its frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    /// The class, by name; it need not be one that the model has.
    Class(String),
    /// None of the model's classes.
    Unknown,
}

/// A size and a number of bytes that make no frame.
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
    #[error("a frame of {width}x{height} pixels has {found} bytes: expected {expected} (RGB)")]
    Length {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// `width * height * 3`.
        expected: usize,
        /// The bytes given.
        found: usize,
    },
}

impl Frame {
    /// A frame taken now, without truth.
    ///
    /// # Errors
    /// [`FrameError`] if the size is out of range or `rgb` is not `width * height * 3` bytes.
    pub fn new(
        id: u64,
        name: impl Into<String>,
        width: u32,
        height: u32,
        rgb: Vec<u8>,
    ) -> Result<Self, FrameError> {
        check_rgb(width, height, rgb.len())?;
        Ok(Self {
            id,
            captured: Instant::now(),
            name: name.into(),
            width,
            height,
            rgb,
            truth: None,
        })
    }

    /// The same frame with what its source knows about it.
    #[must_use]
    pub fn with_truth(mut self, truth: Option<Truth>) -> Self {
        self.truth = truth;
        self
    }
}

/// Bytes of a packed RGB image, if the size is one that a frame may have.
pub(crate) fn rgb_len(width: u32, height: u32) -> Result<usize, FrameError> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || pixels > MAX_PIXELS {
        return Err(FrameError::Size { width, height });
    }
    // At most 192 MiB, so it fits a 32-bit usize.
    Ok(pixels as usize * 3)
}

/// Checks that `found` bytes are one packed RGB image of this size.
pub(crate) fn check_rgb(width: u32, height: u32, found: usize) -> Result<(), FrameError> {
    let expected = rgb_len(width, height)?;
    if found == expected {
        Ok(())
    } else {
        Err(FrameError::Length {
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
    fn a_frame_holds_exactly_its_pixels() {
        let frame = Frame::new(7, "a", 2, 1, vec![1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!((frame.id, frame.name.as_str(), frame.truth), (7, "a", None));
        assert_eq!(
            Frame::new(0, "a", 2, 1, vec![0; 5])
                .unwrap_err()
                .to_string(),
            "a frame of 2x1 pixels has 5 bytes: expected 6 (RGB)"
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
