use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use embedded_graphics::primitives::Rectangle;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

use super::Target;
use super::screen::Screen;

/// A PNG that is replaced as a whole.
#[derive(Debug)]
pub(super) struct PngFile {
    path: PathBuf,
    /// Where it is written first, beside it and hidden.
    part: PathBuf,
    bytes: Vec<u8>,
}

impl PngFile {
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let mut part = OsString::from(".");
        part.push(name);
        part.push(".part");
        Ok(Self {
            path: path.to_owned(),
            part: path.with_file_name(part),
            bytes: Vec::new(),
        })
    }
}

impl Target for PngFile {
    fn show(&mut self, screen: &Screen, _: Rectangle) -> io::Result<()> {
        let (width, height) = screen.size();
        self.bytes.clear();
        PngEncoder::new_with_quality(&mut self.bytes, CompressionType::Fast, FilterType::Adaptive)
            .write_image(screen.rgb(), width, height, ExtendedColorType::Rgb8)
            .map_err(io::Error::other)?;
        let done = fs::write(&self.part, &self.bytes);
        let done = done.and_then(|()| fs::rename(&self.part, &self.path));
        if done.is_err() {
            // A half of it would only take room.
            let _ = fs::remove_file(&self.part);
        }
        done
    }
}
