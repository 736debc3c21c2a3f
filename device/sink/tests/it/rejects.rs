//! The folder of rejects, as the one who labels them finds it.

use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use normgate_core::Drift;
use normgate_frame::{ColorSpace, Picture, PixelFormat};
use normgate_sink::{Demand, Event, Keep, Limits, Record, Rejects, Sink, SinkError};
use serde_json::{Value, json};

use crate::support::{drifting, known, unknown, unscored};

fn limits() -> Limits {
    Limits {
        every: Duration::ZERO,
        ..Limits::default()
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn put(sink: &mut Rejects, record: &Record) {
    let rgb: Vec<u8> = (0..4 * 2 * 3).map(|i| i * 10).collect();
    let picture = Picture::rgb(4, 2, &rgb).unwrap();
    sink.take(Event::Record(record, Some(picture))).unwrap();
}

#[test]
fn a_reject_is_a_picture_and_what_is_known_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/rejects");
    let mut sink = Rejects::open(&path, limits(), Keep::Newest).unwrap();
    put(&mut sink, &unknown(1, 0.25));
    assert_eq!(
        names(&path),
        ["20261123T202314107Z-1.json", "20261123T202314107Z-1.png"]
    );
    let image = image::open(path.join("20261123T202314107Z-1.png"))
        .unwrap()
        .into_rgb8();
    assert_eq!(image.dimensions(), (4, 2));
    assert!(
        image
            .into_raw()
            .iter()
            .enumerate()
            .all(|(i, &v)| usize::from(v) == i * 10)
    );
    let note = fs::read(path.join("20261123T202314107Z-1.json")).unwrap();
    let expected = json!({
        "time": "2026-11-23T20:23:14.107Z", "frame": 1, "name": "frame 1", "model": "test-net-v1",
        "graph_sha256": "ab".repeat(32), "score": 0.25, "p_value": 0.015625, "score_name": "max_logit", "threshold": 0.43_f32,
        "nearest": "cat", "drift": null, "fault": null, "width": 4, "height": 2,
    });
    assert_eq!(serde_json::from_slice::<Value>(&note).unwrap(), expected);
}

#[test]
fn a_note_says_whether_a_drift_alarm_stood() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = Rejects::open(folder.path(), limits(), Keep::Newest).unwrap();
    for (frame, drift) in [(0, Drift::Falling), (1, Drift::Rising)] {
        let record = Record {
            drift: drifting(frame, drift).drift,
            ..unknown(frame, 0.1)
        };
        put(&mut sink, &record);
    }
    let notes = names(folder.path())
        .into_iter()
        .filter(|name| name.ends_with(".json"));
    let told = notes.map(|name| {
        let note = fs::read(folder.path().join(name)).unwrap();
        serde_json::from_slice::<Value>(&note).unwrap()["drift"].clone()
    });
    assert_eq!(told.collect::<Vec<_>>(), ["falling", "rising"]);
}

#[test]
fn a_jpeg_is_kept_byte_for_byte_even_if_it_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = Rejects::open(folder.path(), limits(), Keep::Newest).unwrap();
    let bytes = b"\xff\xd8\xff not a whole JPEG";
    let picture = Picture::new(
        PixelFormat::Jpeg,
        ColorSpace::default(),
        (640, 480),
        0,
        bytes,
    )
    .unwrap();
    sink.take(Event::Record(&unscored(5), Some(picture)))
        .unwrap();
    assert_eq!(
        fs::read(folder.path().join("20261123T202314307Z-5.jpg")).unwrap(),
        bytes
    );
    let note = fs::read(folder.path().join("20261123T202314307Z-5.json")).unwrap();
    let note: Value = serde_json::from_slice(&note).unwrap();
    assert_eq!(
        (&note["fault"], &note["score"], &note["width"]),
        (&json!("not a readable JPEG"), &Value::Null, &json!(640))
    );
}

#[test]
fn other_formats_become_png() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = Rejects::open(folder.path(), limits(), Keep::Newest).unwrap();
    // Grey in YUYV: Y 126 of 16 to 235 is 128 of 255.
    let bytes = [126, 128].repeat(8);
    let picture =
        Picture::new(PixelFormat::Yuyv, ColorSpace::default(), (4, 2), 8, &bytes).unwrap();
    sink.take(Event::Record(&unknown(0, 0.1), Some(picture)))
        .unwrap();
    let image = image::open(folder.path().join("20261123T202314057Z-0.png"))
        .unwrap()
        .into_rgb8();
    assert!(
        image.as_raw().iter().all(|v| v.abs_diff(128) <= 1),
        "{:?}",
        image.as_raw()
    );
}

