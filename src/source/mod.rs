//! Where frames come from.
//!
//! ```text
//! open(uri) --+-- demo:     sample images inside the program
//!             +-- dir:PATH  image files of a folder
//!             +-- -         raw or Y4M video on standard input
//! live? ------+-- NewestFrame: a slow consumer gets the newest frame, never a queue of old ones
//! ```
//!
//! A source yields frames, then `None` for ever. A bad frame is an error that is not
//! [fatal](SourceError::is_fatal): the next call goes on with the next frame.

/// The sample images inside the program.
mod demo;

/// A folder's image files.
mod dir;

/// A video as a stream of bytes.
pub mod video;

/// Standard input.
mod stdin;

/// One slot between a live source and a slow consumer.
mod newest;

mod error;
mod options;

use crate::frame::Frame;

pub use demo::DemoSource;
pub use dir::DirSource;
pub use error::SourceError;
pub use newest::NewestFrame;

/// Yields frames one after the other.
pub trait Source: Send {
    /// The next frame; `None` at the end and from then on. Waits for a frame that is not there yet.
    ///
    /// # Errors
    /// [`SourceError`]. After one that is not fatal the next call goes on; after a fatal one every
    /// call yields `None`.
    fn next_frame(&mut self) -> Result<Option<Frame>, SourceError>;

    /// Whether frames come at the world's own pace, so that an old one is worth nothing once a
    /// newer one is there.
    fn is_live(&self) -> bool;

    /// What the source is, for a person: `dir:photos (12 images)`.
    fn describe(&self) -> String;

    /// Frames that were taken but given up for a newer one.
    fn dropped_frames(&self) -> u64 {
        0
    }
}

impl<S: Source + ?Sized> Source for Box<S> {
    fn next_frame(&mut self) -> Result<Option<Frame>, SourceError> {
        (**self).next_frame()
    }

    fn is_live(&self) -> bool {
        (**self).is_live()
    }

    fn describe(&self) -> String {
        (**self).describe()
    }

    fn dropped_frames(&self) -> u64 {
        (**self).dropped_frames()
    }
}

/// Opens a source by its URI.
///
/// | URI | frames |
/// | --- | --- |
/// | `demo:` or `demo:?hold=N` | the program's sample images, each N times (1) |
/// | `dir:PATH` | the image files in a folder and its folders, by name |
/// | `-` or `-?live=yes` | a Y4M video on standard input |
/// | `-?size=WxH&format=F` | raw video on standard input; F: rgb24, grey, yuyv, nv12 or i420 |
///
/// Standard input is live if it is a pipe and not if it is a file; `live=yes` or `live=no` says
/// otherwise. A live source is not wrapped: see [`NewestFrame`].
///
/// # Errors
/// [`SourceError`] if the scheme or an option is not known, or the source is not there. A stream's
/// content is only looked at by the first [`Source::next_frame`].
pub fn open(uri: &str) -> Result<Box<dyn Source>, SourceError> {
    if let Some(query) = uri.strip_prefix('-')
        && (query.is_empty() || query.starts_with('?'))
    {
        return Ok(Box::new(stdin::open(uri, query)?));
    }
    match uri.split_once(':') {
        Some(("demo", query)) => Ok(Box::new(DemoSource::open(uri, query)?)),
        Some(("dir", path)) => Ok(Box::new(DirSource::open(path.as_ref())?)),
        _ => Err(SourceError::UnknownScheme { uri: uri.into() }),
    }
}
