//! A picture on its way through the device: the camera's bytes as they lie, and what the source calls them.
//!
//! ```text
//! source --Frame { Picture (bytes as they lie), name, time, truth }--> preprocess, sinks
//! ```
//!
//! A [`Frame`] borrows its source's memory, so that a camera's buffer reaches the model's input without a copy.
//! [`OwnedFrame`] is the same with memory of its own, which it keeps when it is filled again.

#![forbid(unsafe_code)]

mod convert;
mod factors;
mod format;
mod jpeg;
mod picture;

/// Reads image files (PNG, JPEG, WebP, BMP) into RGB bytes.
pub mod image_file;

/// What lies in a folder, in a fixed order.
pub mod listing;

use std::time::Instant;

pub use convert::ConvertError;
pub use factors::Factors;
pub use format::{ColorSpace, Matrix, PixelFormat, Range};
pub use picture::{FrameError, MAX_PIXELS, OwnedPicture, Picture, check_rgb, rgb_len};

/// One picture with what its source says of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame<'a> {
    /// The frame's place in its source, from 0. Frames that were dropped leave gaps.
    pub id: u64,
    /// When the frame's last byte was in memory.
    pub captured: Instant,
    /// What the source calls the frame: a file's path, or `frame 12`.
    pub name: &'a str,
    /// The pixels.
    pub picture: Picture<'a>,
    /// What the source knows to be in the frame. It is shown beside a verdict and never decides one.
    pub truth: Option<&'a Truth>,
}

/// What a source knows about its frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    /// The class, by name; it need not be one that the model has.
    Class(String),
    /// None of the model's classes.
    Unknown,
}

impl Truth {
    /// How a truth is told: the class, or `unknown`.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Class(name) => name,
            Self::Unknown => "unknown",
        }
    }
}

/// A frame in memory of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnedFrame {
    /// As [`Frame::id`].
    pub id: u64,
    /// As [`Frame::captured`].
    pub captured: Instant,
    /// As [`Frame::name`].
    pub name: String,
    /// As [`Frame::picture`].
    pub picture: OwnedPicture,
    /// As [`Frame::truth`].
    pub truth: Option<Truth>,
}

impl OwnedFrame {
    /// A frame taken now of packed RGB bytes, without truth.
    ///
    /// # Errors
    /// [`FrameError`] if the size is out of range or `rgb` is not `width * height * 3` bytes.
    pub fn rgb(
        id: u64,
        name: impl Into<String>,
        width: u32,
        height: u32,
        rgb: Vec<u8>,
    ) -> Result<Self, FrameError> {
        Ok(Self {
            id,
            captured: Instant::now(),
            name: name.into(),
            picture: OwnedPicture::rgb(width, height, rgb)?,
            truth: None,
        })
    }

    /// The same frame with what its source knows about it.
    #[must_use]
    pub fn with_truth(mut self, truth: Option<Truth>) -> Self {
        self.truth = truth;
        self
    }

    /// The frame, borrowed.
    #[must_use]
    pub fn view(&self) -> Frame<'_> {
        Frame {
            id: self.id,
            captured: self.captured,
            name: &self.name,
            picture: self.picture.view(),
            truth: self.truth.as_ref(),
        }
    }

    /// Becomes a copy of `frame`; memory that is large enough is used again.
    pub fn copy_from(&mut self, frame: &Frame<'_>) {
        self.id = frame.id;
        self.captured = frame.captured;
        self.name.clear();
        self.name.push_str(frame.name);
        self.picture.copy_from(&frame.picture);
        self.truth = frame.truth.cloned();
    }
}

impl From<&Frame<'_>> for OwnedFrame {
    fn from(frame: &Frame<'_>) -> Self {
        Self {
            id: frame.id,
            captured: frame.captured,
            name: frame.name.to_owned(),
            picture: OwnedPicture::from(&frame.picture),
            truth: frame.truth.cloned(),
        }
    }
}
