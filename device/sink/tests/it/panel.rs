//! The panel as a person sees it. `UPDATE_GOLDEN=1` writes the stored pictures; look at them.

mod framebuffer;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use image::RgbImage;
use normgate_core::{Committed, Drift};
use normgate_frame::Picture;
use normgate_sink::{Demand, Event, PanelSink, Record, Sink, Status};

use crate::support::{drifting, known, summary, terms, unknown, unscored};

const HOUR: Duration = Duration::from_secs(3600);

/// A picture with a form: a bright disc on a slope of colours.
fn scene(width: u32, height: u32) -> Vec<u8> {
    let image = RgbImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (x.abs_diff(width / 3), y.abs_diff(height / 2));
        let slope = [(x * 255 / width) as u8, (y * 255 / height) as u8, 120];
        let inside = dx * dx + dy * dy < (height / 4) * (height / 4);
        image::Rgb(if inside { [240, 230, 210] } else { slope })
    });
    image.into_raw()
}

/// Shows records, the first of them with a picture, then a status.
fn show(sink: &mut PanelSink, records: &[Record], (w, h): (u32, u32), status: Option<Status>) {
    let rgb = scene(w, h);
    for (i, record) in records.iter().enumerate() {
        let picture = (i == 0).then(|| Picture::rgb(w, h, &rgb).unwrap());
        sink.take(Event::Record(record, picture)).unwrap();
    }
    if let Some(status) = status {
        sink.take(Event::Status(&status)).unwrap();
    }
}

fn lost() -> Status {
    Status::Lost {
        why: "unplugged".to_owned(),
    }
}

/// What a PNG shows of it: right after the status, else at the end.
fn png(
    size: (u32, u32),
    records: &[Record],
    picture: (u32, u32),
    status: Option<Status>,
) -> RgbImage {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("panel.png");
    let told = status.is_some();
    let interval = if told { Duration::ZERO } else { HOUR };
    let mut sink = PanelSink::png(&path, size, interval).unwrap();
    show(&mut sink, records, picture, status);
    if !told {
        sink.take(Event::Status(&Status::Ended(summary()))).unwrap();
    }
    image::open(&path).unwrap().into_rgb8()
}

fn compare(name: &str, image: &RgbImage) {
    let (w, h) = image.dimensions();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(format!("{w}x{h}-{name}.png"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        image.save(&path).unwrap();
    }
    let golden = image::open(&path).unwrap().into_rgb8();
    assert_eq!(golden.dimensions(), (w, h), "{}", path.display());
    let differ = golden.pixels().zip(image.pixels()).filter(|(a, b)| a != b);
    assert_eq!(differ.count(), 0, "{}: pixels differ", path.display());
}

#[test]
fn every_state_looks_as_stored() {
    // 20 frames a second, 50 ms apart.
    let knowns: Vec<_> = (0..=20).map(known).collect();
    let unknowns: Vec<_> = (0..=20).map(|i| unknown(i, 0.31)).collect();
    let held: Vec<_> = (0..=20)
        .map(|i| Record {
            committed: Committed::Unknown,
            ..known(i)
        })
        .collect();
    for size in [(640, 480), (320, 240), (800, 480), (480, 800)] {
        // One is enlarged, one is made smaller, one is upright.
        compare("known", &png(size, &knowns, (64, 48), None));
        compare("unknown", &png(size, &unknowns, (1280, 720), None));
        let drifting: Vec<_> = (0..=20).map(|i| drifting(i, Drift::Falling)).collect();
        compare("drift", &png(size, &drifting, (64, 48), None));
        compare("hold", &png(size, &held, (300, 400), None));
        compare(
            "no-picture",
            &png(size, &[known(0), unscored(1)], (64, 48), None),
        );
        compare("lost", &png(size, &knowns[..1], (64, 48), Some(lost())));
    }
}

#[test]
fn a_small_display_has_the_verdict_alone() {
    let alone = png((128, 64), &[known(0)], (64, 48), None);
    let other = png((128, 64), &[known(0)], (48, 64), None);
    assert_eq!(alone, other);
}

/// The sign comes and goes without a trace, with and without a picture beside it.
#[test]
fn a_drift_alarm_is_seen_for_as_long_as_it_stands() {
    let known = |frame| Record { frame, ..known(0) };
    let drifting = |frame, drift| Record {
        frame,
        ..drifting(0, drift)
    };
    for size in [(320, 240), (128, 64), (16, 16)] {
        let calm = png(size, &[known(0), known(1), known(2)], (64, 48), None);
        let over = [known(0), drifting(1, Drift::Falling), known(2)];
        let (alarm, over_now) = drawn_each(size, &over);
        assert_ne!(alarm, calm, "{size:?}");
        assert_eq!(over_now, calm, "{size:?}");
        let (_, again) = drawn_each(size, &[over[1].clone(), drifting(2, Drift::Falling)]);
        let rising = png(size, &[drifting(2, Drift::Rising)], (64, 48), None);
        assert_ne!(again, calm);
        assert_eq!(
            again != rising,
            size == (320, 240),
            "{size:?}: both ways fit a wide display"
        );
    }
}

/// What a PNG shows after each of the last two records.
fn drawn_each(size: (u32, u32), records: &[Record]) -> (RgbImage, RgbImage) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("panel.png");
    let mut sink = PanelSink::png(&path, size, Duration::ZERO).unwrap();
    let rgb = scene(64, 48);
    let mut seen = Vec::new();
    for (i, record) in records.iter().enumerate() {
        let picture = (i == 0).then(|| Picture::rgb(64, 48, &rgb).unwrap());
        sink.take(Event::Record(record, picture)).unwrap();
        seen.push(image::open(&path).unwrap().into_rgb8());
    }
    let last = seen.pop().unwrap();
    (seen.pop().unwrap(), last)
}

