//! JPEG frames: whole ones against libjpeg-turbo, damaged ones refused.

use std::path::Path;

use normgate_frame::{ColorSpace, Picture, PixelFormat, image_file};

const SIZE: (u32, u32) = (51, 41);
const LEN: usize = 51 * 41 * 3;
const NAMES: [&str; 5] = ["baseline", "restart", "full_chroma", "progressive", "grey"];

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/jpeg_{name}"))
}

fn jpeg(name: &str) -> Vec<u8> {
    std::fs::read(fixture(&format!("{name}.jpg"))).unwrap()
}

fn decode(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    let picture = Picture::new(PixelFormat::Jpeg, ColorSpace::default(), SIZE, 0, bytes)
        .map_err(|e| e.to_string())?;
    picture.to_rgb(out).map_err(|e| e.to_string())
}

#[test]
fn whole_files_are_libjpegs_pixels_nearly() {
    for name in NAMES {
        let golden = image_file::read(&fixture(&format!("{name}.png"))).unwrap();
        let mut rgb = Vec::new();
        decode(&jpeg(name), &mut rgb).unwrap();
        let each = rgb.iter().zip(&golden.rgb).map(|(a, b)| a.abs_diff(*b));
        let mean = each.clone().map(f64::from).sum::<f64>() / LEN as f64;
        let worst = each.max().unwrap();
        assert_eq!(rgb.len(), golden.rgb.len());
        // Halved chroma is smoothed a little otherwise.
        assert!(
            worst <= 6 && mean < 0.5,
            "{name}: {worst} codes, {mean} on average"
        );
    }
}

/// A camera's buffer may be longer than its picture.
#[test]
fn bytes_behind_the_end_do_not_matter() {
    let (mut padded, mut whole) = (Vec::new(), Vec::new());
    for name in NAMES {
        let mut bytes = jpeg(name);
        decode(&bytes, &mut whole).unwrap();
        bytes.resize(bytes.len() + 100, 0);
        decode(&bytes, &mut padded).unwrap();
        assert_eq!(padded, whole);
    }
}

#[test]
fn no_part_of_a_file_is_a_picture() {
    let mut out = Vec::new();
    for name in NAMES {
        let bytes = jpeg(name);
        for len in 0..bytes.len() {
            assert!(
                decode(&bytes[..len], &mut out).is_err(),
                "{name}: {len} bytes"
            );
            assert!(out.is_empty());
        }
        // The rest of the buffer may be anything.
        for len in (0..bytes.len()).step_by(7) {
            let mut part = bytes[..len].to_vec();
            part.resize(bytes.len(), 0);
            assert!(
                decode(&part, &mut out).is_err(),
                "{name}: {len} bytes and zeros"
            );
        }
    }
}

#[test]
fn a_flipped_bit_is_an_error_or_a_whole_picture() {
    let mut out = Vec::new();
    for name in NAMES {
        let mut bytes = jpeg(name);
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            match decode(&bytes, &mut out) {
                Ok(()) => assert_eq!(out.len(), LEN, "{name}: bit {bit}"),
                Err(error) => {
                    assert!(out.is_empty());
                    assert!(!error.contains('\n'), "{error}");
                }
            }
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn another_size_is_named() {
    let bytes = jpeg("baseline");
    let picture = Picture::new(
        PixelFormat::Jpeg,
        ColorSpace::default(),
        (64, 48),
        0,
        &bytes,
    )
    .unwrap();
    assert_eq!(
        picture.to_rgb(&mut Vec::new()).unwrap_err().to_string(),
        "a JPEG of 51x41 pixels: expected 64x48"
    );
}
