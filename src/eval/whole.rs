use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Writes files beside their places and then moves all of them there, so that a place has its old file or its whole new
/// one.
///
/// # Errors
/// The path that could not be written, and why. What was written beside it is gone then.
pub fn write(files: &[(PathBuf, &[u8])]) -> Result<(), (PathBuf, io::Error)> {
    let partials: Vec<PathBuf> = files.iter().map(|(path, _)| beside(path)).collect();
    let result = files
        .iter()
        .zip(&partials)
        .try_for_each(|((path, bytes), partial)| {
            fs::write(partial, bytes).map_err(|e| (path.clone(), e))
        });
    let result = result.and_then(|()| {
        files
            .iter()
            .zip(&partials)
            .try_for_each(|((path, _), partial)| {
                fs::rename(partial, path).map_err(|e| (path.clone(), e))
            })
    });
    if result.is_err() {
        for partial in &partials {
            let _ = fs::remove_file(partial);
        }
    }
    result
}

fn beside(path: &Path) -> PathBuf {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    partial.into()
}
