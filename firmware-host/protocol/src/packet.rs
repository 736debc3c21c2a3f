use heapless::Vec;

use crate::envelope::{Envelope, MAX_BODY, PacketBytes, open, seal};
use crate::error::{BodyError, DecodeError};
use crate::header::{Header, Kind, Role};
use crate::message::ack::{AckRepr, AckView};
use crate::message::command::{CommandRepr, CommandView};
use crate::message::fault::{FaultRepr, FaultView};
use crate::message::heartbeat::{HeartbeatRepr, HeartbeatView};
use crate::message::hello::{HelloRepr, HelloView, Versions};
use crate::message::label::{LabelPieceRepr, LabelPieceView};
use crate::message::verdict::{VerdictRepr, VerdictView};
use crate::sequence::Sequence;
use crate::session::SessionId;

/// One of the messages.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Who speaks, and under which limits. Both ways.
    Hello(HelloRepr),
    /// A piece of a label. To the microcontroller.
    Label(LabelPieceRepr),
    /// What is decided of a frame. To the microcontroller.
    Verdict(VerdictRepr),
    /// A sign of life. Both ways.
    Heartbeat(HeartbeatRepr),
    /// What became of a packet. To the host.
    Ack(AckRepr),
    /// What the microcontroller is to do. To the microcontroller.
    Command(CommandRepr),
    /// What went wrong. Both ways.
    Fault(FaultRepr),
}

impl Message {
    /// The type.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Hello(_) => Kind::Hello,
            Self::Label(_) => Kind::Label,
            Self::Verdict(_) => Kind::Verdict,
            Self::Heartbeat(_) => Kind::Heartbeat,
            Self::Ack(_) => Kind::Ack,
            Self::Command(_) => Kind::Command,
            Self::Fault(_) => Kind::Fault,
        }
    }

    fn parse(kind: Kind, version: u8, from: Role, body: &[u8]) -> Result<Self, BodyError> {
        Ok(match kind {
            Kind::Hello => Self::Hello(HelloRepr::parse(&HelloView::new(body)?, from)?),
            Kind::Label => Self::Label(LabelPieceRepr::parse(&LabelPieceView::new(body)?)?),
            Kind::Verdict => Self::Verdict(VerdictRepr::parse(&VerdictView::new(body)?, version)?),
            Kind::Heartbeat => Self::Heartbeat(HeartbeatRepr::parse(&HeartbeatView::new(body)?)?),
            Kind::Ack => Self::Ack(AckRepr::parse(&AckView::new(body)?)?),
            Kind::Command => Self::Command(CommandRepr::parse(&CommandView::new(body)?)?),
            Kind::Fault => Self::Fault(FaultRepr::parse(&FaultView::new(body)?)?),
        })
    }

    fn emit(&self, version: u8, from: Role) -> Result<Vec<u8, MAX_BODY>, BodyError> {
        fn sized<const L: usize>(body: &[u8; L]) -> Vec<u8, MAX_BODY> {
            const { assert!(L <= MAX_BODY, "a body longer than the longest") };
            Vec::from_slice(body).unwrap_or_default()
        }
        Ok(match self {
            Self::Hello(hello) => sized(&hello.emit(from)?),
            Self::Label(piece) => Vec::from_slice(&piece.emit()?).unwrap_or_default(),
            Self::Verdict(verdict) => sized(&verdict.emit(version)?),
            Self::Heartbeat(heartbeat) => sized(&heartbeat.emit()),
            Self::Ack(ack) => sized(&ack.emit()),
            Self::Command(command) => sized(&command.emit()),
            Self::Fault(fault) => sized(&fault.emit()),
        })
    }

    /// The version of its packet where this one is agreed: a hello goes out under the lowest that its sender speaks,
    /// all others under the agreed one.
    pub const fn version_in(&self, agreed: u8) -> u8 {
        match self {
            Self::Hello(hello) => hello.versions.min(),
            _ => agreed,
        }
    }
}

/// A message with its header.
#[derive(Debug, Clone, PartialEq)]
pub struct Packet {
    /// Version of the protocol that it is of; see [`Message::version_in`].
    pub version: u8,
    /// Who sent it.
    pub from: Role,
    /// Number of the packet among all of its sender.
    pub sequence: Sequence,
    /// The session it belongs to.
    pub session: SessionId,
    /// The message.
    pub message: Message,
}

impl Packet {
    /// The envelope to write: both delimiters included, at most 72 bytes.
    ///
    /// # Errors
    /// If a decoder would refuse it: the message is not one of this side, has no session where it needs one, is in a
    /// version that is not spoken or has no such message, or breaks a rule of its own.
    pub fn encode(&self) -> Result<Envelope, BodyError> {
        check(self.message.kind(), self.from, self.session)?;
        let body = self.message.emit(self.version, self.from)?;
        check_version(&self.message, self.version)?;
        let mut packet = PacketBytes::new();
        // A packet is as long as a header and the longest body, so neither can fail.
        let _ = packet.extend_from_slice(&self.header_of(&body).emit());
        let _ = packet.extend_from_slice(&body);
        Ok(seal(&packet))
    }

    /// The packet between two delimiters.
    ///
    /// # Errors
    /// See [`DecodeError`]; the first that applies, in its order but for [`DecodeError::Overlong`].
    pub fn decode(encoded: &[u8]) -> Result<Self, DecodeError> {
        let bytes = open(encoded)?;
        let (head, body) = bytes.split_first_chunk().ok_or(DecodeError::Short {
            found: encoded.len(),
        })?;
        let header = Header::parse(head);
        if !Versions::SPOKEN.contains(header.version) && header.kind != Kind::Hello as u8 {
            return Err(DecodeError::Version {
                found: header.version,
            });
        }
        Self::parse(&header, body).map_err(|error| DecodeError::Body { header, error })
    }

    fn parse(header: &Header, body: &[u8]) -> Result<Self, BodyError> {
        let kind = Kind::from_code(header.kind).ok_or(BodyError::Kind { found: header.kind })?;
        if usize::from(header.body_len) != body.len() {
            return Err(BodyError::Length {
                found: body.len(),
                expected: usize::from(header.body_len),
            });
        }
        check(kind, header.from, header.session)?;
        let message = Message::parse(kind, header.version, header.from, body)?;
        check_version(&message, header.version)?;
        Ok(Self {
            version: header.version,
            from: header.from,
            sequence: header.sequence,
            session: header.session,
            message,
        })
    }

    /// The header that [`Self::encode`] writes.
    fn header_of(&self, body: &[u8]) -> Header {
        Header {
            version: self.version,
            from: self.from,
            kind: self.message.kind() as u8,
            body_len: body.len() as u16,
            sequence: self.sequence,
            session: self.session,
        }
    }
}

fn check(kind: Kind, from: Role, session: SessionId) -> Result<(), BodyError> {
    if !kind.is_sent_by(from) {
        return Err(BodyError::Direction { from });
    }
    if !session.is_some() && !kind.is_sent_without_session(from) {
        return Err(BodyError::NoSession);
    }
    Ok(())
}

/// A hello has the lowest version that its sender speaks, anything else one that is spoken here.
fn check_version(message: &Message, version: u8) -> Result<(), BodyError> {
    let spoken = match message {
        Message::Hello(hello) if hello.versions.min() != version => hello.versions,
        Message::Hello(_) => return Ok(()),
        _ if Versions::SPOKEN.contains(version) => return Ok(()),
        _ => Versions::SPOKEN,
    };
    let (min, max) = (version, spoken.max());
    Err(BodyError::Versions { min, max })
}
