//! A file system that fails on demand.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use proptest::prelude::*;

use super::append::AppendFile;
use super::files::{Files, Identity, LogFile};
use super::json_file::Rotation;

/// Files by number, names by number, and what fails.
#[derive(Debug, Default)]
struct World {
    names: BTreeMap<PathBuf, u64>,
    contents: BTreeMap<u64, Vec<u8>>,
    next: u64,
    /// Bytes that the disk still takes.
    room: usize,
    truncate_fails: bool,
    rename_fails: bool,
    open_fails: bool,
}

#[derive(Debug, Clone, Default)]
struct Fake(Rc<RefCell<World>>);

#[derive(Debug)]
struct FakeFile(Fake, u64);

fn full() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

fn denied() -> io::Error {
    io::ErrorKind::PermissionDenied.into()
}

fn identity(inode: u64) -> Identity {
    Identity { device: 1, inode }
}

impl Files for Fake {
    type File = FakeFile;

    fn open(&mut self, path: &Path) -> io::Result<FakeFile> {
        let mut world = self.0.borrow_mut();
        if world.open_fails {
            return Err(denied());
        }
        let inode = match world.names.get(path) {
            Some(&inode) => inode,
            None => {
                world.next += 1;
                let inode = world.next;
                world.names.insert(path.to_owned(), inode);
                world.contents.insert(inode, Vec::new());
                inode
            }
        };
        Ok(FakeFile(self.clone(), inode))
    }

    fn identity(&mut self, path: &Path) -> io::Result<Identity> {
        let world = self.0.borrow();
        let inode = world.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(identity(*inode))
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.0.borrow_mut();
        if world.rename_fails {
            return Err(denied());
        }
        let inode = world.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        world.names.insert(to.to_owned(), inode);
        Ok(())
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        let removed = self.0.borrow_mut().names.remove(path);
        removed.map(drop).ok_or(io::ErrorKind::NotFound.into())
    }
}

impl LogFile for FakeFile {
    fn identity(&self) -> io::Result<Identity> {
        Ok(identity(self.1))
    }

    fn len(&self) -> io::Result<Option<u64>> {
        Ok(Some(self.0.0.borrow().contents[&self.1].len() as u64))
    }

    fn last_byte(&self, len: u64) -> io::Result<u8> {
        Ok(self.0.0.borrow().contents[&self.1][len as usize - 1])
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let world = &mut *self.0.0.borrow_mut();
        // Short writes, as a disk that fills up has them.
        let most = bytes.len().min(world.room).min(7);
        if most == 0 {
            return Err(full());
        }
        world.room -= most;
        let contents = world.contents.get_mut(&self.1);
        contents.unwrap().extend_from_slice(&bytes[..most]);
        Ok(most)
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        let world = &mut *self.0.0.borrow_mut();
        if world.truncate_fails {
            return Err(denied());
        }
        let contents = world.contents.get_mut(&self.1).unwrap();
        contents.truncate(len as usize);
        Ok(())
    }
}

impl Fake {
    fn lines(&self, name: &str) -> Vec<String> {
        let world = self.0.borrow();
        let Some(inode) = world.names.get(Path::new(name)) else {
            return Vec::new();
        };
        let text = String::from_utf8(world.contents[inode].clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// All lines, the oldest first.
    fn all(&self, keep: u32) -> Vec<String> {
        let numbered = (1..=keep).rev().map(|i| format!("log.{i}"));
        let names = numbered.chain(["log".to_owned()]);
        names.flat_map(|name| self.lines(&name)).collect()
    }
}

fn log(fake: &Fake, max_bytes: u64, keep: u32) -> AppendFile<Fake> {
    let rotation = Rotation { max_bytes, keep };
    AppendFile::new(fake.clone(), PathBuf::from("log"), rotation)
}

#[test]
fn what_a_full_disk_cut_is_taken_back() {
    let fake = Fake::default();
    let mut log = log(&fake, 1000, 1);
    fake.0.borrow_mut().room = 20;
    log.put(b"line one\n").unwrap();
    log.put(b"line two which is long\n").unwrap_err();
    assert_eq!(fake.lines("log"), ["line one"]);
    fake.0.borrow_mut().room = 1000;
    log.put(b"line three\n").unwrap();
    assert_eq!(fake.lines("log"), ["line one", "line three"]);
}

#[test]
fn what_cannot_be_taken_back_has_a_line_of_its_own() {
    let fake = Fake::default();
    let mut log = log(&fake, 1000, 1);
    fake.0.borrow_mut().truncate_fails = true;
    fake.0.borrow_mut().room = 12;
    log.put(b"line one\n").unwrap();
    log.put(b"line two\n").unwrap_err();
    log.put(b"line three\n").unwrap_err();
    fake.0.borrow_mut().room = 1000;
    log.put(b"line four\n").unwrap();
    assert_eq!(fake.lines("log"), ["line one", "lin", "line four"]);
}

#[test]
fn a_rotation_that_fails_half_way_loses_nothing() {
    let fake = Fake::default();
    let mut log = log(&fake, 10, 3);
    fake.0.borrow_mut().room = 1000;
    for line in ["aaaaaaa\n", "bbbbbbb\n", "ccccccc\n"] {
        log.put(line.as_bytes()).unwrap();
    }
    fake.0.borrow_mut().rename_fails = true;
    for _ in 0..5 {
        log.put(b"ddddddd\n").unwrap_err();
    }
    fake.0.borrow_mut().rename_fails = false;
    // The file beside it was shifted, and then the power went.
    fake.clone()
        .rename(Path::new("log.1"), Path::new("log.3"))
        .unwrap();
    log.put(b"eeeeeee\n").unwrap();
    assert_eq!(fake.all(3), ["bbbbbbb", "aaaaaaa", "ccccccc", "eeeeeee"]);
}

proptest! {
    /// Lines that were taken are there, once, whole and in order, as far back as the rotation keeps them; no file is
    /// longer than it may be; no line is a mixture of two.
    #[test]
    fn whatever_fails_lines_stay_whole(
        steps in prop::collection::vec((0..8u8, 0..60usize), 1..200),
        max in 20..200u64,
        keep in 0..4u32,
    ) {
        let fake = Fake::default();
        let mut log = log(&fake, max, keep);
        let (mut taken, mut told) = (Vec::new(), Vec::new());
        for (i, (what, n)) in steps.into_iter().enumerate() {
            {
                let mut world = fake.0.borrow_mut();
                match what {
                    0 => world.room = n,
                    1 => world.truncate_fails = n % 2 == 0,
                    2 => world.rename_fails = n % 3 == 0,
                    3 => world.open_fails = n % 3 == 0,
                    _ => world.room = world.room.max(n * 20),
                }
            }
            let line = format!("<{i} {}>", "x".repeat(n % 17));
            told.push(line.clone());
            if log.put(format!("{line}\n").as_bytes()).is_ok() {
                taken.push(line);
            }
        }
        let all = fake.all(keep);
        let whole: Vec<&String> = all.iter().filter(|line| taken.contains(line)).collect();
        // What is there is the end of what was taken.
        let from = taken.len() - whole.len();
        prop_assert!(whole.iter().zip(&taken[from..]).all(|(a, b)| *a == b), "{all:?} {taken:?}");
        for line in &all {
            prop_assert!(told.iter().any(|told| told.starts_with(line.as_str())), "{line:?}");
        }
        for (name, inode) in &fake.0.borrow().names {
            let len = fake.0.borrow().contents[inode].len() as u64;
            // A piece that could not be taken back can be over it.
            prop_assert!(len <= max + 30, "{name:?} {len}");
        }
    }
}
