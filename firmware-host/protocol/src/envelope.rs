use heapless::Vec;

use crate::crc::{CRC_LEN, checksum, from_wire, to_wire};
use crate::error::DecodeError;
use crate::header::HEADER_LEN;
use crate::message::hello::HELLO_LEN;
use crate::message::label::LABEL_PIECE_LEN_MIN;

/// The byte between envelopes, and in none.
pub const DELIMITER: u8 = 0;

/// Bytes of the longest body: a hello.
pub const MAX_BODY: usize = HELLO_LEN;

/// Bytes of the longest packet.
pub const MAX_PACKET: usize = HEADER_LEN + MAX_BODY;

/// Bytes between the delimiters of the shortest envelope.
pub const MIN_ENCODED: usize = HEADER_LEN + LABEL_PIECE_LEN_MIN + 1 + CRC_LEN;

/// Bytes between the delimiters of the longest envelope.
pub const MAX_ENCODED: usize = MAX_PACKET + 1 + CRC_LEN;

/// Bytes of the longest envelope with both delimiters.
pub const MAX_ENVELOPE: usize = MAX_ENCODED + 2;

// Below 254 bytes COBS adds exactly one byte and has one encoding for each packet.
const _: () = assert!(MAX_PACKET < 254);

/// A packet's bytes, header and body.
pub type PacketBytes = Vec<u8, MAX_PACKET>;

/// An envelope with both delimiters, to be written as it is.
pub type Envelope = Vec<u8, MAX_ENVELOPE>;

/// The envelope of a packet's bytes.
pub(crate) fn seal(packet: &PacketBytes) -> Envelope {
    let mut cobs = [0; MAX_PACKET + 1];
    // The buffer has the one byte more that COBS adds below 254 bytes, so neither this nor the pushes can fail.
    let len = cobs::try_encode(packet, &mut cobs).unwrap_or(0);
    let body = cobs.get(..len).unwrap_or(&[]);
    let mut envelope = Envelope::new();
    let _ = envelope.push(DELIMITER);
    let _ = envelope.extend_from_slice(body);
    let _ = envelope.extend_from_slice(&to_wire(checksum(body)));
    let _ = envelope.push(DELIMITER);
    envelope
}

/// The packet's bytes between two delimiters.
pub(crate) fn open(encoded: &[u8]) -> Result<PacketBytes, DecodeError> {
    if encoded.len() < MIN_ENCODED {
        return Err(DecodeError::Short {
            found: encoded.len(),
        });
    }
    let (body, field) = encoded.split_last_chunk().ok_or(DecodeError::Short {
        found: encoded.len(),
    })?;
    let found = from_wire(*field).ok_or(DecodeError::CrcField)?;
    let computed = checksum(body);
    if found != computed {
        return Err(DecodeError::Crc { found, computed });
    }
    let mut packet = [0; MAX_PACKET];
    let report = cobs::decode(body, &mut packet).map_err(|_| DecodeError::Cobs)?;
    let packet = packet.get(..report.frame_size()).ok_or(DecodeError::Cobs)?;
    Vec::from_slice(packet).map_err(|_| DecodeError::Cobs)
}
