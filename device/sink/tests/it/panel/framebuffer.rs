//! A file as a framebuffer, and a folder as what sysfs says of it.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use normgate_sink::{Demand, Event, PanelSink, Sink, Status};

use super::{png, show};
use crate::support::{known, summary, unknown};

/// What is behind `LINK LOST`.
const RED: [u8; 3] = [0xB8, 0x00, 0x18];

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
            assert!(
                shown.abs_diff(u16::from(want)) <= 255 / most / 2 + 1,
                "{shown} {want}"
            );
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
        !changed.is_empty() && changed.len() < 320 * 96 / 2,
        "{}",
        changed.len()
    );
    assert!(changed.iter().all(|i| i / 320 >= 144));
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
}
