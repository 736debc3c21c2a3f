//! The panel as a person sees it: stored pictures (`UPDATE_GOLDEN=1` writes them; look at them), and framebuffers.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use image::RgbImage;
use normgate_core::Committed;
use normgate_frame::Picture;
use normgate_sink::{Demand, Event, PanelSink, Record, Sink, Status};

use crate::support::{known, summary, terms, unknown, unscored};

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

/// What a PNG shows of it at the end.
fn png(
    size: (u32, u32),
    records: &[Record],
    picture: (u32, u32),
    status: Option<Status>,
) -> RgbImage {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("panel.png");
    let mut sink = PanelSink::png(&path, size, HOUR).unwrap();
    show(&mut sink, records, picture, status);
    sink.take(Event::Status(&Status::Ended(summary()))).unwrap();
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
        compare("hold", &png(size, &held, (300, 400), None));
        compare(
            "no-picture",
            &png(size, &[known(0), unscored(1)], (64, 48), None),
        );
        compare("lost", &png(size, &knowns, (64, 48), Some(lost())));
    }
}

#[test]
fn a_small_display_has_the_verdict_alone() {
    let alone = png((128, 64), &[known(0)], (64, 48), None);
    let other = png((128, 64), &[known(0)], (48, 64), None);
    assert_eq!(alone, other);
}

/// What `unknown` is drawn on, at a corner beside the picture.
const AMBER: [u8; 3] = [0xFF, 0xB0, 0x00];
const RED: [u8; 3] = [0xB8, 0x00, 0x18];

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

/// A folder with a file as a framebuffer and what sysfs says of it.
struct Fake {
    folder: tempfile::TempDir,
}

impl Fake {
    fn new(len: usize, attributes: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sysfs = folder.path().join("graphics/fb0");
        fs::create_dir_all(&sysfs).unwrap();
        for (name, text) in attributes {
            fs::write(sysfs.join(name), format!("{text}\n")).unwrap();
        }
        fs::write(folder.path().join("fb0"), vec![0xEE; len]).unwrap();
        Self { folder }
    }

    fn device(&self) -> PathBuf {
        self.folder.path().join("fb0")
    }

    fn open(&self) -> Result<PanelSink, String> {
        let sysfs = self.folder.path().join("graphics");
        PanelSink::framebuffer(&self.device(), &sysfs).map_err(|e| e.to_string())
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.device()).unwrap()
    }
}

#[test]
fn a_framebuffer_of_32_bits_shows_what_the_png_shows() {
    // Wider and higher than what is seen, moved, with room behind the rows.
    let (w, h, stride) = (320_usize, 240_usize, 1600_usize);
    let attributes = [
        ("virtual_size", "384,480"),
        ("bits_per_pixel", "32"),
        ("stride", "1600"),
        ("mode", ""),
        ("modes", "U:320x240p-60"),
        ("pan", "8,240"),
    ];
    let fake = Fake::new(stride * 480, &attributes);
    let mut sink = fake.open().unwrap();
    show(&mut sink, &[known(4)], (64, 48), None);
    let expected = png((320, 240), &[known(4)], (64, 48), None);
    let bytes = fake.bytes();
    let mut seen = vec![false; bytes.len()];
    for (x, y, pixel) in expected.enumerate_pixels() {
        let at = (y as usize + 240) * stride + (x as usize + 8) * 4;
        let [r, g, b] = pixel.0;
        assert_eq!(bytes[at..at + 4], [b, g, r, 0], "{x} {y}");
        seen[at..at + 4].fill(true);
    }
    assert_eq!(seen.iter().filter(|seen| **seen).count(), w * h * 4);
    assert!(bytes.iter().zip(&seen).all(|(&b, &seen)| seen || b == 0xEE));
}

