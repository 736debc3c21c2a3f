use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Seek};
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageDecoder, ImageReader, Limits};

use crate::{FrameError, OwnedFrame, rgb_len};

/// The file name extensions that are taken for images, in lower case.
pub const EXTENSIONS: [&str; 5] = ["png", "jpg", "jpeg", "webp", "bmp"];

/// Working memory that a decoder may ask for, beyond which the file is refused.
const MAX_DECODER_BYTES: u64 = 1 << 30;

/// A decoded image: packed RGB, 8 bits a channel.
///
/// Grey becomes RGB, 16-bit channels are scaled to 8, alpha is dropped, and a camera's EXIF
/// orientation is applied, so that the picture stands upright.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RgbImage {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// `width * height * 3` bytes: R, G, B of each pixel, row by row.
    pub rgb: Vec<u8>,
}

impl RgbImage {
    /// The image as a frame that was taken now, without truth.
    ///
    /// # Errors
    /// [`FrameError`] if the bytes do not fill the size.
    pub fn into_frame(self, id: u64, name: String) -> Result<OwnedFrame, FrameError> {
        OwnedFrame::rgb(id, name, self.width, self.height, self.rgb)
    }
}

/// An image that cannot be had from a file.
#[derive(Debug, thiserror::Error)]
pub enum ImageFileError {
    /// The file cannot be opened or read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not an image of a known format, or a broken one.
    #[error("{name}: not a readable image ({reason}); expected PNG, JPEG, WebP or BMP")]
    Decode {
        /// The file or the embedded image.
        name: String,
        /// What the decoder said.
        reason: String,
    },
    /// Too many pixels, or none.
    #[error("{name}: {source}")]
    Size {
        /// The file or the embedded image.
        name: String,
        /// The size that was refused.
        source: FrameError,
    },
}

/// Reads one image file; the content decides the format, not the name.
///
/// # Errors
/// [`ImageFileError`] naming the file: unreadable, of another format, damaged, or larger than
/// [`MAX_PIXELS`](crate::MAX_PIXELS) (found before its pixels are allocated).
pub fn read(path: &Path) -> Result<RgbImage, ImageFileError> {
    let file = File::open(path).map_err(|source| ImageFileError::Io {
        path: path.to_owned(),
        source,
    })?;
    decode_from(BufReader::new(file), &path.display().to_string())
}

/// Decodes an image file that is in memory; `name` is what errors call it.
///
/// # Errors
/// As [`read`].
pub fn decode(bytes: &[u8], name: &str) -> Result<RgbImage, ImageFileError> {
    decode_from(Cursor::new(bytes), name)
}

/// Whether a path's extension is one of [`EXTENSIONS`], in either case.
pub fn has_image_extension(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| {
            EXTENSIONS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(extension))
        })
}

fn decode_from(input: impl BufRead + Seek, name: &str) -> Result<RgbImage, ImageFileError> {
    let broken = |reason: String| ImageFileError::Decode {
        name: name.to_owned(),
        reason: one_line(&reason),
    };
    let too_big = |source| ImageFileError::Size {
        name: name.to_owned(),
        source,
    };
    let mut reader = ImageReader::new(input)
        .with_guessed_format()
        .map_err(|error| broken(error.to_string()))?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    reader.limits(limits);
    let mut decoder = reader
        .into_decoder()
        .map_err(|error| broken(error.to_string()))?;
    let (width, height) = decoder.dimensions();
    rgb_len(width, height).map_err(too_big)?;
    let orientation = decoder
        .orientation()
        .map_err(|error| broken(error.to_string()))?;
    let mut image =
        DynamicImage::from_decoder(decoder).map_err(|error| broken(error.to_string()))?;
    image.apply_orientation(orientation);
    let image = image.into_rgb8();
    Ok(RgbImage {
        width: image.width(),
        height: image.height(),
        rgb: image.into_raw(),
    })
}

/// Decoders' reasons can hold line ends; an error here is one line.
fn one_line(reason: &str) -> String {
    reason.split_whitespace().collect::<Vec<_>>().join(" ")
}
