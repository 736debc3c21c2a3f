//! Where frames come from.
//!
//! | URI | frames |
//! | --- | --- |
//! | `demo:` | sample images inside the program; `hold=N` shows each N times |
//! | `dir:PATH` | image files of a folder |
//! | `file:PATH` | Y4M or MJPEG video, told apart by content, or raw as below; `fps=N` or `live=yes` paces it like a camera, `loop=yes` repeats it |
//! | `-` | video on standard input: Y4M or MJPEG, or raw with `size=WxH` and `format=rgb24`, `grey`, `yuyv`, `nv12` or `i420`, and with `matrix=bt601` or `bt709`, `range=limited` or `full`; `live=yes` or `no` |
//! | `v4l2:DEVICE` | a camera: `/dev/videoN`, or its name in `/dev/v4l/by-id` or `by-path`; options: [`cameras`] and the table below |
//!
//! Options follow a question mark: `v4l2:/dev/video0?size=640x480&format=yuyv`.
//!
//! | of `v4l2:` | what | without |
//! | --- | --- | --- |
//! | `size=WxH` | the frames' size | what is nearest to 640x480 |
//! | `format=` | `yuyv`, `nv12`, `i420`, `rgb24`, `mjpeg`, `grey` or `auto` | `auto`: of the formats with the best size the first of this list |
//! | `fps=N` | the frame rate asked for; the driver may grant another | the driver's |
//! | `settle=N` | frames that are skipped after each opening, while exposure settles | 5 |
//! | `buffers=N` | buffers asked for, 2 to 32 | 4 |
//! | `wait=yes` | a camera that cannot be opened is waited for, also at the start | an error |
//! | `matrix=`, `range=` | as for raw video | what the driver says; BT.601 limited if it says nothing |
//!
//! A source shows frames one after the other, each in the source's own memory, then says [`Next::End`] for ever. It
//! never waits much longer than [`PATIENCE`] in one call: with no frame by then it says [`Next::Waiting`], and its
//! caller can look after signals and watchdogs. A bad frame is an error that is not [fatal](SourceError::is_fatal):
//! the next call goes on with the next frame.

#![forbid(unsafe_code)]

use std::path::Path;
use std::time::Duration;

use normgate_frame::Frame;

mod camera;
mod demo;
mod dir;
mod error;
mod file;
mod options;
mod paced;
mod stdin;
mod stream;
mod threaded;
mod video;

pub use camera::{Camera, CameraMode, CameraSize, cameras};
pub use demo::DemoSource;
pub use dir::DirSource;
pub use error::SourceError;
pub use stream::{RawVideo, VideoStream};
pub use threaded::Threaded;

/// The longest that one call of [`Source::next`] waits for a frame.
pub const PATIENCE: Duration = Duration::from_millis(200);

/// What a call of [`Source::next`] came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// A frame was shown.
    Frame,
    /// No frame yet; the source is there and may give one later.
    Waiting,
    /// The source is away (unplugged, say) and is tried again by itself. Whatever was said of its last frame is void.
    Lost {
        /// Why, for a person, on one line.
        why: String,
    },
    /// There will be no further frame.
    End,
}

/// Shows frames one after the other.
pub trait Source: Send {
    /// Shows the next frame to `visit`, once, or says why there is none. The frame lies in the source's memory, a
    /// camera's buffer for example, and goes back to it when `visit` returns.
    ///
    /// # Errors
    /// [`SourceError`], with no frame shown. After one that is not fatal the next call goes on; after a fatal one
    /// every call says [`Next::End`].
    fn next(&mut self, visit: &mut dyn FnMut(&Frame<'_>)) -> Result<Next, SourceError>;

    /// Whether frames come at the world's own pace, so that an old one is worth nothing once a newer one is there.
    fn is_live(&self) -> bool;

    /// What the source is, for a person: `dir:photos (12 images)`.
    fn describe(&self) -> String;

    /// Frames that were taken but given up for a newer one.
    fn dropped_frames(&self) -> u64 {
        0
    }
}

/// Opens the source that `uri` names (the table above).
///
/// # Errors
/// [`SourceError`] if there is no such source, or it cannot be opened, or an option is wrong.
pub fn open(uri: &str) -> Result<Box<dyn Source>, SourceError> {
    if let Some(rest) = uri.strip_prefix("demo:") {
        Ok(Box::new(DemoSource::open(uri, rest)?))
    } else if let Some(path) = uri.strip_prefix("dir:") {
        Ok(Box::new(DirSource::open(Path::new(path))?))
    } else if let Some(rest) = uri.strip_prefix("file:") {
        file::open(uri, rest)
    } else if let Some(rest) = uri.strip_prefix("v4l2:") {
        camera::open(uri, rest)
    } else if let Some(query) = uri
        .strip_prefix('-')
        .filter(|rest| rest.is_empty() || rest.starts_with('?'))
    {
        stdin::open(uri, query)
    } else {
        Err(SourceError::UnknownScheme {
            uri: uri.to_owned(),
        })
    }
}
