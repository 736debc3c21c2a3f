//! The CRC is the one that the specification names, and finds what it says.

use std::collections::HashSet;

use normgate_protocol::MAX_PACKET;
use normgate_protocol::crc::{CRC_LEN, checksum, from_wire, to_wire};
use proptest::prelude::*;

/// Bytes of the longest COBS.
const LONGEST: usize = MAX_PACKET + 1;

/// The change of the CRC for each bit of the longest envelope, in the order of the line; the bits of the CRC field that
/// carry none are `None`.
fn remainders() -> Vec<Option<u32>> {
    let zero = checksum(&[0; LONGEST]);
    let of_body = (0..8 * LONGEST).map(|bit| {
        let mut bytes = [0; LONGEST];
        bytes[bit / 8] = 1 << (bit % 8);
        Some(checksum(&bytes) ^ zero)
    });
    let of_field = (0..8 * CRC_LEN).map(|bit| {
        let place = 7 * (bit / 8) + bit % 8;
        (bit % 8 < 7 && place < 32).then(|| 1 << place)
    });
    of_body.chain(of_field).collect()
}

/// How many of these are independent over GF(2).
fn rank(vectors: impl Iterator<Item = u32>) -> usize {
    let mut basis = [0_u32; 32];
    vectors
        .filter(|&vector| {
            let mut left = vector;
            while left != 0 {
                let top = left.ilog2() as usize;
                if basis[top] == 0 {
                    basis[top] = left;
                    return true;
                }
                left ^= basis[top];
            }
            false
        })
        .count()
}

#[test]
fn is_the_one_of_the_specification() {
    assert_eq!(checksum(b"123456789"), 0xE306_9283);
    assert_eq!(to_wire(0xE306_9283), [0x83, 0xA5, 0x9A, 0x98, 0x8E]);
    let mut crc = 0xFFFF_FFFF_u32;
    for byte in b"normgate" {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ if crc & 1 == 1 { 0x82F6_3B78 } else { 0 };
        }
    }
    assert_eq!(checksum(b"normgate"), !crc);
}

#[test]
fn every_burst_of_32_bits_changes_it() {
    let remainders = remainders();
    assert_eq!(remainders.len(), 560);
    for window in remainders.windows(32) {
        let carried: Vec<u32> = window.iter().copied().flatten().collect();
        assert_eq!(rank(carried.iter().copied()), carried.len());
    }
}

#[test]
fn every_five_bits_change_it() {
    let remainders: Vec<u32> = remainders().into_iter().flatten().collect();
    assert_eq!(remainders.len(), 552);
    let odd = 0x1EDC_6F41_u32.count_ones() + 1;
    assert_eq!(
        odd % 2,
        0,
        "x + 1 divides the polynomial, so an odd number of bits is found"
    );
    let mut seen: HashSet<u32> = remainders.iter().copied().chain([0]).collect();
    assert_eq!(seen.len(), 553);
    for (i, a) in remainders.iter().enumerate() {
        for b in &remainders[..i] {
            assert!(seen.insert(a ^ b));
        }
    }
}

proptest! {
    #[test]
    fn the_field_carries_any_crc_without_a_zero(crc: u32) {
        let field = to_wire(crc);
        prop_assert!(field.iter().all(|&byte| byte != 0));
        prop_assert_eq!(from_wire(field), Some(crc));
    }

    #[test]
    fn a_field_is_a_crc_in_one_form_only(field: [u8; CRC_LEN]) {
        match from_wire(field) {
            Some(crc) => prop_assert_eq!(to_wire(crc), field),
            None => prop_assert!(field.iter().any(|byte| byte & 0x80 == 0) || field[4] & 0x70 != 0),
        }
    }
}
