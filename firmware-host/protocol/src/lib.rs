//! The packets between a host that classifies frames and the microcontroller that opens a gate: no `std`, no
//! allocation, no `unsafe`. `SPEC.md` beside this crate has the bytes, and the rules for both sides.
//!
//! ```text
//! Packet -encode-> Envelope: 00 | COBS(header, body) | CRC | 00   -> the line -> Decoder -> Packet or DecodeError
//! Packet = version, from: Role, sequence, session, message: Hello | Label | Verdict | Heartbeat | Ack | Command | Fault
//! ```
//!
//! - Sending: fill a [`Packet`], [`Packet::encode`], write the [`Envelope`] as it is. The [`Sequence`] goes up by one with
//!   every packet; nothing is sent twice under one number.
//! - Receiving: [`Decoder::packets`] over whatever bytes came. Every error is a packet that was not received; only
//!   [`DecodeError::Body`] can be answered, with [`AckRepr::refusal`].
//! - Which packets may be used: [`Freshness`], made from the hello that began the session. On the microcontroller
//!   [`Freshness::deadline_ms`] says until when a verdict may be applied.
//! - What is agreed: [`Versions::agree`], [`Limits::agree`]; [`Policy`] at first is [`Policy::of_session`]. Packets go out
//!   under [`Message::version_in`] the agreed version.
//! - Labels: [`labels::pieces`] cuts them up, [`labels::Assembler`] puts them together.
//! - A [`Judgement`] cannot contradict itself. [`Judgement::or_unknown`] makes anything doubtful unknown.
//!
//! ```
//! use normgate_protocol::{Decoder, Judgement, Message, Packet, Raw, Role, Sequence, SessionId, VerdictRepr};
//!
//! let judgement = Judgement::or_unknown(10, Some(3), Raw::of(7.5, 6.25))?;
//! let verdict = VerdictRepr { frame: 1, echo_ms: 120_000, age_ms: 12, judgement, drift: false };
//! let packet = Packet {
//!     version: 1,
//!     from: Role::Host,
//!     sequence: Sequence(41),
//!     session: SessionId(0x1234_5678),
//!     message: Message::Verdict(verdict),
//! };
//! let envelope = packet.encode()?;
//!
//! let mut decoder = Decoder::new();
//! let received: Vec<_> = decoder.packets(&envelope).collect();
//! assert_eq!(received, [Ok(packet)]);
//! # Ok::<(), normgate_protocol::BodyError>(())
//! ```

#![no_std]
#![forbid(unsafe_code)]

mod bytes;

/// CRC-32/ISCSI (CRC-32C, Castagnoli), and the five bytes without a zero that carry it.
pub mod crc;

/// Bytes as they come, in any pieces, to packets.
pub mod decoder;

/// What was refused, and why.
pub mod error;

/// Packets to envelopes and back: COBS, then the CRC over what COBS made, between two zeros.
pub mod envelope;

/// The twelve bytes before every message.
pub mod header;

/// Labels to pieces and back.
pub mod labels;

/// What both sides agree on, each with its least and its largest value.
pub mod limits;

/// The seven messages: of each a view over its bytes and a plain struct with `parse` and `emit`.
pub mod message;

/// A message with its header.
pub mod packet;

/// Numbers of packets, which wrap around.
pub mod sequence;

/// Which run of both sides a packet belongs to, and whether it may still be used.
pub mod session;

pub use decoder::{Decoder, Packets, Statistics};
pub use envelope::{DELIMITER, Envelope, MAX_BODY, MAX_ENCODED, MAX_ENVELOPE, MAX_PACKET};
pub use error::{BodyError, DecodeError, Inadmissible};
pub use header::{HEADER_LEN, Header, Kind, Role};
pub use limits::{
    ANSWER_TIMEOUT_MS, HEARTBEATS_LOST, HELLO_INTERVAL_MS, LABELS_MAX, LABELS_MIN, Limits, Policy,
};
pub use message::ack::{AckRepr, AckView, Reason, Status};
pub use message::command::{CommandRepr, CommandView};
pub use message::fault::{FaultCode, FaultRepr, FaultView, PrivateFault};
pub use message::heartbeat::{HeartbeatRepr, HeartbeatView, State};
pub use message::hello::{HelloRepr, HelloView, ModelHash, Software, Versions};
pub use message::label::{LABEL_BYTES, LabelPieceRepr, LabelPieceView, PIECE_BYTES};
pub use message::verdict::{DRIFT_VERSION, Judgement, NO_CLASS, Raw, VerdictRepr, VerdictView};
pub use packet::{Message, Packet};
pub use sequence::{Sequence, SequenceGuard};
pub use session::{Freshness, SessionId};
