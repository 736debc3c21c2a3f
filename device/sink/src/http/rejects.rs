//! The folder of rejected frames, read for a page. Files come and go while it is read.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The most frames in one answer.
pub(super) const LIMIT: usize = 100;
/// A description is a few hundred bytes.
const DESCRIPTION_BYTES: u64 = 1 << 16;
/// What an image may be called after its stem, and what it is then.
const IMAGES: [(&str, &str); 2] = [("png", "image/png"), ("jpg", "image/jpeg")];

/// Frames of the folder, the newest first.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    /// Frames in the folder.
    total: usize,
    rejects: Vec<Reject>,
    /// The stem to ask for what is before; none if nothing is.
    next: Option<String>,
}

/// One frame, as its description says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default)]
struct Reject {
    #[serde(skip_deserializing)]
    stem: String,
    /// The image's name in the folder; none where it is not there.
    #[serde(skip_deserializing)]
    image: Option<String>,
    time: Value,
    frame: Option<u64>,
    name: Option<String>,
    model: Option<String>,
    graph_sha256: Option<String>,
    score: Option<f64>,
    score_name: Option<String>,
    threshold: Option<f64>,
    nearest: Option<String>,
    fault: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
}

impl Default for Reject {
    fn default() -> Self {
        Self {
            stem: String::new(),
            image: None,
            time: Value::Null,
            frame: None,
            name: None,
            model: None,
            graph_sha256: None,
            score: None,
            score_name: None,
            threshold: None,
            nearest: None,
            fault: None,
            width: None,
            height: None,
        }
    }
}

/// A file to send.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) file: File,
    pub(super) len: u64,
    pub(super) kind: &'static str,
}

/// At most `limit` frames before the stem `before`, or the newest.
///
/// # Errors
/// If the folder cannot be read; what vanishes or is broken in it is left out.
pub(super) fn list(folder: &Path, before: Option<&str>, limit: usize) -> io::Result<Page> {
    let entries = match fs::read_dir(folder) {
        // It is made with the first rejected frame.
        Err(e) if e.kind() == io::ErrorKind::NotFound => None,
        entries => Some(entries?),
    };
    let mut stems: Vec<String> = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let stem = name.strip_suffix(".json")?;
            is_stem(stem).then(|| stem.to_owned())
        })
        .collect();
    let total = stems.len();
    if let Some(before) = before {
        stems.retain(|stem| stem.as_str() < before);
    }
    stems.sort_unstable_by(|a, b| b.cmp(a));
    let more = stems.len() > limit;
    stems.truncate(limit);
    let next = stems.last().filter(|_| more).cloned();
    let rejects = stems
        .into_iter()
        .filter_map(|stem| describe(folder, stem))
        .collect();
    Ok(Page {
        total,
        rejects,
        next,
    })
}

fn describe(folder: &Path, stem: String) -> Option<Reject> {
    let (file, len) = open(&folder.join(format!("{stem}.json"))).ok()?;
    let mut text = Vec::new();
    if len > DESCRIPTION_BYTES {
        return None;
    }
    file.take(DESCRIPTION_BYTES).read_to_end(&mut text).ok()?;
    let mut reject: Reject = serde_json::from_slice(&text).ok()?;
    let there = |name: &String| fs::symlink_metadata(folder.join(name)).is_ok_and(|m| m.is_file());
    reject.image = IMAGES
        .iter()
        .map(|(end, _)| format!("{stem}.{end}"))
        .find(there);
    reject.stem = stem;
    Some(reject)
}

/// The file `name` of the folder: an image or a description, and nothing beside the folder.
pub(super) fn find(folder: &Path, name: &str) -> Option<Found> {
    let (stem, end) = name.rsplit_once('.')?;
    let kinds = IMAGES.into_iter().chain([("json", "application/json")]);
    let (_, kind) = kinds.into_iter().find(|&(e, _)| e == end)?;
    let (file, len) = open(&folder.join(name)).ok().filter(|_| is_stem(stem))?;
    Some(Found { file, len, kind })
}

/// Whether a name can only be a file's in this folder: no separators, no dots in front, no control characters.
fn is_stem(stem: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-_.+=,@".contains(&b);
    (1..=200).contains(&stem.len()) && !stem.starts_with('.') && stem.bytes().all(fits)
}

/// A plain file, not what a link leads to.
fn open(path: &Path) -> io::Result<(File, u64)> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let file = File::open(path)?;
    let len = file.metadata()?.len();
    Ok((file, len))
}

#[cfg(test)]
mod tests {
    use super::is_stem;

    #[test]
    fn a_stem_stays_in_its_folder() {
        for good in ["20260101T120000.123Z-42", "a", "x_1.b"] {
            assert!(is_stem(good), "{good}");
        }
        let long = "a".repeat(201);
        for bad in [
            "", ".", "..", ".hidden", "a/b", "a\\b", "a b", "a\0", "../a", "ä", "a\n", &long,
        ] {
            assert!(!is_stem(bad), "{bad:?}");
        }
    }
}
