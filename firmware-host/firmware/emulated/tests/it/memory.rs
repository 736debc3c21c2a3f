//! What the images hold. The figures are kept in `sizes.md`; `UPDATE_SNAPSHOT=1` writes them anew.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

use normgate_firmware_emulated::Image;

use crate::bench::{image, of, panel_image};

/// Images, and what they are.
const IMAGES: [(&str, &str); 4] = [
    ("gate", "no display"),
    ("panel", "`panel`: 128 x 64 in memory"),
    ("ssd1306", "`ssd1306`: 128 x 64 by SPI"),
    ("st7789", "`st7789`: 320 x 240 by SPI"),
];

#[test]
fn flash_and_ram_are_within_their_limits() {
    let image = Image::read(&image()).unwrap();
    let Image { flash, stack, .. } = image;
    assert!(flash > 4096 && flash < 32 * 1024, "{flash} bytes of flash");
    let ram = image.ram();
    assert!(
        stack > 1024 && ram > stack + 256 && ram < 8 * 1024,
        "{ram} bytes of RAM"
    );
}

#[test]
fn nothing_panics() {
    for image in [image(), panel_image()] {
        let image = Image::read(&image).unwrap();
        assert_eq!(
            image.panics,
            Vec::<String>::new(),
            "{}",
            image.path.display()
        );
    }
}

/// The same program with checks of overflow, which panic: the check finds them.
#[test]
fn a_panic_would_be_found() {
    let image = Image::read(&of("panicking")).unwrap();
    let panics = &image.panics;
    assert!(
        panics.iter().any(|name| name.contains("panicking")),
        "{panics:?}"
    );
}

#[test]
fn sizes_are_as_they_were() {
    let mut table = String::from(
        "| features | flash | RAM: variables | RAM: stack | panics |\n| --- | --- | --- | --- | --- |\n",
    );
    for (name, words) in IMAGES {
        let image = Image::read(&of(name)).unwrap();
        let Image {
            flash,
            variables,
            stack,
            ..
        } = image;
        let panics = if image.panics.is_empty() {
            "none"
        } else {
            "some"
        };
        writeln!(
            table,
            "| {words} | {flash} | {variables} | {stack} | {panics} |"
        )
        .unwrap();
    }
    print!("{table}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sizes.md");
    if env::var_os("UPDATE_SNAPSHOT").is_some() {
        fs::write(&path, &table).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    let (kept, found) = (words(&kept), words(&table));
    assert_eq!(kept.len(), found.len());
    for (kept, found) in kept.iter().zip(&found) {
        match (kept.parse::<f64>(), found.parse::<f64>()) {
            // Another compiler makes other code, but not much of it.
            (Ok(kept), Ok(found)) => {
                let change = (found - kept).abs() / kept;
                assert!(
                    change < 0.03,
                    "{found} bytes, {kept} in sizes.md; UPDATE_SNAPSHOT=1 writes it anew"
                );
            }
            _ => assert_eq!(kept, found, "in sizes.md; UPDATE_SNAPSHOT=1 writes it anew"),
        }
    }
}

fn words(text: &str) -> Vec<&str> {
    text.split('|').map(str::trim).collect()
}