#[test]
fn known_frames_and_frames_without_a_picture_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = Rejects::open(folder.path(), limits(), Keep::Newest).unwrap();
    put(&mut sink, &known(0));
    sink.take(Event::Record(&unknown(1, 0.1), None)).unwrap();
    assert!(names(folder.path()).is_empty());
}

#[test]
fn one_long_scene_does_not_fill_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let hourly = Limits {
        every: Duration::from_secs(3600),
        ..limits()
    };
    let mut sink = Rejects::open(folder.path(), hourly, Keep::Newest).unwrap();
    assert_eq!(
        (sink.demand(), sink.is_lossless()),
        (Demand::Rejects, false)
    );
    for frame in 0..50 {
        put(&mut sink, &unknown(frame, 0.1));
        assert_eq!(sink.demand(), Demand::Nothing);
    }
    assert_eq!(names(folder.path()).len(), 2);
    let each = Rejects::open(folder.path(), limits(), Keep::Newest).unwrap();
    assert_eq!((each.demand(), each.is_lossless()), (Demand::Rejects, true));
}

#[test]
fn the_cap_holds_over_restarts_and_foreign_files_stay() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = [
        "a.png",
        "a.json",
        "20261123T202314057Z-0.txt",
        ".20261123T202314057Z-0.png",
    ];
    for name in foreign {
        fs::write(folder.path().join(name), "mine").unwrap();
    }
    fs::create_dir(folder.path().join("20260101T000000000Z-1.png")).unwrap();
    let few = Limits {
        max_files: 3,
        ..limits()
    };
    for run in 0..4 {
        let mut sink = Rejects::open(folder.path(), few, Keep::Newest).unwrap();
        for frame in 0..5 {
            put(&mut sink, &unknown(run * 5 + frame, 0.1));
        }
    }
    let ours: Vec<_> = names(folder.path())
        .into_iter()
        .filter(|name| name.ends_with(".json") && name != "a.json")
        .collect();
    let expected = [17, 18, 19].map(|i| format!("20261123T2023{:05}Z-{i}.json", 14_057 + i * 50));
    assert_eq!(ours, expected);
    for name in foreign {
        assert_eq!(
            fs::read(folder.path().join(name)).unwrap(),
            b"mine",
            "{name}"
        );
    }
    assert!(folder.path().join("20260101T000000000Z-1.png").is_dir());
}

#[test]
fn a_clock_that_stands_still_or_is_absurd_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = Rejects::open(folder.path(), limits(), Keep::Newest).unwrap();
    for seconds in [0, 0, 0, 1 << 40, 1 << 40] {
        let record = Record {
            time: UNIX_EPOCH + Duration::from_secs(seconds),
            ..unknown(7, 0.1)
        };
        put(&mut sink, &record);
    }
    let notes: Vec<_> = names(folder.path())
        .into_iter()
        .filter(|n| n.ends_with("json"))
        .collect();
    let expected = [
        "00000000T000000000Z-7-2.json",
        "00000000T000000000Z-7.json",
        "19700101T000000000Z-7-2.json",
        "19700101T000000000Z-7-3.json",
        "19700101T000000000Z-7.json",
    ];
    assert_eq!(notes, expected);
}

#[test]
fn a_reject_over_the_cap_is_missed_and_a_bad_folder_refused() {
    let folder = tempfile::tempdir().unwrap();
    let tiny = Limits {
        max_bytes: 100,
        ..limits()
    };
    let mut sink = Rejects::open(folder.path(), tiny, Keep::Newest).unwrap();
    let picture = Picture::rgb(1, 1, &[1, 2, 3]).unwrap();
    let error = sink
        .take(Event::Record(&unknown(0, 0.1), Some(picture)))
        .unwrap_err();
    assert!(
        matches!(&error, SinkError::Missed(why) if why.contains("at most 100")),
        "{error}"
    );
    assert!(names(folder.path()).is_empty());
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("in"), "/proc/rejects".into()] {
        let error = Rejects::open(&path, limits(), Keep::Newest)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with(&format!("{}: ", path.display())),
            "{error}"
        );
        assert!(
            error.contains("expected a folder") && error.lines().count() == 1,
            "{error}"
        );
    }
}
