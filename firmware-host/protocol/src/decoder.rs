use heapless::Vec;

use crate::envelope::{DELIMITER, MAX_ENCODED};
use crate::error::DecodeError;
use crate::packet::Packet;

/// What a decoder has seen. Each count stays at `u32::MAX` once it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Statistics {
    /// Packets.
    pub good: u32,
    /// Envelopes with a wrong CRC, or without one.
    pub crc: u32,
    /// Envelopes that are too short, or that COBS does not make.
    pub framing: u32,
    /// Envelopes that are too long.
    pub overlong: u32,
    /// Packets of a version that is not spoken.
    pub version: u32,
    /// Whole packets with contents that break a rule.
    pub refused: u32,
}

impl Statistics {
    /// Envelopes that gave no packet.
    pub const fn bad(&self) -> u32 {
        self.crc
            .saturating_add(self.framing)
            .saturating_add(self.overlong)
            .saturating_add(self.version)
            .saturating_add(self.refused)
    }

    fn count(&mut self, result: &Result<Packet, DecodeError>) {
        let count = match result {
            Ok(_) => &mut self.good,
            Err(DecodeError::Short { .. } | DecodeError::Cobs) => &mut self.framing,
            Err(DecodeError::Overlong) => &mut self.overlong,
            Err(DecodeError::CrcField | DecodeError::Crc { .. }) => &mut self.crc,
            Err(DecodeError::Version { .. }) => &mut self.version,
            Err(DecodeError::Body { .. }) => &mut self.refused,
        };
        *count = count.saturating_add(1);
    }
}

/// Takes bytes in any pieces and gives packets and errors in their order.
///
/// Holds at most [`MAX_ENCODED`] bytes. What is damaged costs the envelopes that it touches; the next delimiter begins
/// anew. Two delimiters with nothing between them are no envelope and no error.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    envelope: Vec<u8, MAX_ENCODED>,
    /// Too much has come since the last delimiter.
    skipping: bool,
    statistics: Statistics,
}

impl Decoder {
    /// A decoder that has seen nothing.
    pub const fn new() -> Self {
        Self {
            envelope: Vec::new(),
            skipping: false,
            statistics: Statistics {
                good: 0,
                crc: 0,
                framing: 0,
                overlong: 0,
                version: 0,
                refused: 0,
            },
        }
    }

    /// Takes bytes up to the end of an envelope, and gives what it was and the bytes that are left. `None` says that all
    /// were taken.
    pub fn push<'i>(&mut self, input: &'i [u8]) -> (Option<Result<Packet, DecodeError>>, &'i [u8]) {
        let mut rest = input;
        while let [byte, after @ ..] = rest {
            rest = after;
            if let Some(result) = self.feed(*byte) {
                return (Some(result), rest);
            }
        }
        (None, rest)
    }

    /// All packets and errors in `input`.
    pub fn packets<'d, 'i>(&'d mut self, input: &'i [u8]) -> Packets<'d, 'i> {
        Packets {
            decoder: self,
            rest: input,
        }
    }

    /// Takes one byte, and gives a packet or an error if an envelope ends with it.
    pub fn feed(&mut self, byte: u8) -> Option<Result<Packet, DecodeError>> {
        let result = if byte == DELIMITER {
            let skipped = core::mem::take(&mut self.skipping);
            if skipped || self.envelope.is_empty() {
                return None;
            }
            let result = Packet::decode(&self.envelope);
            self.envelope.clear();
            result
        } else if self.skipping || self.envelope.push(byte).is_ok() {
            return None;
        } else {
            self.envelope.clear();
            self.skipping = true;
            Err(DecodeError::Overlong)
        };
        self.statistics.count(&result);
        Some(result)
    }

    /// What was seen so far.
    pub const fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Forgets the envelope that has begun, as after the line was opened anew. The statistics stay.
    pub fn reset(&mut self) {
        self.envelope.clear();
        self.skipping = false;
    }
}

/// The packets and errors in some bytes; see [`Decoder::packets`]. Dropping it early drops the bytes that are left.
#[derive(Debug)]
pub struct Packets<'d, 'i> {
    decoder: &'d mut Decoder,
    rest: &'i [u8],
}

impl Iterator for Packets<'_, '_> {
    type Item = Result<Packet, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (result, rest) = self.decoder.push(self.rest);
        self.rest = rest;
        result
    }
}
