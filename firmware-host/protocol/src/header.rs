use crate::bytes::{put, take, u16_at, u32_at};
use crate::sequence::Sequence;
use crate::session::SessionId;

/// Bytes of a header.
pub const HEADER_LEN: usize = 12;

/// Which side of the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The board that runs the network.
    Host,
    /// The microcontroller that opens the gate.
    Mcu,
}

/// The bit of the type byte that says that the microcontroller is the sender.
const FROM_MCU: u8 = 0x80;

/// A packet's header as it stands on the wire. Of any version: the first byte and the CRC stay where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Header {
    /// Version of the protocol. In a hello the lowest one that the sender speaks.
    pub version: u8,
    /// Who sent it.
    pub from: Role,
    /// Type of the message, 0 to 127: a [`Kind`], if it is known.
    pub kind: u8,
    /// Bytes of the message after the header.
    pub body_len: u16,
    /// Number of the packet among all of its sender.
    pub sequence: Sequence,
    /// The session it belongs to.
    pub session: SessionId,
}

impl Header {
    /// Reads a header; every bit pattern is one.
    pub const fn parse(bytes: &[u8; HEADER_LEN]) -> Self {
        let [version] = take::<0, 1, HEADER_LEN>(bytes);
        let [kind] = take::<1, 1, HEADER_LEN>(bytes);
        Self {
            version,
            from: if kind & FROM_MCU == 0 {
                Role::Host
            } else {
                Role::Mcu
            },
            kind: kind & !FROM_MCU,
            body_len: u16_at::<2, HEADER_LEN>(bytes),
            sequence: Sequence(u32_at::<4, HEADER_LEN>(bytes)),
            session: SessionId(u32_at::<8, HEADER_LEN>(bytes)),
        }
    }

    /// Writes a header; bit 7 of `kind` is taken from `from`.
    pub const fn emit(&self) -> [u8; HEADER_LEN] {
        let from = match self.from {
            Role::Host => 0,
            Role::Mcu => FROM_MCU,
        };
        let mut bytes = [0; HEADER_LEN];
        put::<0, 2, HEADER_LEN>(&mut bytes, [self.version, self.kind & !FROM_MCU | from]);
        put::<2, 2, HEADER_LEN>(&mut bytes, self.body_len.to_le_bytes());
        put::<4, 4, HEADER_LEN>(&mut bytes, self.sequence.0.to_le_bytes());
        put::<8, 4, HEADER_LEN>(&mut bytes, self.session.0.to_le_bytes());
        bytes
    }
}

/// Type of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Who speaks, and under which limits.
    Hello = 1,
    /// A piece of a label.
    Label = 2,
    /// What is decided of a frame.
    Verdict = 3,
    /// A sign of life.
    Heartbeat = 4,
    /// What became of a packet.
    Ack = 5,
    /// What the microcontroller is to do.
    Command = 6,
    /// What went wrong.
    Fault = 7,
}

impl Kind {
    /// The type with this code.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Hello,
            2 => Self::Label,
            3 => Self::Verdict,
            4 => Self::Heartbeat,
            5 => Self::Ack,
            6 => Self::Command,
            7 => Self::Fault,
            _ => return None,
        })
    }

    /// Whether this side ever sends it.
    pub const fn is_sent_by(self, role: Role) -> bool {
        match self {
            Self::Hello | Self::Heartbeat | Self::Fault => true,
            Self::Label | Self::Verdict | Self::Command => matches!(role, Role::Host),
            Self::Ack => matches!(role, Role::Mcu),
        }
    }

    /// Whether this side may send it in session 0: a microcontroller, hello and fault.
    pub const fn is_sent_without_session(self, role: Role) -> bool {
        matches!(role, Role::Mcu) && matches!(self, Self::Hello | Self::Fault)
    }
}
