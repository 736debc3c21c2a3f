use thiserror::Error;

use crate::header::Header;
use crate::limits::{Limits, Policy};
use crate::message::label::LABEL_BYTES;
use crate::session::SessionId;
use crate::{MAX_ENVELOPE, Role, Sequence, Versions};

/// Why the bytes between two delimiters are no packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// Fewer bytes than the smallest packet needs.
    #[error(
        "an envelope of {found} bytes: the shortest has {}",
        crate::envelope::MIN_ENCODED
    )]
    Short {
        /// Bytes between the delimiters.
        found: usize,
    },
    /// More bytes than any packet has. Reported at the byte that is too many; what follows up to the next delimiter is
    /// dropped in silence.
    #[error("an envelope longer than {} bytes", MAX_ENVELOPE - 2)]
    Overlong,
    /// The last five bytes of an envelope are not of the form of a CRC.
    #[error("no CRC at the end of an envelope")]
    CrcField,
    /// The CRC is of other bytes.
    #[error("an envelope with the CRC {found:#010x}: its bytes have {computed:#010x}")]
    Crc {
        /// The CRC in the envelope.
        found: u32,
        /// The CRC of the bytes before it.
        computed: u32,
    },
    /// The CRC is right, and the bytes are not what COBS makes.
    #[error("an envelope that COBS does not make")]
    Cobs,
    /// The packet is whole and of a version that is not spoken here.
    #[error(
        "a packet of version {found}: {} to {} are spoken here",
        Versions::SPOKEN.min(),
        Versions::SPOKEN.max()
    )]
    Version {
        /// The packet's version.
        found: u8,
    },
    /// The packet is whole, and its contents break a rule. Nothing in them may be used; a verdict counts as unknown.
    #[error("a packet of type {:#04x}, number {}: {error}", header.kind, header.sequence.0)]
    Body {
        /// The packet's header as it was sent: to answer it.
        header: Header,
        /// The rule.
        error: BodyError,
    },
}

/// Which rule a packet's contents break. What cannot be parsed for one of these cannot be emitted either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BodyError {
    /// No message has this type.
    #[error("an unknown type")]
    Kind {
        /// The type without the bit of the sender.
        found: u8,
    },
    /// The length of the body is not the one that the header states, or not one that the message has.
    #[error("a body of {found} bytes, expected {expected}")]
    Length {
        /// Bytes there are.
        found: usize,
        /// Bytes there should be.
        expected: usize,
    },
    /// This message is never sent by this side.
    #[error("not a message that the {from:?} sends")]
    Direction {
        /// Who sent it.
        from: Role,
    },
    /// Session 0, where one must be agreed.
    #[error("no session")]
    NoSession,
    /// A reserved field is not 0, or a flag that does not exist is set.
    #[error("a reserved field is not 0")]
    Reserved,
    /// A code that stands for nothing.
    #[error("the code {found} stands for nothing")]
    Code {
        /// The code.
        found: u16,
    },
    /// Versions that are no range, or from 0.
    #[error("versions {min} to {max}")]
    Versions {
        /// Lowest version spoken.
        min: u8,
        /// Highest version spoken.
        max: u8,
    },
    /// More or fewer labels than can be.
    #[error("{found} labels")]
    Labels {
        /// The number of labels.
        found: u16,
    },
    /// An agreed age outside of its range, or less than two heartbeats.
    #[error(
        "an age of {found} ms with heartbeats of {heartbeat_ms} ms: expected {} to {} ms and two heartbeats",
        Limits::MAX_AGE_MS_MIN,
        Limits::MAX_AGE_MS_MAX
    )]
    MaxAge {
        /// The age, ms.
        found: u16,
        /// The interval of heartbeats, ms.
        heartbeat_ms: u16,
    },
    /// An interval of heartbeats outside of its range.
    #[error(
        "a heartbeat every {found} ms, expected {} to {}",
        Limits::HEARTBEAT_MS_MIN,
        Limits::HEARTBEAT_MS_MAX
    )]
    HeartbeatInterval {
        /// The interval, ms.
        found: u16,
    },
    /// A policy's age outside of its range.
    #[error(
        "a policy with an age of {found} ms, expected {} to {}",
        Policy::MAX_AGE_MS_MIN,
        Policy::MAX_AGE_MS_MAX
    )]
    PolicyAge {
        /// The age, ms.
        found: u16,
    },
    /// A policy's hold time outside of its range.
    #[error(
        "a policy with a hold time of {found} ms, expected {} to {}",
        Policy::HOLD_MS_MIN,
        Policy::HOLD_MS_MAX
    )]
    PolicyHold {
        /// The hold time, ms.
        found: u16,
    },
    /// The index of a label that cannot be.
    #[error("label {found}, expected less than 4096")]
    LabelIndex {
        /// The index.
        found: u16,
    },
    /// A piece that reaches over the end of the longest label, or is empty.
    #[error("a piece of {len} bytes at {offset} of a label: expected 1 to {LABEL_BYTES} in all")]
    LabelPiece {
        /// Where the piece begins, in bytes.
        offset: u8,
        /// How long it is, in bytes.
        len: usize,
    },
    /// A class that is not among the labels.
    #[error("class {class} of {labels}")]
    Class {
        /// The class.
        class: u16,
        /// The number of labels.
        labels: u16,
    },
    /// A score or a threshold that is not finite, in a verdict that says that the frame was scored.
    #[error("a score or threshold that is not finite")]
    NotFinite,
    /// Known with a score below the threshold, or unknown with a score that reaches it.
    #[error("known and score >= threshold do not agree")]
    Contradiction,
    /// A committed class on a frame that could not be scored.
    #[error("a class on a frame without a score")]
    Unscored,
}

/// Why a whole packet is not to be used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Inadmissible {
    /// Of another session: from before one side was restarted.
    #[error("session {found:?}, expected {expected:?}")]
    Session {
        /// The packet's session.
        found: SessionId,
        /// The session agreed.
        expected: SessionId,
    },
    /// Not newer than what was seen before.
    #[error("packet {found:?}, not newer than {newest:?}")]
    Sequence {
        /// The packet's number.
        found: Sequence,
        /// The newest number seen.
        newest: Sequence,
    },
    /// Echoes a time of the microcontroller's clock that is yet to come.
    #[error("echoes {echo_ms} ms at {now_ms} ms")]
    Clock {
        /// The time echoed, ms.
        echo_ms: u32,
        /// The microcontroller's time, ms.
        now_ms: u32,
    },
    /// The frame behind the verdict may be older than allowed.
    #[error("may be {age_ms} ms old: {max_age_ms} ms are allowed")]
    Age {
        /// The age at most, ms.
        age_ms: u32,
        /// The age allowed, ms.
        max_age_ms: u16,
    },
    /// Counts other labels than the hello did.
    #[error("of {found} labels, expected {expected}")]
    Labels {
        /// The verdict's labels.
        found: u16,
        /// The hello's labels.
        expected: u16,
    },
}
