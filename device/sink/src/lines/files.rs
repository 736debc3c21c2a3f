use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::Path;

/// What a file is, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) device: u64,
    pub(super) inode: u64,
}

/// The file system, as far as a log needs it.
pub(super) trait Files {
    type File: LogFile;

    /// Opens for reading and appending; makes it where it is absent.
    fn open(&mut self, path: &Path) -> io::Result<Self::File>;

    /// What lies at a path.
    fn identity(&mut self, path: &Path) -> io::Result<Identity>;

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;

    fn remove(&mut self, path: &Path) -> io::Result<()>;
}

/// A file that grows.
pub(super) trait LogFile {
    fn identity(&self) -> io::Result<Identity>;

    /// Its length; `None` if it is no regular file, which has none and is not rotated.
    fn len(&self) -> io::Result<Option<u64>>;

    fn last_byte(&self, len: u64) -> io::Result<u8>;

    /// Appends some of the bytes, and gives how many.
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize>;

    fn truncate(&mut self, len: u64) -> io::Result<()>;
}

/// The real one.
#[derive(Debug)]
pub(super) struct System;

impl Files for System {
    type File = File;

    fn open(&mut self, path: &Path) -> io::Result<File> {
        // A pipe without a reader would not open at all.
        if fs::metadata(path).is_ok_and(|m| unfit(m.file_type())) {
            return Err(io::Error::other("expected a regular file"));
        }
        OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
    }

    fn identity(&mut self, path: &Path) -> io::Result<Identity> {
        fs::metadata(path).map(|m| of(&m))
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

impl LogFile for File {
    fn identity(&self) -> io::Result<Identity> {
        self.metadata().map(|m| of(&m))
    }

    fn len(&self) -> io::Result<Option<u64>> {
        self.metadata().map(|m| m.is_file().then(|| m.len()))
    }

    fn last_byte(&self, len: u64) -> io::Result<u8> {
        let mut byte = [0];
        self.read_exact_at(&mut byte, len.saturating_sub(1))?;
        Ok(byte[0])
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write(bytes)
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }
}

fn unfit(kind: FileType) -> bool {
    kind.is_fifo() || kind.is_socket() || kind.is_dir() || kind.is_block_device()
}

fn of(metadata: &fs::Metadata) -> Identity {
    Identity {
        device: metadata.dev(),
        inode: metadata.ino(),
    }
}
