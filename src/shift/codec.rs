//! What is lost on the way: compression and resolution.

use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::{ExtendedColorType, ImageDecoder, ImageError};

use super::ShiftError;

/// Qualities, as libjpeg counts them; `jpeg_compression`.
pub(super) const JPEG: [u8; 5] = [80, 65, 58, 50, 40];
/// The share of each side that is left between; `pixelate`.
pub(super) const PIXELATE: [f64; 5] = [0.95, 0.9, 0.85, 0.75, 0.65];

/// To a baseline JPEG of `quality` and back, colour at full resolution.
pub(super) fn jpeg(
    (width, height): (u32, u32),
    rgb: &[u8],
    quality: u8,
) -> Result<Vec<u8>, ShiftError> {
    let fault = |why: ImageError| ShiftError::Jpeg {
        width,
        height,
        why: why.to_string(),
    };
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, quality)
        .encode(rgb, width, height, ExtendedColorType::Rgb8)
        .map_err(fault)?;
    let decoder = JpegDecoder::new(std::io::Cursor::new(file)).map_err(fault)?;
    let mut out = vec![0; rgb.len()];
    decoder.read_image(&mut out).map_err(fault)?;
    Ok(out)
}

/// To `share` of each side and back; at least one pixel is left.
pub(super) fn pixelate((w, h): (usize, usize), rgb: &[u8], share: f64) -> Vec<u8> {
    let less = |side: usize| ((side as f64 * share) as usize).max(1);
    let small = (less(w), less(h));
    resized(small, &resized((w, h), rgb, small), (w, h))
}

/// By boxes, as of Pillow: along the rows, then down the columns, rounded to codes after each.
fn resized((w, h): (usize, usize), rgb: &[u8], (to_w, to_h): (usize, usize)) -> Vec<u8> {
    let mut wide = Vec::with_capacity(to_w * h * 3);
    let columns: Vec<_> = (0..to_w).map(|x| taps(x, w, to_w)).collect();
    for y in 0..h {
        for span in &columns {
            wide.extend((0..3).map(|c| mean(span.clone().map(|x| rgb[(y * w + x) * 3 + c]))));
        }
    }
    let mut out = Vec::with_capacity(to_w * to_h * 3);
    for y in 0..to_h {
        let span = taps(y, h, to_h);
        for i in 0..to_w * 3 {
            out.push(mean(span.clone().map(|y| wide[y * to_w * 3 + i])));
        }
    }
    out
}

/// The pixels whose centres lie in the box of pixel `i`; the nearest one where pixels grow.
fn taps(i: usize, from: usize, to: usize) -> std::ops::Range<usize> {
    let scale = from as f64 / to as f64;
    let (center, support) = ((i as f64 + 0.5) * scale, 0.5 * scale.max(1.0));
    let inside = |x: usize| {
        let off = (x as f64 + 0.5 - center) / scale.max(1.0);
        off > -0.5 && off <= 0.5
    };
    let first = ((center - support + 0.5).max(0.0) as usize).min(from - 1);
    let end = ((center + support + 0.5) as usize).min(from);
    let first = (first..end).find(|&x| inside(x)).unwrap_or(first);
    let end = (first..end).rev().find(|&x| inside(x)).unwrap_or(first) + 1;
    first..end
}

fn mean(codes: impl ExactSizeIterator<Item = u8>) -> u8 {
    let count = codes.len() as u64;
    let sum: u64 = codes.map(u64::from).sum();
    // Half up, and at most 255.
    ((2 * sum + count) / (2 * count)) as u8
}
