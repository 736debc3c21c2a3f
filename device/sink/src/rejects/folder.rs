use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::disk::Disk;
use super::encode::Encoded;
use super::stem::{NOTE, Name, partial};
use super::{Keep, Limits, note};
use crate::lines::is_full;

/// A folder of rejects and what is known to be in it.
#[derive(Debug)]
pub(super) struct Folder<D> {
    disk: D,
    limits: Limits,
    keep: Keep,
    /// The oldest first.
    entries: Vec<Entry>,
    bytes: u64,
}

#[derive(Debug)]
struct Entry {
    stem: String,
    /// The picture's extension.
    extension: &'static str,
    bytes: u64,
    /// How far its score lies from the threshold.
    margin: f64,
}

impl<D: Disk> Folder<D> {
    /// Takes a folder over: halves are removed, the rest is counted, what is over the limits is evicted.
    pub(super) fn open(mut disk: D, limits: Limits, keep: Keep) -> io::Result<Self> {
        probe(&mut disk)?;
        let mut halves: BTreeMap<String, (Option<(&'static str, u64)>, Option<u64>)> =
            BTreeMap::new();
        for (name, len) in disk.list()? {
            let Some(name) = name.to_str() else { continue };
            match Name::parse(name) {
                Some(Name::Partial) => remove(&mut disk, name)?,
                Some(Name::Note(stem)) => halves.entry(stem.to_owned()).or_default().1 = Some(len),
                Some(Name::Picture(stem, extension)) => {
                    let twice = halves.entry(stem.to_owned()).or_default();
                    twice.0 = Some((extension, len));
                }
                None => {}
            }
        }
        let mut folder = Self {
            disk,
            limits,
            keep,
            entries: Vec::new(),
            bytes: 0,
        };
        for (stem, half) in halves {
            match half {
                (Some((extension, picture)), Some(note)) => {
                    let text = folder.disk.read(&format!("{stem}.{NOTE}"));
                    folder.add(Entry {
                        stem,
                        extension,
                        bytes: picture.saturating_add(note),
                        margin: text.map_or(f64::INFINITY, |text| note::margin_of(&text)),
                    });
                }
                (Some((extension, _)), None) => {
                    remove(&mut folder.disk, &format!("{stem}.{extension}"))?;
                }
                (None, _) => remove(&mut folder.disk, &format!("{stem}.{NOTE}"))?,
            }
        }
        while folder.is_over(0, 0) && !folder.entries.is_empty() {
            let worst = folder.worst();
            folder.evict(worst)?;
        }
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        self.disk.path()
    }

    /// Keeps a reject, if it is worth the place of those that go for it.
    pub(super) fn keep(
        &mut self,
        stem: &str,
        picture: &Encoded,
        note: &[u8],
        margin: f64,
    ) -> io::Result<()> {
        let size = picture.bytes.len() as u64 + note.len() as u64;
        if size > self.limits.max_bytes || self.limits.max_files == 0 {
            let most = self.limits.max_bytes;
            return Err(io::Error::other(format!(
                "a reject of {size} bytes: expected at most {most}"
            )));
        }
        let entry = Entry {
            stem: self.free_stem(stem),
            extension: picture.extension,
            bytes: size,
            margin,
        };
        while self.is_over(size, 1) {
            if !self.make_room(margin)? {
                return Ok(());
            }
        }
        // On a full disk those that it may replace go, until they have freed as much as it takes.
        let mut freed = 0;
        loop {
            match self.write(&entry, picture, note) {
                Ok(()) => break,
                Err(e) if is_full(&e) && freed < size => {
                    let before = self.bytes;
                    if !self.make_room(margin)? {
                        return Err(e);
                    }
                    freed += before - self.bytes;
                }
                Err(e) => return Err(e),
            }
        }
        self.add(entry);
        Ok(())
    }

    /// Evicts one for a reject of this margin; false if all that are there are worth more.
    fn make_room(&mut self, margin: f64) -> io::Result<bool> {
        let Some(worst) = self.entries.get(self.worst()) else {
            return Ok(false);
        };
        if self.keep == Keep::Uncertain && worst.margin < margin {
            return Ok(false);
        }
        self.evict(self.worst())?;
        Ok(true)
    }

    /// The place of the one that goes first, the oldest of those that are alike.
    fn worst(&self) -> usize {
        match self.keep {
            Keep::Newest => 0,
            Keep::Uncertain => {
                let most = self.entries.iter().map(|entry| entry.margin);
                let most = most.fold(f64::NEG_INFINITY, f64::max);
                let place = self.entries.iter().position(|entry| entry.margin == most);
                place.unwrap_or(0)
            }
        }
    }

    fn is_over(&self, bytes: u64, more: usize) -> bool {
        self.bytes.saturating_add(bytes) > self.limits.max_bytes
            || self.entries.len() + more > self.limits.max_files
    }

    /// The note goes first: a picture without one is removed when the folder is opened.
    fn evict(&mut self, place: usize) -> io::Result<()> {
        let Entry {
            stem, extension, ..
        } = &self.entries[place];
        remove(&mut self.disk, &format!("{stem}.{NOTE}"))?;
        remove(&mut self.disk, &format!("{stem}.{extension}"))?;
        self.bytes -= self.entries.remove(place).bytes;
        Ok(())
    }

    /// Both files or none. The note is renamed last.
    fn write(&mut self, entry: &Entry, picture: &Encoded, note: &[u8]) -> io::Result<()> {
        let image = format!("{}.{}", entry.stem, entry.extension);
        let text = format!("{}.{NOTE}", entry.stem);
        let (part, text_part) = (partial(&image), partial(&text));
        let disk = &mut self.disk;
        let done = disk
            .write(&part, &picture.bytes)
            .and_then(|()| disk.write(&text_part, note))
            .and_then(|()| disk.rename(&part, &image))
            .and_then(|()| disk.rename(&text_part, &text));
        if done.is_err() {
            // What cannot be removed now goes when the folder is opened again.
            for name in [&text_part, &part, &image] {
                let _ = disk.remove(name);
            }
        }
        done
    }

    /// `stem`, or the first of `stem-2`, `stem-3`, ... that is not there: a clock that stands still repeats itself.
    fn free_stem(&self, stem: &str) -> String {
        let taken = |stem: &str| self.entries.iter().any(|entry| entry.stem == stem);
        let mut free = stem.to_owned();
        let mut number = 2;
        while taken(&free) {
            free = format!("{stem}-{number}");
            number += 1;
        }
        free
    }

    fn add(&mut self, entry: Entry) {
        self.bytes = self.bytes.saturating_add(entry.bytes);
        self.entries.push(entry);
    }
}

/// Whether files can be made here. A full disk may have room later.
fn probe<D: Disk>(disk: &mut D) -> io::Result<()> {
    const NAME: &str = ".00000000T000000000Z-0.json.part";
    match disk.write(NAME, b"{}\n") {
        Err(e) if !is_full(&e) => Err(e),
        // Made by half on a full disk, perhaps.
        _ => remove(disk, NAME),
    }
}

/// Removes a file, which someone else may have done already.
fn remove<D: Disk>(disk: &mut D, name: &str) -> io::Result<()> {
    match disk.remove(name) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}
