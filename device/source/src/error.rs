use std::path::PathBuf;

use normgate_frame::FrameError;
use normgate_frame::image_file::ImageFileError;

/// Why a source gives no frame. Each message is one line.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The URI names no source that exists.
    #[error(
        "unknown source `{uri}`; expected demo:, dir:PATH, file:PATH, v4l2:DEVICE or - (video on standard input)"
    )]
    UnknownScheme {
        /// As given.
        uri: String,
    },
    /// An option of a URI is unknown, missing or out of range.
    #[error("source `{uri}`: {found}; expected {expected}")]
    Option {
        /// As given.
        uri: String,
        /// What is wrong.
        found: String,
        /// What would be taken.
        expected: String,
    },
    /// Standard input is a person's terminal.
    #[error("standard input is a terminal; expected raw, Y4M or MJPEG video from a pipe or a file")]
    Terminal,
    /// A folder has no image.
    #[error("{}: no image; expected PNG, JPEG, WebP or BMP files in it or in its folders", path.display())]
    NoImages {
        /// The folder.
        path: PathBuf,
    },
    /// A file, a folder or a stream cannot be opened or read.
    #[error("{name}: {source}")]
    Io {
        /// What was read.
        name: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// One image file cannot be read: the next one may be fine.
    #[error(transparent)]
    Image(#[from] ImageFileError),
    /// A stream breaks its format.
    #[error("{name}: byte {offset}: {found}; expected {expected}")]
    Stream {
        /// The stream.
        name: String,
        /// Bytes of the stream before the fault.
        offset: u64,
        /// What is there.
        found: String,
        /// What the format asks for.
        expected: String,
    },
    /// A frame has too few bytes: those before and behind it may be fine.
    #[error("{name}: frame {id} ends after {found} of {expected} bytes")]
    Truncated {
        /// The stream.
        name: String,
        /// The frame's place, from 0.
        id: u64,
        /// Bytes that are there.
        found: u64,
        /// Bytes of a whole frame.
        expected: u64,
    },
    /// A stream's frames have a size that no frame may have.
    #[error("{name}: {source}")]
    Size {
        /// The stream.
        name: String,
        /// What is wrong with the size.
        source: FrameError,
    },
    /// A frame is damaged: those before and behind it may be fine.
    #[error("{name}: frame {id}: {reason}")]
    BadFrame {
        /// The stream.
        name: String,
        /// The frame's place, from 0.
        id: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The thread that reads a live source died.
    #[error("{name}: the reading thread stopped unexpectedly")]
    ReaderDied {
        /// The source.
        name: String,
    },
    /// There is no such camera.
    #[error("{name}: no such camera; {known}")]
    NoCamera {
        /// As the URI names it.
        name: String,
        /// Which cameras there are.
        known: String,
    },
    /// A device is no camera.
    #[error("{name}: {found}; expected a V4L2 device that captures video")]
    NotCamera {
        /// The device.
        name: String,
        /// What it is.
        found: String,
    },
    /// Another program uses the camera.
    #[error("{name}: busy; another program is using the camera")]
    Busy {
        /// The device.
        name: String,
    },
    /// The user may not open the camera.
    #[error("{name}: permission denied; expected a user of the group `video`")]
    Permission {
        /// The device.
        name: String,
    },
    /// A camera does not give what was asked for.
    #[error("{name}: no {wanted}; it has {supported}")]
    Unsupported {
        /// The device.
        name: String,
        /// The format and size asked for.
        wanted: String,
        /// The formats and sizes that there are.
        supported: String,
    },
    /// This system has no cameras that could be opened.
    #[error(
        "source `{uri}`: cameras are opened on Linux only; expected video from a file or standard input"
    )]
    NoV4l2 {
        /// As given.
        uri: String,
    },
}

impl SourceError {
    /// Whether the source is dead. If not, one frame is bad and the next call goes on.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        !matches!(
            self,
            Self::Image(_) | Self::Truncated { .. } | Self::BadFrame { .. }
        )
    }
}
