use normgate_protocol::{LabelPieceRepr, Message, Packet, Role};

use super::{Case, Expected, at, bad, bytes_of, envelope_of, good, packet};

fn piece(index: u16, offset: u8, text: &[u8], last: bool) -> Packet {
    let text = text.iter().copied().collect();
    packet(
        Role::Host,
        20,
        Message::Label(LabelPieceRepr {
            index,
            offset,
            last,
            text,
        }),
    )
}

/// A piece with a text of any length, and the length that the header should state.
fn of_length(name: &str, len: usize, error: &'static str) -> Case {
    let mut bytes = bytes_of(&piece(0, 0, b"x", true));
    bytes.resize(16 + len, b'x');
    bytes[2] = 4 + len as u8;
    Case {
        name: name.to_owned(),
        bytes: envelope_of(&bytes),
        expected: vec![Expected::Error(error)],
    }
}

pub(super) fn cases() -> Vec<Case> {
    let base = piece(3, 0, b"cat", true);
    vec![
        good("one piece", base.clone()),
        good("one byte", piece(0, 0, b"x", true)),
        good("first of two pieces", piece(4095, 0, &[b'a'; 32], false)),
        good("last of two pieces", piece(4095, 32, &[b'b'; 32], true)),
        good("last byte of the longest label", piece(1, 63, b"z", true)),
        good("half a character", piece(1, 0, &[b'a', 0xE2, 0x82], false)),
        good("zeros", piece(1, 0, &[0; 32], false)),
        bad("flag that does not exist", &base, "reserved", at(3, [2])),
        bad("label 4096", &base, "label-index", at(0, [0, 16])),
        bad("over the end", &base, "label-piece", at(2, [62])),
        bad("far over the end", &base, "label-piece", at(2, [255])),
        of_length("33 bytes of text", 33, "length"),
        of_length("no text and a byte too few for an envelope", 0, "short"),
        bad("from the mcu", &base, "direction", |b| b[1] |= 0x80),
        bad("no session", &base, "no-session", |b| b[8..12].fill(0)),
        bad("length of the header too large", &base, "length", |b| {
            b[2] += 1
        }),
        bad("length of the header beyond a byte", &base, "length", |b| {
            b[3] = 1
        }),
    ]
}
