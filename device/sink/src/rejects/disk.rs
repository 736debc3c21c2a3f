use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// One folder, as far as rejects need it. Names are those in the folder.
pub(super) trait Disk {
    fn path(&self) -> &Path;

    /// Regular files: names and lengths.
    fn list(&mut self) -> io::Result<Vec<(OsString, u64)>>;

    fn read(&mut self, name: &str) -> io::Result<Vec<u8>>;

    /// Makes a file and waits until it lies on the disk.
    fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<()>;

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;

    fn remove(&mut self, name: &str) -> io::Result<()>;
}

/// The real one.
#[derive(Debug)]
pub(super) struct System {
    path: PathBuf,
}

impl System {
    /// Makes the folder where it is absent.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self {
            path: path.to_owned(),
        })
    }
}

impl Disk for System {
    fn path(&self) -> &Path {
        &self.path
    }

    fn list(&mut self) -> io::Result<Vec<(OsString, u64)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            // Of the entry itself: a link is not followed.
            match entry.metadata() {
                Ok(m) if m.is_file() => files.push((entry.file_name(), m.len())),
                _ => {}
            }
        }
        Ok(files)
    }

    fn read(&mut self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.path.join(name))
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::create(self.path.join(name))?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }
}
