//! Any bytes as a packet under a right CRC, so that what is behind the CRC is reached: no panic, and what is accepted is
//! sent bit for bit as it was received.

#![no_main]

use libfuzzer_sys::fuzz_target;
use normgate_protocol::crc::{checksum, to_wire};
use normgate_protocol::{DELIMITER, DRIFT_VERSION, Decoder, MAX_ENVELOPE, MAX_PACKET, Message};

fuzz_target!(|data: &[u8]| {
    let packet = &data[..data.len().min(MAX_PACKET)];
    let mut stuffed = [0; MAX_ENVELOPE];
    let len = cobs::encode(packet, &mut stuffed);
    let stuffed = &stuffed[..len];
    let envelope = [
        &[DELIMITER],
        stuffed,
        &to_wire(checksum(stuffed)),
        &[DELIMITER],
    ]
    .concat();

    let mut decoder = Decoder::new();
    let received: Vec<_> = decoder.packets(&envelope).collect();
    assert_eq!(received.len(), 1);
    match &received[0] {
        Ok(packet) => {
            let again = packet.encode().expect("what is accepted can be sent");
            assert_eq!(again.as_slice(), envelope);
            if let Message::Verdict(verdict) = &packet.message {
                assert!(!verdict.drift || packet.version >= DRIFT_VERSION);
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
