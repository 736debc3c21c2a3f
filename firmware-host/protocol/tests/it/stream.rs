//! The decoder takes any bytes in any pieces.

use std::collections::BTreeSet;

use normgate_protocol::{
    DecodeError, Decoder, Kind, MAX_ENCODED, MAX_ENVELOPE, MAX_PACKET, Packet, Statistics,
};
use proptest::prelude::*;

use crate::cases::{self, Expected};
use crate::strategies;

fn decode(bytes: &[u8]) -> (Vec<Result<Packet, DecodeError>>, Statistics) {
    let mut decoder = Decoder::new();
    let received = decoder.packets(bytes).collect();
    (received, decoder.statistics())
}

/// Envelopes, damaged envelopes and noise, one after the other.
fn streams() -> BoxedStrategy<Vec<u8>> {
    let whole = strategies::packets()
        .prop_map(|packet| packet.encode().unwrap().to_vec())
        .boxed();
    let damaged = (whole.clone(), any::<prop::sample::Index>(), any::<u8>())
        .prop_map(|(mut bytes, at, byte)| {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        })
        .boxed();
    let noise = prop::collection::vec(any::<u8>(), 0..200).boxed();
    let loud = prop::collection::vec(1_u8..=255, 0..200).boxed();
    prop::collection::vec(
        prop_oneof![3 => whole, 1 => damaged, 1 => noise, 1 => loud],
        0..8,
    )
    .prop_map(|parts| parts.concat())
    .boxed()
}

proptest! {
    #[test]
    fn pieces_give_what_the_whole_gives(
        bytes in streams(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let mut decoder = Decoder::new();
        let mut received = Vec::new();
        for pair in cuts.windows(2) {
            received.extend(decoder.packets(&bytes[pair[0]..pair[1]]));
        }
        prop_assert_eq!((received, decoder.statistics()), decode(&bytes));
    }

    #[test]
    fn the_rest_begins_after_the_envelope(bytes in streams()) {
        let mut decoder = Decoder::new();
        let mut rest = bytes.as_slice();
        let mut results = 0;
        while !rest.is_empty() {
            let (result, after) = decoder.push(rest);
            prop_assert!(after.len() < rest.len());
            prop_assert!(bytes.ends_with(after));
            prop_assert_eq!(result.is_none() && !after.is_empty(), false);
            results += u32::from(result.is_some());
            rest = after;
        }
        let seen = decoder.statistics();
        prop_assert_eq!(results, seen.good + seen.bad());
    }

    #[test]
    fn noise_before_and_after_costs_no_packet(
        before in prop::collection::vec(any::<u8>(), 0..300),
        packet in strategies::packets(),
        after in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let bytes = [&before, packet.encode().unwrap().as_slice(), &after].concat();
        let (received, statistics) = decode(&bytes);
        prop_assert!(received.contains(&Ok(packet)));
        prop_assert_eq!(statistics.good, 1);
    }

    #[test]
    fn any_bytes_give_errors_at_worst(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let (received, statistics) = decode(&bytes);
        prop_assert_eq!(received.len() as u32, statistics.good + statistics.bad());
        prop_assert_eq!(statistics.good, 0);
    }
}

#[test]
fn an_overlong_envelope_is_one_error_at_the_byte_too_many() {
    let mut decoder = Decoder::new();
    assert_eq!(decoder.packets(&[0xAA; MAX_ENCODED]).count(), 0);
    let (result, rest) = decoder.push(&[0xAA; 1000]);
    assert_eq!(result, Some(Err(DecodeError::Overlong)));
    assert_eq!(rest.len(), 999);
    assert_eq!(decoder.packets(rest).count(), 0);
    assert_eq!(decoder.packets(&[0, 0, 0]).count(), 0);
    assert_eq!(decoder.statistics().overlong, 1);
    assert_eq!(decoder.packets(&[1, 2, 3, 0]).count(), 1);
    assert_eq!(
        decoder.statistics(),
        Statistics {
            overlong: 1,
            framing: 1,
            ..Statistics::default()
        }
    );
}

#[test]
fn a_reset_forgets_the_envelope_and_keeps_the_counts() {
    let mut decoder = Decoder::new();
    assert_eq!(decoder.packets(&[0, 1, 2, 3, 0, 4, 5]).count(), 1);
    decoder.reset();
    assert_eq!(decoder.packets(&[0]).count(), 0);
    assert_eq!(decoder.statistics().framing, 1);
    assert_eq!(decoder.packets(&[7; 100]).count(), 1);
    decoder.reset();
    assert_eq!(decoder.packets(&[7; 23]).count(), 0, "no longer overlong");
}

#[test]
fn packets_and_decoders_are_small() {
    assert_eq!((MAX_PACKET, MAX_ENCODED, MAX_ENVELOPE), (64, 70, 72));
    assert_eq!(size_of::<Decoder>(), 112);
    assert_eq!(size_of::<Packet>(), 72);
}

#[test]
fn each_message_has_one_length_on_the_line() {
    let lengths: BTreeSet<(u8, usize)> = cases::all()
        .iter()
        .flat_map(|(_, cases)| cases)
        .flat_map(|case| &case.expected)
        .filter_map(|expected| match expected {
            Expected::Packet(packet) => Some(packet),
            Expected::Error(_) => None,
        })
        .filter(|packet| packet.message.kind() != Kind::Label)
        .map(|packet| (packet.message.kind() as u8, packet.encode().unwrap().len()))
        .collect();
    let expected = [(1, 72), (3, 48), (4, 32), (5, 32), (6, 28), (7, 28)];
    assert_eq!(lengths.into_iter().collect::<Vec<_>>(), expected);
}
