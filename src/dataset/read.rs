use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use super::DatasetError;
use crate::frame::listing::{self, Listing};

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

/// As [`listing::list`], with the folder in the error.
pub(super) fn entries(folder: &Path) -> Result<Listing, DatasetError> {
    listing::list(folder).map_err(|source| DatasetError::io(folder, source))
}
