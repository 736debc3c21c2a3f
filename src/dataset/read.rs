use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::DatasetError;

/// The most bytes of one binary file that are read, after decompression: 4 GiB.
const MAX_FILE_BYTES: u64 = 1 << 32;

/// A whole file, capped. Memory follows the bytes that are really there.
pub(super) fn file(path: &Path) -> Result<Vec<u8>, DatasetError> {
    let input = File::open(path).map_err(|source| DatasetError::io(path, source))?;
    to_end(path, input)
}

/// As [`file`], from a stream that belongs to `path`.
pub(super) fn to_end(path: &Path, input: impl Read) -> Result<Vec<u8>, DatasetError> {
    let mut bytes = Vec::new();
    input
        .take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| DatasetError::io(path, source))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(DatasetError::TooLarge {
            path: path.to_owned(),
            limit: MAX_FILE_BYTES,
        });
    }
    Ok(bytes)
}

/// Names in a text file, one a line, if the file is there.
pub(super) fn names(path: &Path) -> Result<Option<Vec<String>>, DatasetError> {
    if !path.is_file() {
        return Ok(None);
    }
    let text = fs::read_to_string(path).map_err(|source| DatasetError::io(path, source))?;
    let names = text.lines().map(str::trim).filter(|name| !name.is_empty());
    Ok(Some(names.map(str::to_owned).collect()))
}

/// The files and the folders in `folder`, each sorted by name, hidden ones left out.
pub(super) fn entries(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), DatasetError> {
    let failed = |source| DatasetError::io(folder, source);
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if file_name(&path).starts_with('.') {
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
    Ok((files, folders))
}

/// A path's last part as text, empty if it has none.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}
