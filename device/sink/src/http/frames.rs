//! Pictures for a page: small JPEGs, each made once for all who look.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageBuffer, Rgb, imageops};
use normgate_frame::OwnedPicture;

use super::live::Shared;

/// The newest picture as a JPEG.
#[derive(Debug, Default)]
pub(super) struct Encoder(Mutex<Work>);

#[derive(Debug, Default)]
struct Work {
    done: Option<Jpeg>,
    copy: Option<OwnedPicture>,
    rgb: Vec<u8>,
}

/// A picture to send.
#[derive(Debug, Clone)]
pub(super) struct Jpeg {
    pub(super) id: u64,
    pub(super) frame: u64,
    pub(super) bytes: Bytes,
}

/// The longest side; enough for a phone.
const SIDE: u32 = 640;
const QUALITY: u8 = 80;

/// The newest picture, or why it cannot be shown. Takes milliseconds: not for the server's thread.
pub(super) fn newest(shared: &Arc<Shared>) -> Result<Jpeg, String> {
    // Whoever waits here gets the picture that the one before made.
    let mut work = shared
        .encoder
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let work = &mut *work;
    let live = shared.live.lock().unwrap_or_else(PoisonError::into_inner);
    let shot = live.shot.as_ref().ok_or("no picture yet")?;
    let (id, frame) = (shot.id, shot.frame);
    if let Some(done) = work.done.as_ref().filter(|done| done.id == id) {
        return Ok(done.clone());
    }
    // Only the copy is made under the lock that the sink waits for.
    let copy = match &mut work.copy {
        Some(copy) => {
            copy.copy_from(&shot.picture.view());
            copy
        }
        None => work.copy.insert(shot.picture.clone()),
    };
    drop(live);
    let bytes = encode(copy, &mut work.rgb)?;
    let jpeg = Jpeg {
        id,
        frame,
        bytes: bytes.into(),
    };
    work.done = Some(jpeg.clone());
    Ok(jpeg)
}

fn encode(picture: &OwnedPicture, rgb: &mut Vec<u8>) -> Result<Vec<u8>, String> {
    let picture = picture.view();
    picture.to_rgb(rgb).map_err(|e| e.to_string())?;
    let (width, height) = (picture.width(), picture.height());
    let (w, h) = fit(width, height);
    let mut jpeg = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
    let small = if (w, h) == (width, height) {
        None
    } else {
        let full: ImageBuffer<Rgb<u8>, &[u8]> =
            ImageBuffer::from_raw(width, height, rgb.as_slice())
                .ok_or("a picture without its bytes")?;
        Some(imageops::thumbnail(&full, w, h))
    };
    let pixels = small
        .as_ref()
        .map_or(rgb.as_slice(), |small| small.as_raw());
    write(encoder, pixels, w, h)?;
    Ok(jpeg)
}

fn write(
    mut encoder: JpegEncoder<&mut Vec<u8>>,
    pixels: &[u8],
    w: u32,
    h: u32,
) -> Result<(), String> {
    encoder
        .encode(pixels, w, h, ExtendedColorType::Rgb8)
        .map_err(|e| e.to_string())
}

/// The size within [`SIDE`], in proportion and never larger than it was.
fn fit(width: u32, height: u32) -> (u32, u32) {
    let longest = width.max(height).max(1);
    if longest <= SIDE {
        return (width, height);
    }
    let scale = |side: u32| {
        let scaled =
            (u64::from(side) * u64::from(SIDE) + u64::from(longest) / 2) / u64::from(longest);
        (scaled as u32).max(1)
    };
    (scale(width), scale(height))
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn a_picture_is_made_smaller_in_proportion_and_never_larger() {
        assert_eq!(fit(640, 480), (640, 480));
        assert_eq!(fit(32, 32), (32, 32));
        assert_eq!(fit(1920, 1080), (640, 360));
        assert_eq!(fit(1080, 1920), (360, 640));
        assert_eq!(fit(8192, 1), (640, 1));
    }
}
