use std::path::{Path, PathBuf};

use crate::frame::image_file::ImageFileError;
use crate::preprocess::PreprocessError;

/// Why an image set cannot be had. Each message is one line: the file, the place, what was expected.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// A file or folder cannot be opened or read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The path holds no layout that is known, or holds two.
    #[error("{}: {found}; expected {expected}", path.display())]
    Layout {
        /// The file or folder.
        path: PathBuf,
        /// What is there.
        found: String,
        /// What would be read.
        expected: &'static str,
    },
    /// A file breaks its format.
    #[error("{}: {place}: {found}; expected {expected}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The byte or the record.
        place: String,
        /// What is there.
        found: String,
        /// What the format asks for.
        expected: String,
    },
    /// A file has more bytes than one set may have.
    #[error("{}: more than {limit} bytes; expected a set that fits in memory", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most bytes that are read.
        limit: u64,
    },
    /// One image of a folder does not decode.
    #[error(transparent)]
    Image(#[from] ImageFileError),
    /// An image cannot be brought to the model's size.
    #[error("{}: {source}", path.display())]
    Preprocess {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: PreprocessError,
    },
    /// The parts of a set do not fit together.
    #[error("an image set with {found}; expected {expected}")]
    Shape {
        /// What was given.
        found: String,
        /// What a set needs.
        expected: String,
    },
}

impl DatasetError {
    pub(super) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn layout(path: &Path, found: impl Into<String>, expected: &'static str) -> Self {
        Self::Layout {
            path: path.to_owned(),
            found: found.into(),
            expected,
        }
    }

    pub(super) fn format(
        path: &Path,
        place: impl Into<String>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self::Format {
            path: path.to_owned(),
            place: place.into(),
            found: found.into(),
            expected: expected.into(),
        }
    }

    pub(super) fn preprocess(path: &Path, source: PreprocessError) -> Self {
        Self::Preprocess {
            path: path.to_owned(),
            source,
        }
    }
}
