use std::io;
use std::path::PathBuf;

use super::append::AppendFile;
use super::files::System;
use crate::{Event, Sink, SinkError, json};

/// When a file of lines is begun anew, and what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// The most bytes of one file; a line that alone is longer has a file of its own.
    pub max_bytes: u64,
    /// Files kept beside it, `path.1` the newest of them; with 0 the file is deleted when it is full.
    pub keep: u32,
}

impl Default for Rotation {
    /// 16 MiB and four of them kept: 80 MiB, about 200,000 frames.
    fn default() -> Self {
        Self {
            max_bytes: 16 << 20,
            keep: 4,
        }
    }
}

/// Appends JSON lines to a file, rotates it, and survives a full disk.
///
/// The lines are those of [`JsonLines`](crate::JsonLines), and one when the loop begins. What could not be written is
/// lost, and the next event is tried again. A file that was deleted or renamed is made anew.
#[derive(Debug)]
pub struct JsonFile {
    file: AppendFile<System>,
}

/// A file that cannot be appended to.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}; expected a file that can be appended to", path.display())]
pub struct JsonFileError {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl JsonFile {
    /// Opens or makes the file. A full disk is no error here: it may have room later.
    ///
    /// # Errors
    /// [`JsonFileError`] if it cannot be opened: no permission, no such folder, not a file.
    pub fn open(path: impl Into<PathBuf>, rotation: Rotation) -> Result<Self, JsonFileError> {
        let path = path.into();
        let mut file = AppendFile::new(System, path.clone(), rotation);
        match file.ready() {
            Err(source) if !is_full(&source) => Err(JsonFileError { path, source }),
            _ => Ok(Self { file }),
        }
    }
}

impl Sink for JsonFile {
    fn name(&self) -> &'static str {
        "json_file"
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), SinkError> {
        let line = json::line(event);
        self.file
            .put(line.as_bytes())
            .map_err(|e| SinkError::Missed(format!("{}: {e}", self.file.path().display())))
    }

    fn is_lossless(&self) -> bool {
        true
    }
}

/// Whether a device or a quota has no room left.
pub(crate) fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded)
}
