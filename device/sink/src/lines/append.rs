use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::files::{Files, LogFile};
use super::json_file::Rotation;

/// A file of whole lines that is appended to and rotated.
///
/// Whatever fails, each line that was taken is in the files once and whole, in order. What is cut short is taken back;
/// where that fails too, the next line begins on a line of its own.
#[derive(Debug)]
pub(super) struct AppendFile<F: Files> {
    files: F,
    path: PathBuf,
    rotation: Rotation,
    open: Option<Open<F::File>>,
}

#[derive(Debug)]
struct Open<T> {
    file: T,
    /// Its length when it was looked at, with what was appended since; `None` for what is no regular file.
    len: Option<u64>,
    /// The last line has no end.
    torn: bool,
}

impl<F: Files> AppendFile<F> {
    /// A file that is not open yet.
    pub(super) fn new(files: F, path: PathBuf, rotation: Rotation) -> Self {
        Self {
            files,
            path,
            rotation,
            open: None,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a line, which has its end.
    pub(super) fn put(&mut self, line: &[u8]) -> io::Result<()> {
        self.ready()?;
        let size = line.len() as u64;
        let full = |open: &Open<F::File>| {
            open.len
                .is_some_and(|len| len > 0 && len.saturating_add(size) > self.rotation.max_bytes)
        };
        if self.open.as_ref().is_some_and(full) {
            self.rotate()?;
            self.ready()?;
        }
        match &mut self.open {
            Some(open) => open.put(line),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Opens the file unless the open one is still what its path leads to: others rotate, rename, cut and delete too.
    pub(super) fn ready(&mut self) -> io::Result<()> {
        if let Some(open) = &mut self.open {
            let there = self.files.identity(&self.path);
            if there.is_ok_and(|there| open.file.identity().is_ok_and(|own| own == there)) {
                return open.look();
            }
            self.open = None;
        }
        let file = self.files.open(&self.path)?;
        let mut open = Open {
            file,
            len: None,
            torn: false,
        };
        open.look()?;
        self.open = Some(open);
        Ok(())
    }

    /// Makes place: `path` becomes `path.1`, `path.1` becomes `path.2`, up to the first number that is free, else the
    /// last one goes. To do it again after it failed half way loses nothing.
    fn rotate(&mut self) -> io::Result<()> {
        let keep = self.rotation.keep;
        if keep == 0 {
            self.files.remove(&self.path)?;
            self.open = None;
            return Ok(());
        }
        let mut free = 1;
        while free < keep && self.exists(free)? {
            free += 1;
        }
        for to in (2..=free).rev() {
            self.files
                .rename(&self.numbered(to - 1), &self.numbered(to))?;
        }
        self.files.rename(&self.path, &self.numbered(1))?;
        self.open = None;
        Ok(())
    }

    fn exists(&mut self, number: u32) -> io::Result<bool> {
        let path = self.numbered(number);
        match self.files.identity(&path) {
            Ok(_) => Ok(true),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(e),
        }
    }

    fn numbered(&self, number: u32) -> PathBuf {
        let mut name = OsString::from(&self.path);
        name.push(format!(".{number}"));
        PathBuf::from(name)
    }
}

impl<T: LogFile> Open<T> {
    /// Looks where the file ends, and whether there ends a line: a crash or a full disk can have cut the last one.
    fn look(&mut self) -> io::Result<()> {
        let len = self.file.len()?;
        if len != self.len {
            self.torn = match len {
                Some(len) if len > 0 => self.file.last_byte(len)? != b'\n',
                _ => false,
            };
            self.len = len;
        }
        Ok(())
    }

    fn put(&mut self, line: &[u8]) -> io::Result<()> {
        if self.torn {
            self.file.append(b"\n").and_then(whole(1))?;
            self.torn = false;
            self.len = self.file.len()?;
        }
        let mut rest = line;
        while !rest.is_empty() {
            match self.file.append(rest) {
                Ok(0) => {
                    return self
                        .take_back(rest.len() < line.len(), io::ErrorKind::WriteZero.into());
                }
                Ok(n) => rest = rest.get(n..).unwrap_or_default(),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return self.take_back(rest.len() < line.len(), e),
            }
        }
        self.len = self.len.map(|len| len.saturating_add(line.len() as u64));
        Ok(())
    }

    /// Takes back a line that was begun.
    fn take_back(&mut self, begun: bool, error: io::Error) -> io::Result<()> {
        if begun {
            let back = self.len.map(|len| self.file.truncate(len));
            self.torn = !matches!(back, Some(Ok(())));
        }
        Err(error)
    }
}

fn whole(expected: usize) -> impl Fn(usize) -> io::Result<()> {
    move |found| match found == expected {
        true => Ok(()),
        false => Err(io::ErrorKind::WriteZero.into()),
    }
}
