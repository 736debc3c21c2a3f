//! A JPEG file to RGB, whole or not at all.

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

/// Fills `out`, the RGB of exactly that size. The decoder asks for memory of its own.
///
/// # Errors
/// In one line, what is wrong with the file.
pub(crate) fn decode(bytes: &[u8], size: (u32, u32), out: &mut [u8]) -> Result<(), String> {
    // The decoder takes the last rows from what is there.
    if end_of(bytes).is_none() {
        return Err("not a readable JPEG (it is cut off: its end is missing)".to_owned());
    }
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let broken = |reason: String| {
        let words: Vec<_> = reason.split_whitespace().collect();
        format!("not a readable JPEG ({})", words.join(" "))
    };
    decoder
        .decode_headers()
        .map_err(|e| broken(e.to_string()))?;
    let (width, height) = decoder.dimensions().unwrap_or_default();
    if (width, height) != (size.0 as usize, size.1 as usize) {
        let (w, h) = size;
        return Err(format!(
            "a JPEG of {width}x{height} pixels: expected {w}x{h}"
        ));
    }
    decoder.decode_into(out).map_err(|e| broken(e.to_string()))
}

/// Where the file ends: behind the end's marker, which comes after whole segments and at least one scan.
fn end_of(bytes: &[u8]) -> Option<usize> {
    const SCAN: u8 = 0xDA;
    const END: u8 = 0xD9;
    let mut at = 2;
    let mut scans = 0;
    loop {
        let marker = bytes.get(at..)?.iter().position(|&byte| byte != 0xFF)?;
        if marker == 0 {
            return None;
        }
        at += marker;
        let code = *bytes.get(at)?;
        at += 1;
        match code {
            END => return (scans > 0).then_some(at),
            0x01 | 0xD0..=0xD7 => continue,
            _ => {}
        }
        let length = bytes.get(at..at + 2)?;
        at += usize::from(u16::from_be_bytes([length[0], length[1]]));
        if code == SCAN {
            scans += 1;
            at += scan_len(bytes.get(at..)?)?;
        }
    }
}

/// Bytes of a scan's data: up to a marker that is no restart. A stuffed zero makes 0xFF data.
fn scan_len(data: &[u8]) -> Option<usize> {
    data.windows(2)
        .position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xD0..=0xD7 | 0xFF))
}