/// What `unknown` is drawn on, at a corner beside the picture.
const AMBER: [u8; 3] = [0xFF, 0xB0, 0x00];

#[test]
fn what_is_not_surely_known_is_never_shown_as_a_class() {
    let size = (320, 240);
    let class = png(size, &[known(3)], (64, 48), None);
    let ungated = Record {
        terms: std::sync::Arc::new(normgate_sink::Terms {
            gate: None,
            ..(*terms()).clone()
        }),
        ..known(3)
    };
    for record in [unknown(3, 0.2), unscored(3), ungated] {
        let shown = png(size, &[record], (64, 48), None);
        assert_eq!(shown.get_pixel(0, 0).0, AMBER);
    }
    for committed in [Committed::Unknown, Committed::Class(0)] {
        let held = Record {
            committed,
            ..known(3)
        };
        let shown = png(size, &[held], (64, 48), None);
        assert!(![AMBER, class.get_pixel(0, 0).0].contains(&shown.get_pixel(0, 0).0));
    }
    for status in [lost(), Status::Restored, Status::Swapped { terms: terms() }] {
        let shown = png(size, &[known(3)], (64, 48), Some(status));
        assert_ne!(shown.get_pixel(0, 0), class.get_pixel(0, 0));
    }
    let refused = Status::SwapRefused {
        why: "bad".to_owned(),
    };
    assert_eq!(png(size, &[known(3)], (64, 48), Some(refused)), class);
}

#[test]
fn a_png_is_written_at_most_every_interval_and_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("panel.png");
    let mut sink = PanelSink::png(&path, (160, 120), HOUR).unwrap();
    assert_eq!(sink.demand(), Demand::Every(HOUR));
    let waiting = fs::read(&path).unwrap();
    sink.take(Event::Record(&known(0), None)).unwrap();
    let first = fs::read(&path).unwrap();
    assert_ne!(first, waiting);
    sink.take(Event::Record(&unknown(1, 0.1), None)).unwrap();
    sink.tick().unwrap();
    assert_eq!(fs::read(&path).unwrap(), first);
    sink.take(Event::Status(&Status::Ended(summary()))).unwrap();
    assert_ne!(fs::read(&path).unwrap(), first);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    // A folder that goes away is missed, and drawn again when it is back.
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let mut sink = PanelSink::png(&inner.join("p.png"), (160, 120), Duration::ZERO).unwrap();
    fs::remove_dir_all(&inner).unwrap();
    let error = sink
        .take(Event::Record(&known(0), None))
        .unwrap_err()
        .to_string();
    assert!(error.contains("inner/p.png"), "{error}");
    fs::create_dir(&inner).unwrap();
    sink.tick().unwrap();
    let whole = image::open(inner.join("p.png")).unwrap();
    assert_eq!((whole.width(), whole.height()), (160, 120));
}

#[test]
fn what_is_no_png_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    for (path, size, part) in [
        (folder.path().join("absent/p.png"), (64, 64), "No such file"),
        (folder.path().to_owned(), (64, 64), "irectory"),
        (
            folder.path().join("p.png"),
            (0, 64),
            "a panel of 0x64 pixels: expected 16x16 to 4096x4096",
        ),
        (
            folder.path().join("p.png"),
            (64, 1 << 20),
            "expected 16x16 to 4096x4096",
        ),
    ] {
        let error = PanelSink::png(&path, size, HOUR).unwrap_err().to_string();
        assert!(
            error.contains(part) && error.lines().count() == 1,
            "{part}: {error}"
        );
    }
}
