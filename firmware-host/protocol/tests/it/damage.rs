//! Damage on the line is found.

use normgate_protocol::{
    Decoder, FaultCode, FaultRepr, Message, Packet, Role, Sequence, SessionId,
};
use proptest::prelude::*;

use crate::corruption::Random;
use crate::strategies;

/// Longest bursts of which every pattern is tried.
const ALL_PATTERNS: u32 = 10;

/// Patterns tried of each longer burst, at each place.
const SOME_PATTERNS: usize = 24;

fn fault(sequence: u32, detail: u32) -> Packet {
    Packet {
        version: 1,
        from: Role::Mcu,
        sequence: Sequence(sequence),
        session: SessionId(0x0102_0408),
        message: Message::Fault(FaultRepr {
            code: FaultCode::Line,
            detail,
        }),
    }
}

fn flip(bytes: &mut [u8], start: usize, pattern: u32) {
    for bit in (0..32).filter(|bit| pattern >> bit & 1 == 1) {
        bytes[(start + bit) / 8] ^= 1 << ((start + bit) % 8);
    }
}

/// Bursts of exactly `len` bits: both ends are set.
fn bursts(len: u32, random: &mut Random) -> Vec<u32> {
    let ends = 1 | 1 << (len - 1);
    let inner = (1_u64 << len.saturating_sub(2)) as u32;
    if len <= ALL_PATTERNS {
        (0..inner).map(|middle| middle << 1 | ends).collect()
    } else {
        (0..SOME_PATTERNS)
            .map(|_| (random.below(inner as usize) as u32) << 1 | ends)
            .collect()
    }
}

#[test]
fn a_burst_of_up_to_32_bits_makes_no_packet() {
    // Details with zeros and without, so that COBS has many codes and few.
    let sent = [fault(1, 0), fault(2, 0x0001_0203), fault(3, 0xFFFF_FFFF)];
    let envelopes = sent.each_ref().map(|packet| packet.encode().unwrap());
    let stream: Vec<u8> = envelopes.iter().flatten().copied().collect();
    let first = 8 * (envelopes[0].len() - 3);
    let last = 8 * (envelopes[0].len() + envelopes[1].len() + 1);
    let mut random = Random(7);
    let mut decoded = 0;
    for start in first..last {
        for len in 1..=32 {
            for burst in bursts(len, &mut random) {
                let mut damaged = stream.clone();
                flip(&mut damaged, start, burst);
                for packet in Decoder::new().packets(&damaged).flatten() {
                    assert!(
                        sent.contains(&packet),
                        "{burst:#x} at bit {start} makes {packet:?}"
                    );
                }
                decoded += 1;
            }
        }
    }
    assert_eq!(decoded, 256 * 1040);
}

proptest! {
    #[test]
    fn a_damaged_packet_is_not_received(
        packet in strategies::packets(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..=255), 1..12),
    ) {
        let envelope = packet.encode().unwrap();
        let mut bytes = envelope.to_vec();
        for (at, change) in changes {
            let at = at.index(bytes.len());
            bytes[at] ^= change;
        }
        let received: Vec<Packet> = Decoder::new().packets(&bytes).flatten().collect();
        let between = |bytes: &[u8]| -> Vec<Vec<u8>> {
            bytes.split(|&byte| byte == 0).map(<[u8]>::to_vec).collect()
        };
        // The envelope may have survived whole between other delimiters.
        let survived = between(&bytes)[..].contains(&envelope[1..envelope.len() - 1].to_vec());
        prop_assert_eq!(received, if survived && bytes.ends_with(&[0]) { vec![packet] } else { vec![] });
    }
}
