//! From a frame of any size and format to the model's pixels.
//!
//! The fit chooses which part of the frame is used and where it goes, in whole pixels. The resize is a triangle filter
//! whose support grows with the reduction (antialiased), the weights of Pillow's `Image.resize(..., BILINEAR)`. It works
//! on the camera's own samples, and only what is left of them becomes RGB: the colour matrix is linear, so the order
//! matters only where a camera's codes are outside of RGB, which are cut off after the resize and not before.
//!
//! The reference is each pixel to RGB in f64, cut off and rounded to 8 bits, and then Pillow. Pictures, noisy and dark ones
//! too, are within 1 code of it, JPEG within 2 (decoders differ), and bytes without any pattern, of which most are no RGB
//! colour, within 72 codes and 11 on average; the tests hold these bounds.
//!
//! All arithmetic is in whole numbers, so a frame has the same pixels on every processor. A frame that already has the
//! model's size is not resized, so a data set's own pixels reach the model as they are.

#![forbid(unsafe_code)]

use normgate_core::{PreprocessSpec, SpecError};
use normgate_frame::{ConvertError, FrameError, Picture, PixelFormat, check_rgb};
use pulp::Arch;

mod axis;
mod color;
mod fast;
mod general;
mod geometry;
mod plan;
mod planes;
mod scale;

use plan::Plan;

/// Brings frames to the model's input size. Its buffers are kept from frame to frame: frames of one size and format
/// need no memory after the first, but for what a JPEG's decoder asks for.
#[derive(Debug, Clone)]
pub struct Preprocessor {
    spec: PreprocessSpec,
    arch: Option<Arch>,
    plan: Option<Plan>,
    rgb: Vec<u8>,
}

/// A frame that cannot be brought to the model's size.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PreprocessError {
    /// The frame's bytes do not fill its size.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The frame's bytes are not the pixels that its format promises.
    #[error(transparent)]
    Convert(#[from] ConvertError),
    /// The description of the model's input is out of range.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The output is of another length.
    #[error(
        "the output has {found} bytes: expected {expected} ({height} rows of {width} RGB pixels)"
    )]
    OutputLength {
        /// The model's width in pixels.
        width: u32,
        /// The model's height in pixels.
        height: u32,
        /// `height * width * 3`.
        expected: usize,
        /// The bytes given.
        found: usize,
    },
}

impl Preprocessor {
    /// A preprocessor for one model's input, with the best instructions that this processor has.
    #[must_use]
    pub fn new(spec: PreprocessSpec) -> Self {
        Self {
            arch: Some(Arch::new()),
            ..Self::portable(spec)
        }
    }

    /// As [`new`](Self::new), with no instructions but those of every processor of the target: the same pixels, later.
    #[must_use]
    pub fn portable(spec: PreprocessSpec) -> Self {
        Self {
            spec,
            arch: None,
            plan: None,
            rgb: Vec::new(),
        }
    }

    /// What it was made for.
    #[must_use]
    pub fn spec(&self) -> &PreprocessSpec {
        &self.spec
    }

    /// Fills `out` ([`PreprocessSpec::input_len`] bytes: NHWC, one image of RGB) from a frame.
    ///
    /// # Errors
    /// [`PreprocessError`] if the spec is out of range, `out` is of the wrong length, or a JPEG is damaged; `out` is
    /// then unchanged.
    pub fn run(&mut self, picture: &Picture<'_>, out: &mut [u8]) -> Result<(), PreprocessError> {
        self.check_output(out.len())?;
        let (width, height) = (picture.width(), picture.height());
        let same = (width, height) == (self.spec.width, self.spec.height);
        if !same && picture.format() != PixelFormat::Jpeg {
            self.resize(picture, out);
            return Ok(());
        }
        let mut rgb = std::mem::take(&mut self.rgb);
        let done = picture.to_rgb(&mut rgb).map_err(PreprocessError::from);
        let done = done.and_then(|()| self.run_rgb(width, height, &rgb, out));
        self.rgb = rgb;
        done
    }

    /// As [`run`](Self::run), from packed RGB bytes.
    ///
    /// # Errors
    /// As [`run`](Self::run), and if `rgb` is of the wrong length.
    pub fn run_rgb(
        &mut self,
        width: u32,
        height: u32,
        rgb: &[u8],
        out: &mut [u8],
    ) -> Result<(), PreprocessError> {
        check_rgb(width, height, rgb.len())?;
        self.check_output(out.len())?;
        if (width, height) == (self.spec.width, self.spec.height) {
            out.copy_from_slice(rgb);
        } else {
            self.resize(&Picture::rgb(width, height, rgb)?, out);
        }
        Ok(())
    }

    /// Appends one image at the model's size to a set's pixels.
    ///
    /// # Errors
    /// As [`run_rgb`](Self::run_rgb); `images` is then unchanged.
    pub fn append(
        &mut self,
        width: u32,
        height: u32,
        rgb: &[u8],
        images: &mut Vec<u8>,
    ) -> Result<(), PreprocessError> {
        self.spec.check()?;
        let start = images.len();
        images.resize(start + self.spec.input_len(), 0);
        let done = self.run_rgb(width, height, rgb, &mut images[start..]);
        if done.is_err() {
            images.truncate(start);
        }
        done
    }

    fn check_output(&self, found: usize) -> Result<(), PreprocessError> {
        self.spec.check()?;
        let expected = self.spec.input_len();
        if found == expected {
            return Ok(());
        }
        Err(PreprocessError::OutputLength {
            width: self.spec.width,
            height: self.spec.height,
            expected,
            found,
        })
    }

    fn resize(&mut self, picture: &Picture<'_>, out: &mut [u8]) {
        let plan = match self.plan.take() {
            Some(plan) if plan.fits(picture) => plan,
            _ => Plan::new(picture, self.spec),
        };
        self.plan.insert(plan).run(self.arch, picture.bytes(), out);
    }
}
