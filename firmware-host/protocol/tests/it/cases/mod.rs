//! Bytes on the line, and what a receiver makes of them. The vectors are made from these.

mod ack;
mod command;
mod envelope;
mod fault;
mod heartbeat;
mod hello;
mod label;
mod verdict;

use normgate_protocol::crc::{checksum, to_wire};
use normgate_protocol::{Message, Packet, Role, Sequence, SessionId};

/// What a receiver gives for one envelope.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expected {
    /// This packet.
    Packet(Packet),
    /// The error of this name in SPEC.md.
    Error(&'static str),
}

/// Some bytes on the line and what comes of them.
#[derive(Debug)]
pub(crate) struct Case {
    pub name: String,
    pub bytes: Vec<u8>,
    pub expected: Vec<Expected>,
}

/// All cases, by the file of vectors that they stand in.
pub(crate) fn all() -> Vec<(&'static str, Vec<Case>)> {
    vec![
        ("hello", hello::cases()),
        ("label", label::cases()),
        ("verdict", verdict::cases()),
        ("heartbeat", heartbeat::cases()),
        ("ack", ack::cases()),
        ("command", command::cases()),
        ("fault", fault::cases()),
        ("envelope", envelope::cases()),
    ]
}

/// The header's length: where a body begins.
const BODY: usize = 12;

const SESSION: SessionId = SessionId(0xC0FF_EE01);

fn packet(from: Role, sequence: u32, message: Message) -> Packet {
    Packet {
        version: message.version_in(1),
        from,
        sequence: Sequence(sequence),
        session: SESSION,
        message,
    }
}

/// A packet that is received as it was sent.
fn good(name: &str, packet: Packet) -> Case {
    Case {
        name: name.to_owned(),
        bytes: packet.encode().unwrap().to_vec(),
        expected: vec![Expected::Packet(packet)],
    }
}

/// A packet whose bytes are changed before its envelope is made.
fn bad(name: &str, packet: &Packet, error: &'static str, change: impl Fn(&mut Vec<u8>)) -> Case {
    let mut bytes = bytes_of(packet);
    change(&mut bytes);
    Case {
        name: name.to_owned(),
        bytes: envelope_of(&bytes),
        expected: vec![Expected::Error(error)],
    }
}

/// Other bytes at a place of the body.
fn at<const N: usize>(offset: usize, field: [u8; N]) -> impl Fn(&mut Vec<u8>) {
    move |bytes| bytes[BODY + offset..BODY + offset + N].copy_from_slice(&field)
}

/// Header and body of a packet.
fn bytes_of(packet: &Packet) -> Vec<u8> {
    let envelope = packet.encode().unwrap();
    let mut bytes = vec![0; envelope.len()];
    let report = cobs::decode(&envelope[1..envelope.len() - 6], &mut bytes).unwrap();
    bytes.truncate(report.frame_size());
    bytes
}

/// The envelope of any bytes.
fn envelope_of(bytes: &[u8]) -> Vec<u8> {
    let mut stuffed = vec![0; bytes.len() + 2];
    let len = cobs::try_encode(bytes, &mut stuffed).unwrap();
    enveloped(&stuffed[..len])
}

/// CRC field and delimiters around any bytes.
fn enveloped(stuffed: &[u8]) -> Vec<u8> {
    [&[0], stuffed, &to_wire(checksum(stuffed)), &[0]].concat()
}
