//! JSON lines in a file that is rotated, deleted, renamed and cut short under its writer.

use std::fs;
use std::io::Write;
use std::path::Path;

use normgate_sink::{Event, JsonFile, Rotation, Sink, SinkError, Status};
use serde_json::Value;

use crate::support::{known, summary, terms};

fn open(path: &Path) -> JsonFile {
    JsonFile::open(path, Rotation::default()).unwrap()
}

fn put(sink: &mut JsonFile, frame: u64) {
    sink.take(Event::Record(&known(frame), None)).unwrap();
}

/// The frames in a file, each line a whole object.
fn frames(path: &Path) -> Vec<u64> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'), "{text:?}");
    text.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).unwrap()["frame"].as_u64())
        .collect()
}

#[test]
fn lines_are_appended_over_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("verdicts.jsonl");
    for run in 0..3 {
        let mut sink = open(&path);
        let started = Status::Started {
            source: "demo:".to_owned(),
            terms: terms(),
        };
        sink.take(Event::Status(&started)).unwrap();
        put(&mut sink, run);
        sink.take(Event::Status(&Status::Ended(summary()))).unwrap();
    }
    assert_eq!(frames(&path), [0, 1, 2]);
    let text = fs::read_to_string(&path).unwrap();
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["status"], &first["source"]),
        (&"started".into(), &"demo:".into())
    );
    assert_eq!(first["graph_sha256"], "ab".repeat(32));
}

#[test]
fn a_full_file_makes_place_and_the_oldest_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.jsonl");
    let line = |frame| {
        let mut sink = open(&path);
        put(&mut sink, frame);
    };
    line(100);
    let one = fs::metadata(&path).unwrap().len();
    fs::remove_file(&path).unwrap();
    // Three lines fit; a line more does not.
    let rotation = Rotation {
        max_bytes: 3 * one,
        keep: 2,
    };
    let mut sink = JsonFile::open(&path, rotation).unwrap();
    for frame in 100..115 {
        put(&mut sink, frame);
    }
    let numbered = |n: u32| folder.path().join(format!("v.jsonl.{n}"));
    assert_eq!(frames(&path), [112, 113, 114]);
    assert_eq!(frames(&numbered(1)), [109, 110, 111]);
    assert_eq!(frames(&numbered(2)), [106, 107, 108]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    // A restart goes on where it was.
    let mut sink = JsonFile::open(&path, rotation).unwrap();
    put(&mut sink, 115);
    assert_eq!(
        (frames(&path), frames(&numbered(1))),
        (vec![115], vec![112, 113, 114])
    );
    let none = Rotation {
        keep: 0,
        ..rotation
    };
    let mut sink = JsonFile::open(&path, none).unwrap();
    for frame in 116..119 {
        put(&mut sink, frame);
    }
    assert_eq!(
        (frames(&path), frames(&numbered(1))),
        (vec![118], vec![112, 113, 114])
    );
}

#[test]
fn a_line_that_a_crash_cut_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.jsonl");
    put(&mut open(&path), 0);
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"{\"frame\": 1, \"na").unwrap();
    let mut sink = open(&path);
    put(&mut sink, 2);
    put(&mut sink, 3);
    let text = fs::read_to_string(&path).unwrap();
    let parsed: Vec<_> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).ok()?["frame"].as_u64())
        .collect();
    assert_eq!(parsed, [Some(0), None, Some(2), Some(3)]);
}

#[test]
fn a_file_that_others_move_delete_or_cut_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let (path, moved) = (folder.path().join("v.jsonl"), folder.path().join("old"));
    let mut sink = open(&path);
    put(&mut sink, 0);
    fs::rename(&path, &moved).unwrap();
    put(&mut sink, 1);
    assert_eq!((frames(&moved), frames(&path)), (vec![0], vec![1]));
    fs::remove_file(&path).unwrap();
    put(&mut sink, 2);
    assert_eq!(frames(&path), [2]);
    // As logrotate's copytruncate does.
    fs::File::create(&path).unwrap();
    put(&mut sink, 3);
    assert_eq!(frames(&path), [3]);
    // The folder goes and comes back.
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let mut sink = open(&inner.join("v"));
    put(&mut sink, 0);
    fs::remove_dir_all(&inner).unwrap();
    let error = sink.take(Event::Record(&known(1), None)).unwrap_err();
    assert!(
        matches!(&error, SinkError::Missed(why) if why.contains("inner/v")),
        "{error}"
    );
    fs::create_dir(&inner).unwrap();
    put(&mut sink, 2);
    assert_eq!(frames(&inner.join("v")), [2]);
}

#[test]
fn a_full_device_is_missed_and_tried_again() {
    let mut sink = open(Path::new("/dev/full"));
    for _ in 0..3 {
        let error = sink.take(Event::Record(&known(0), None)).unwrap_err();
        let expected = "/dev/full: No space left on device (os error 28)";
        assert!(
            matches!(&error, SinkError::Missed(why) if why == expected),
            "{error}"
        );
    }
}

#[test]
fn what_cannot_be_appended_to_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [
        folder.path().join("absent/v"),
        folder.path().to_owned(),
        file.join("v"),
    ] {
        let error = JsonFile::open(&path, Rotation::default())
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with(&format!("{}: ", path.display())),
            "{error}"
        );
        assert!(
            error.contains("expected a file") && error.lines().count() == 1,
            "{error}"
        );
    }
}
