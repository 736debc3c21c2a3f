//! Any bytes, in any pieces: no panic, pieces give what the whole gives, and what is accepted stands in the input bit for
//! bit as it would be sent.

#![no_main]

use libfuzzer_sys::fuzz_target;
use normgate_protocol::{DELIMITER, Decoder};

fuzz_target!(|data: &[u8]| {
    let mut decoder = Decoder::new();
    let whole: Vec<_> = decoder.packets(data).collect();
    let seen = decoder.statistics();
    assert_eq!(whole.len() as u32, seen.good + seen.bad());

    let mut envelopes = data.split(|&byte| byte == DELIMITER);
    for packet in whole.iter().flatten() {
        let envelope = packet.encode().expect("what is accepted can be sent");
        let between = &envelope[1..envelope.len() - 1];
        assert!(
            envelopes.any(|found| found == between),
            "sent otherwise than it was received"
        );
    }

    let step = data.first().map_or(1, |&byte| 1 + usize::from(byte % 80));
    let mut decoder = Decoder::new();
    let pieces: Vec<_> = data
        .chunks(step)
        .flat_map(|piece| decoder.packets(piece).collect::<Vec<_>>())
        .collect();
    // A NaN never gets here, so equality is of the bits.
    assert_eq!(whole, pieces);
});
