use std::path::PathBuf;

use crate::frame::FrameError;
use crate::frame::image_file::ImageFileError;

/// Why a source gives no frame. Each message is one line.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The URI names no source that exists.
    #[error(
        "unknown source `{uri}`; expected demo:, dir:PATH or - (raw or Y4M video on standard input)"
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
    #[error("standard input is a terminal; expected raw or Y4M video from a pipe or a file")]
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
    /// A stream ends inside a frame: what came before it is fine.
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
    /// A frame's colours cannot be converted.
    #[error("{name}: frame {id}: {reason}")]
    Convert {
        /// The stream.
        name: String,
        /// The frame's place, from 0.
        id: u64,
        /// What the converter said.
        reason: String,
    },
    /// The thread that reads a live source died.
    #[error("{name}: the reading thread stopped unexpectedly")]
    ReaderDied {
        /// The source.
        name: String,
    },
}

impl SourceError {
    /// Whether the source is dead. If not, one frame is bad and the next call goes on.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        !matches!(
            self,
            Self::Image(_) | Self::Truncated { .. } | Self::Convert { .. }
        )
    }
}
