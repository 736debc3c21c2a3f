//! Cuts a stream of bytes into JPEGs, by their markers.
//!
//! A JPEG is SOI, segments with a length each, and after SOS entropy-coded bytes up to the next marker; EOI ends it.
//! A thumbnail lies inside a segment, so that its own SOI and EOI are never looked at.

use std::mem;

/// The most bytes that a JPEG may have.
pub(super) const MAX_JPEG: usize = 32 << 20;

/// The most bytes between two JPEGs.
pub(super) const MAX_RUBBISH: usize = 64 << 20;

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;

/// What some bytes came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Split {
    /// No whole JPEG yet.
    More,
    /// A JPEG is whole.
    Frame,
    /// A JPEG was begun and is broken; why.
    Broken(String),
    /// There is no JPEG to be found.
    Rubbish,
}

/// Where the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    /// Outside a JPEG; whether an `FF` was right before.
    #[default]
    Outside,
    OutsideFf,
    /// Before a marker.
    Marker,
    /// Behind a marker's `FF`.
    Code,
    /// Before a segment's length, and behind its first byte.
    Length(u8),
    LengthLow(u8, u8),
    /// Inside a segment that began at this byte of the frame, with so many bytes to come.
    Segment(u8, usize, usize),
    /// In entropy-coded bytes, and behind an `FF` in them.
    Entropy,
    EntropyFf,
    /// Behind a whole JPEG.
    Whole,
}

#[derive(Debug, Default)]
pub(super) struct Splitter {
    place: Place,
    frame: Vec<u8>,
    size: Option<(u32, u32)>,
    rubbish: usize,
}

impl Splitter {
    /// The last JPEG that was whole, until the next call of [`feed`](Self::feed).
    pub(super) fn frame(&self) -> &[u8] {
        &self.frame
    }

    /// The size that this JPEG states.
    pub(super) fn size(&self) -> Option<(u32, u32)> {
        self.size
    }

    /// Drops a JPEG that was begun; its bytes so far.
    pub(super) fn forget(&mut self) -> usize {
        let inside = !matches!(self.place, Place::Outside | Place::OutsideFf | Place::Whole);
        self.place = Place::Outside;
        let bytes = if inside { self.frame.len() } else { 0 };
        self.frame.clear();
        bytes
    }

    /// Takes bytes up to the next event; how many were used, and the event.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> (usize, Split) {
        if self.place == Place::Whole {
            self.place = Place::Outside;
        }
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            let (took, split) = self.step(rest);
            used += took;
            if split != Split::More {
                return (used, split);
            }
            if self.frame.len() > MAX_JPEG {
                self.forget();
                let reason = format!("a JPEG of more than {MAX_JPEG} bytes");
                return (used, Split::Broken(reason));
            }
        }
        (used, Split::More)
    }

    /// Uses at least one byte of `rest`, which has one.
    fn step(&mut self, rest: &[u8]) -> (usize, Split) {
        let byte = rest[0];
        match self.place {
            Place::Outside | Place::Whole => {
                let skipped = position_of_ff(rest);
                self.rubbish += skipped;
                if self.rubbish > MAX_RUBBISH {
                    return (skipped, Split::Rubbish);
                }
                if skipped > 0 {
                    return (skipped, Split::More);
                }
                self.place = Place::OutsideFf;
                return (1, Split::More);
            }
            Place::OutsideFf => {
                self.rubbish += 1;
                match byte {
                    SOI => self.start(),
                    0xFF => {}
                    _ => self.place = Place::Outside,
                }
                return (1, Split::More);
            }
            Place::Entropy => {
                let clean = position_of_ff(rest);
                if clean > 0 {
                    self.frame.extend_from_slice(&rest[..clean]);
                    return (clean, Split::More);
                }
                self.place = Place::EntropyFf;
            }
            Place::Segment(code, start, left) => {
                let took = left.min(rest.len());
                self.frame.extend_from_slice(&rest[..took]);
                self.place = Place::Segment(code, start, left - took);
                if left == took {
                    self.end_segment(code, start);
                }
                return (took, Split::More);
            }
            Place::EntropyFf if byte == 0 || (0xD0..=0xD7).contains(&byte) => {
                self.place = Place::Entropy;
            }
            Place::EntropyFf | Place::Code => return (1, self.marker(byte)),
            Place::Marker if byte == 0xFF => self.place = Place::Code,
            Place::Marker => {
                let after = self.forget();
                let reason =
                    format!("byte {byte:#04x} after {after} bytes of a JPEG; expected a marker");
                return (1, Split::Broken(reason));
            }
            Place::Length(code) => self.place = Place::LengthLow(code, byte),
            Place::LengthLow(code, high) => {
                let len = usize::from(u16::from_be_bytes([high, byte]));
                let Some(left) = len.checked_sub(2) else {
                    self.forget();
                    let reason = format!("a segment of {len} bytes in a JPEG; expected 2 or more");
                    return (1, Split::Broken(reason));
                };
                let start = self.frame.len() + 1;
                self.place = Place::Segment(code, start, left);
                if left == 0 {
                    self.end_segment(code, start);
                }
            }
        }
        self.frame.push(byte);
        (1, Split::More)
    }

    /// A marker's second byte.
    fn marker(&mut self, code: u8) -> Split {
        match code {
            // Fill bytes may stand before a marker.
            0xFF => {}
            SOI => {
                let after = self.frame.len() - 1;
                self.start();
                let reason = format!("the next JPEG begins after {after} bytes of this one");
                return Split::Broken(reason);
            }
            EOI => {
                self.place = Place::Whole;
                self.frame.push(code);
                return Split::Frame;
            }
            0 => {
                let after = self.forget();
                return Split::Broken(format!("no marker after {after} bytes of a JPEG"));
            }
            0x01 | 0xD0..=0xD7 => self.place = Place::Marker,
            _ => self.place = Place::Length(code),
        }
        self.frame.push(code);
        Split::More
    }

    fn end_segment(&mut self, code: u8, start: usize) {
        self.place = if code == SOS {
            Place::Entropy
        } else {
            Place::Marker
        };
        // SOF: precision, height, width. C4, C8 and CC are others.
        let is_sof = matches!(code, 0xC0..=0xCF) && !matches!(code, 0xC4 | 0xC8 | 0xCC);
        if let (true, Some(&[_, h1, h0, w1, w0])) = (is_sof, self.frame.get(start..start + 5)) {
            let [height, width] =
                [[h1, h0], [w1, w0]].map(|side| u32::from(u16::from_be_bytes(side)));
            self.size = Some((width, height));
        }
    }

    /// Begins a JPEG behind its SOI.
    fn start(&mut self) {
        let mut frame = mem::take(&mut self.frame);
        frame.clear();
        frame.extend([0xFF, SOI]);
        *self = Self {
            place: Place::Marker,
            frame,
            size: None,
            rubbish: 0,
        };
    }
}

fn position_of_ff(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|&byte| byte == 0xFF)
        .unwrap_or(bytes.len())
}
