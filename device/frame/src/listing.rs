use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What lies in one folder, each list sorted by the bytes of the names, hidden names left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Everything but folders.
    pub files: Vec<PathBuf>,
    /// Folders.
    pub folders: Vec<PathBuf>,
}

/// Lists one folder, without what lies in its folders.
///
/// # Errors
/// The system's, if the folder cannot be read.
pub fn list(folder: &Path) -> io::Result<Listing> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if name_of(&path).starts_with('.') {
            continue;
        }
        if path.is_dir() {
            folders.push(path);
        } else {
            files.push(path);
        }
    }
    files.sort();
    folders.sort();
    Ok(Listing { files, folders })
}

/// A path's last part as text, empty if it has none.
#[must_use]
pub fn name_of(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}
