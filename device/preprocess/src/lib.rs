//! From a frame of any size to the model's pixels.
//!
//! The fit chooses which part of the frame is used and where it goes, in whole pixels; the resize is a triangle
//! filter whose support grows with the reduction (antialiased), the same arithmetic as Pillow's
//! `Image.resize(..., BILINEAR)`. A frame that already has the model's size is copied unchanged,
//! so a data set's own pixels reach the model as they are.

use fast_image_resize::images::{TypedCroppedImageMut, TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use normgate_core::{Fit, PreprocessSpec, SpecError};

use normgate_frame::{ConvertError, FrameError, Picture, check_rgb};

mod geometry;

use geometry::Rect;

/// Brings frames to the model's input size. Its buffers are kept from frame to frame.
#[derive(Debug, Clone)]
pub struct Preprocessor {
    spec: PreprocessSpec,
    resizer: Resizer,
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
    /// The resizer refused the image.
    #[error("resizing failed: {0}")]
    Resize(String),
}

impl Preprocessor {
    /// A preprocessor for one model's input.
    #[must_use]
    pub fn new(spec: PreprocessSpec) -> Self {
        Self {
            spec,
            resizer: Resizer::new(),
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
    /// [`PreprocessError`] if the spec is out of range, or `out` or the frame's bytes are of the
    /// wrong length; `out` is then unchanged.
    pub fn run(&mut self, picture: &Picture<'_>, out: &mut [u8]) -> Result<(), PreprocessError> {
        let mut rgb = std::mem::take(&mut self.rgb);
        let done = picture
            .to_rgb(&mut rgb)
            .map_err(PreprocessError::from)
            .and_then(|()| self.run_rgb(picture.width(), picture.height(), &rgb, out));
        self.rgb = rgb;
        done
    }

    /// As [`run`](Self::run), from packed RGB bytes.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_rgb(
        &mut self,
        width: u32,
        height: u32,
        rgb: &[u8],
        out: &mut [u8],
    ) -> Result<(), PreprocessError> {
        check_rgb(width, height, rgb.len())?;
        self.check_output(out.len())?;
        let target = (self.spec.width, self.spec.height);
        if (width, height) == target {
            out.copy_from_slice(rgb);
            return Ok(());
        }
        let (from, to) = match self.spec.fit {
            Fit::CenterCrop => (
                geometry::center_crop((width, height), target),
                Rect::whole(target),
            ),
            Fit::Stretch => (Rect::whole((width, height)), Rect::whole(target)),
            Fit::Letterbox => {
                // A pixel at the mean is exactly zero to the net, like the padding of its convolutions.
                out.fill(self.spec.mean as u8);
                (
                    Rect::whole((width, height)),
                    geometry::letterbox((width, height), target),
                )
            }
        };
        self.resize((width, height), rgb, from, to, out)
    }

    /// Appends one image at the model's size to a set's pixels.
    ///
    /// # Errors
    /// As [`run`](Self::run).
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
        self.run_rgb(width, height, rgb, &mut images[start..])
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

    fn resize(
        &mut self,
        (width, height): (u32, u32),
        rgb: &[u8],
        from: Rect,
        to: Rect,
        out: &mut [u8],
    ) -> Result<(), PreprocessError> {
        fn failed(error: impl std::fmt::Display) -> PreprocessError {
            PreprocessError::Resize(error.to_string())
        }
        // By type, so that only this type's code is linked.
        let source = TypedImageRef::<U8x3>::from_buffer(width, height, rgb).map_err(failed)?;
        let target = TypedImage::<U8x3>::from_buffer(self.spec.width, self.spec.height, out)
            .map_err(failed)?;
        let mut target = TypedCroppedImageMut::new(target, to.left, to.top, to.width, to.height)
            .map_err(failed)?;
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
            .crop(
                from.left.into(),
                from.top.into(),
                from.width.into(),
                from.height.into(),
            )
            .use_alpha(false);
        self.resizer
            .resize_typed(&source, &mut target, &options)
            .map_err(failed)
    }
}
