use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::Path;

use embedded_graphics::pixelcolor::raw::{RawData, RawU16};
use embedded_graphics::pixelcolor::{Rgb565, Rgb888};
use embedded_graphics::primitives::Rectangle;

use super::Target;
use super::geometry::{Depth, Geometry};
use super::screen::Screen;

/// A framebuffer, drawn on by writing its file: no mapping, no driver calls.
#[derive(Debug)]
pub(super) struct Framebuffer {
    file: File,
    geometry: Geometry,
    bytes: Vec<u8>,
}

impl Framebuffer {
    /// Opens a device whose measures lie in a folder of its name in `sysfs`. The error says what is wrong.
    pub(super) fn open(device: &Path, sysfs: &Path) -> Result<Self, String> {
        const EXPECTED: &str = "expected a framebuffer such as /dev/fb0";
        let real = fs::canonicalize(device).map_err(|e| format!("{e}; {EXPECTED}"))?;
        let name = real.file_name().and_then(|name| name.to_str());
        let name = name.filter(|name| {
            let number = name.strip_prefix("fb").unwrap_or_default();
            !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
        });
        let name = name.ok_or_else(|| format!("not a framebuffer; {EXPECTED}"))?;
        let geometry = Geometry::read(&sysfs.join(name))?;
        let file = OpenOptions::new().write(true).open(&real);
        let file = file.map_err(|e| match e.kind() {
            io::ErrorKind::PermissionDenied => {
                format!("{e}; expected leave to write, as members of the group video have")
            }
            _ => format!("{e}; {EXPECTED}"),
        })?;
        let kind = file.metadata().map_err(|e| e.to_string())?.file_type();
        if !kind.is_char_device() && !kind.is_file() {
            return Err(format!("not a framebuffer; {EXPECTED}"));
        }
        Ok(Self {
            file,
            geometry,
            bytes: Vec::new(),
        })
    }

    pub(super) fn size(&self) -> (u32, u32) {
        (self.geometry.width, self.geometry.height)
    }
}

impl Target for Framebuffer {
    fn show(&mut self, screen: &Screen, changed: Rectangle) -> io::Result<()> {
        let Geometry {
            width,
            height,
            depth,
            stride,
            offset,
        } = self.geometry;
        // Linux's DRM drivers take the end of a write within one row modulo the row's length: one up to the row's end
        // shows nothing. So rows without room between them go as one write, of two at least.
        let packed = width as usize * depth.bytes() == stride;
        let height = height as i32;
        let first = changed.rows().start.clamp(0, (height - 2).max(0));
        let end = changed.rows().end.max(first + 2).min(height);
        self.bytes.clear();
        for y in first..end {
            for pixel in screen.row(y, 0..width as i32).chunks_exact(3) {
                let color = Rgb888::new(pixel[0], pixel[1], pixel[2]);
                match depth {
                    Depth::Rgb565 => {
                        let code = RawU16::from(Rgb565::from(color)).into_inner();
                        self.bytes.extend_from_slice(&code.to_le_bytes());
                    }
                    Depth::Xrgb8888 => {
                        self.bytes
                            .extend_from_slice(&[pixel[2], pixel[1], pixel[0], 0]);
                    }
                }
            }
            if !packed || y + 1 == end {
                let from = if packed { first } else { y };
                let place = offset + (from as usize * stride) as u64;
                self.file.write_all_at(&self.bytes, place)?;
                self.bytes.clear();
            }
        }
        Ok(())
    }
}