#[test]
fn a_framebuffer_of_16_bits_has_the_same_colours_coarser() {
    let attributes = [("virtual_size", "320,240"), ("bits_per_pixel", "16")];
    let fake = Fake::new(320 * 240 * 2, &attributes);
    let mut sink = fake.open().unwrap();
    assert_eq!(sink.demand(), Demand::Every(Duration::from_millis(100)));
    show(&mut sink, &[unknown(4, 0.1)], (64, 48), None);
    let expected = png((320, 240), &[unknown(4, 0.1)], (64, 48), None);
    for (code, pixel) in fake.bytes().chunks_exact(2).zip(expected.pixels()) {
        let code = u16::from_le_bytes([code[0], code[1]]);
        let codes = [(code >> 11, 31), (code >> 5 & 63, 63), (code & 31, 31)];
        for ((code, most), want) in codes.into_iter().zip(pixel.0) {
            let shown = code * 255 / most;
            assert!(shown.abs_diff(u16::from(want)) <= 255 / most / 2 + 1, "{shown} {want}");
        }
    }
}

#[test]
fn only_what_changed_is_written() {
    let attributes = [("virtual_size", "320,240"), ("bits_per_pixel", "32")];
    let fake = Fake::new(320 * 240 * 4, &attributes);
    let mut sink = fake.open().unwrap();
    show(&mut sink, &[known(4)], (64, 48), None);
    let wipe = || {
        // In place: the sink keeps the file open.
        let blank = vec![0xEE; 320 * 240 * 4];
        let file = fs::OpenOptions::new().write(true).open(fake.device());
        file.unwrap().write_all_at(&blank, 0).unwrap();
    };
    wipe();
    sink.take(Event::Record(&known(4), None)).unwrap();
    sink.tick().unwrap();
    assert!(fake.bytes().iter().all(|&b| b == 0xEE));
    // Another number of the frame: a part of the verdict's side, nothing of the picture's.
    sink.take(Event::Record(&known(5), None)).unwrap();
    let written = |fake: &Fake| -> Vec<usize> {
        let bytes = fake.bytes();
        let pixels = bytes.chunks_exact(4).enumerate();
        pixels
            .filter(|(_, p)| *p != [0xEE; 4])
            .map(|(i, _)| i)
            .collect()
    };
    let changed = written(&fake);
    assert!(
        !changed.is_empty() && changed.len() < 128 * 240 / 2,
        "{}",
        changed.len()
    );
    assert!(changed.iter().all(|i| i % 320 >= 192));
    // The end of the loop is a lost link on a display.
    wipe();
    sink.take(Event::Status(&Status::Ended(summary()))).unwrap();
    let corner = &fake.bytes()[..4];
    assert_eq!(corner, [RED[2], RED[1], RED[0], 0]);
}

#[test]
fn what_is_no_framebuffer_is_refused_in_one_line() {
    let cases: [(&[(&str, &str)], &str); 5] = [
        (
            &[("virtual_size", "8,8"), ("bits_per_pixel", "8")],
            "8 bits a pixel: expected 16 (RGB565) or 32 (XRGB8888)",
        ),
        (
            &[("virtual_size", "wide"), ("bits_per_pixel", "32")],
            "virtual_size is \"wide\": expected WIDTH,HEIGHT",
        ),
        (
            &[("virtual_size", "0,8"), ("bits_per_pixel", "32")],
            "virtual_size is \"0,8\"",
        ),
        (
            &[
                ("virtual_size", "8,8"),
                ("bits_per_pixel", "32"),
                ("stride", "31"),
            ],
            "31 bytes apart: expected at least 32",
        ),
        (&[("virtual_size", "8,8")], "bits_per_pixel: No such file"),
    ];
    let one_line = |error: &str, part: &str| {
        assert!(
            error.contains(part) && error.lines().count() == 1,
            "{part}: {error}"
        );
    };
    for (attributes, part) in cases {
        let fake = Fake::new(64, attributes);
        let error = fake.open().unwrap_err();
        one_line(&error, part);
        assert!(
            error.starts_with(&fake.device().display().to_string()),
            "{error}"
        );
    }
    for path in ["/dev/null", "/dev/absent", "/dev"] {
        let error = PanelSink::framebuffer(Path::new(path), Path::new(normgate_sink::SYSFS));
        one_line(
            &error.unwrap_err().to_string(),
            "expected a framebuffer such as /dev/fb0",
        );
    }
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
        one_line(&error, part);
    }
}
