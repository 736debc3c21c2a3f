//! Rejected frames, kept to be looked at and labelled.
//!
//! ```text
//! 20261123T202314057Z-1234.png    the picture; .jpg, byte for byte, where the camera gave JPEG
//! 20261123T202314057Z-1234.json   what is known of it, written last: a picture that has none is no reject
//! ```

mod disk;
mod encode;
mod folder;
mod note;
mod stem;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use normgate_frame::Picture;

use self::disk::System;
use self::folder::Folder;
use crate::{Demand, Event, Record, Sink, SinkError};

/// What a folder of rejects may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of all pictures and notes.
    pub max_bytes: u64,
    /// The most rejects: a picture and its note are one.
    pub max_files: usize,
    /// The least time between two of them, so that one long scene does not fill the folder. Zero takes each, and a
    /// source that can wait waits for it.
    pub every: Duration,
}

impl Default for Limits {
    /// 256 MiB, 10,000 rejects, one a second.
    fn default() -> Self {
        Self {
            max_bytes: 256 << 20,
            max_files: 10_000,
            every: Duration::from_secs(1),
        }
    }
}

/// Which rejects stay where there is no room for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// The newest: the oldest are evicted.
    #[default]
    Newest,
    /// The most uncertain, whose scores lie closest to the threshold. The others are evicted first, the unscored
    /// before any, and the older of two that are alike.
    Uncertain,
}

/// Keeps the pictures of rejected frames in a folder that never grows past its [`Limits`].
///
/// Files of other names in the folder are not touched. A reject is never there by half: it is written under a hidden
/// name first. On a full disk older ones make room for it, or it is missed.
#[derive(Debug)]
pub struct Rejects {
    folder: Folder<System>,
    every: Duration,
    last: Option<Instant>,
}

/// A folder that cannot keep rejects.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}; expected a folder for rejects that can be written to", path.display())]
pub struct RejectsError {
    /// The folder.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl Rejects {
    /// Opens or makes the folder, removes what an interrupted run left half done, counts what is there, and evicts
    /// what is over the limits.
    ///
    /// # Errors
    /// [`RejectsError`] if it cannot be made, listed or written to. A full disk is no error here.
    pub fn open(dir: impl Into<PathBuf>, limits: Limits, keep: Keep) -> Result<Self, RejectsError> {
        let path = dir.into();
        let folder = System::open(&path).and_then(|disk| Folder::open(disk, limits, keep));
        let folder = folder.map_err(|source| RejectsError { path, source })?;
        Ok(Self {
            folder,
            every: limits.every,
            last: None,
        })
    }

    fn keep(&mut self, record: &Record, picture: &Picture<'_>) -> Result<(), String> {
        let encoded = encode::encode(picture)?;
        let note = note::write(record, picture);
        let (stem, margin) = (stem::of(record), note::margin(record));
        let kept = self.folder.keep(&stem, &encoded, &note, margin);
        kept.map_err(|e| e.to_string())
    }

    fn is_due(&self) -> bool {
        self.last.is_none_or(|last| last.elapsed() >= self.every)
    }
}

impl Sink for Rejects {
    fn name(&self) -> &'static str {
        "rejects"
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), SinkError> {
        match event {
            Event::Record(record, Some(picture)) if !record.verdict.is_known() && self.is_due() => {
                self.last = Some(Instant::now());
                let kept = self.keep(record, &picture);
                kept.map_err(|why| {
                    SinkError::Missed(format!("{}: {why}", self.folder.path().display()))
                })
            }
            _ => Ok(()),
        }
    }

    fn demand(&self) -> Demand {
        match self.is_due() {
            true => Demand::Rejects,
            false => Demand::Nothing,
        }
    }

    fn is_lossless(&self) -> bool {
        self.every.is_zero()
    }
}
