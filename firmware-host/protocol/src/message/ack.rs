use super::exactly;
use crate::bytes::{put, take, u16_at, u32_at};
use crate::error::{BodyError, DecodeError, Inadmissible};
use crate::{Kind, Role, Sequence};

/// Bytes of an acknowledgement's body.
pub const ACK_LEN: usize = 12;

/// Why a packet was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Its contents break a rule of the protocol. A verdict was taken as unknown.
    Malformed,
    /// A number is outside of its range, or of what was agreed.
    Range,
    /// The microcontroller is held; the verdict was not applied.
    Held,
    /// A verdict of another number of labels than the hello's. It was taken as unknown.
    Labels,
    /// A label beyond those that the microcontroller keeps. The host sends no more of them.
    Capacity,
    /// A piece that does not follow the one before, or a label that is not UTF-8 or has control characters. The host
    /// sends the label again from its start.
    Label,
    /// A message or command that this firmware does not carry out.
    Unsupported,
    /// The microcontroller has a fault of its own; a fault packet says which.
    Fault,
}

impl Reason {
    const fn code(self) -> u8 {
        match self {
            Self::Malformed => 1,
            Self::Range => 2,
            Self::Held => 3,
            Self::Labels => 4,
            Self::Capacity => 5,
            Self::Label => 6,
            Self::Unsupported => 7,
            Self::Fault => 8,
        }
    }

    const fn from_code(code: u8) -> Result<Self, BodyError> {
        Ok(match code {
            1 => Self::Malformed,
            2 => Self::Range,
            3 => Self::Held,
            4 => Self::Labels,
            5 => Self::Capacity,
            6 => Self::Label,
            7 => Self::Unsupported,
            8 => Self::Fault,
            _ => return Err(BodyError::Code { found: code as u16 }),
        })
    }
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// It was carried out: a verdict that says unknown is applied, too.
    Applied,
    /// It was too old, or not newer than one before; it changed nothing.
    Stale,
    /// It was not carried out.
    Refused(Reason),
}

impl Status {
    /// How a packet that may not be used is acknowledged; none for one of another session, which is answered with a
    /// fault.
    pub const fn of(error: &Inadmissible) -> Option<Self> {
        match error {
            Inadmissible::Sequence { .. }
            | Inadmissible::Clock { .. }
            | Inadmissible::Age { .. } => Some(Self::Stale),
            Inadmissible::Labels { .. } => Some(Self::Refused(Reason::Labels)),
            Inadmissible::Session { .. } => None,
        }
    }
}

impl Reason {
    /// How a packet that broke this rule is refused.
    pub const fn of(error: &BodyError) -> Self {
        match error {
            BodyError::PolicyAge { .. } | BodyError::PolicyHold { .. } => Self::Range,
            BodyError::Kind { .. } => Self::Unsupported,
            _ => Self::Malformed,
        }
    }
}

/// The bytes of an acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AckView<'a>(&'a [u8; ACK_LEN]);

impl<'a> AckView<'a> {
    /// Over the bytes of a body.
    ///
    /// # Errors
    /// Unless there are 12.
    pub fn new(body: &'a [u8]) -> Result<Self, BodyError> {
        exactly(body).map(Self)
    }

    /// The packet that is acknowledged.
    pub const fn of(&self) -> Sequence {
        Sequence(u32_at::<0, ACK_LEN>(self.0))
    }

    /// The microcontroller's uptime, ms.
    pub const fn uptime_ms(&self) -> u32 {
        u32_at::<4, ACK_LEN>(self.0)
    }

    /// 1 applied, 2 stale, 3 refused.
    pub const fn status(&self) -> u8 {
        take::<8, 1, ACK_LEN>(self.0)[0]
    }

    /// Why it was refused; 0 if it was not.
    pub const fn reason(&self) -> u8 {
        take::<9, 1, ACK_LEN>(self.0)[0]
    }

    /// 0.
    pub const fn reserved(&self) -> u16 {
        u16_at::<10, ACK_LEN>(self.0)
    }
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AckRepr {
    /// Number of the host's packet.
    pub of: Sequence,
    /// The microcontroller's uptime, ms, modulo 2^32.
    pub uptime_ms: u32,
    /// What became of it.
    pub status: Status,
}

impl AckRepr {
    /// The answer to a packet of the host whose contents break a rule, once it is admitted. None for a hello and for
    /// other errors, where no number can be trusted.
    pub const fn refusal(error: &DecodeError, uptime_ms: u32) -> Option<Self> {
        match error {
            DecodeError::Body { header, error }
                if matches!(header.from, Role::Host) && header.kind != Kind::Hello as u8 =>
            {
                Some(Self {
                    of: header.sequence,
                    uptime_ms,
                    status: Status::Refused(Reason::of(error)),
                })
            }
            _ => None,
        }
    }

    /// Reads an acknowledgement.
    ///
    /// # Errors
    /// A status or a reason that does not exist, or a reason without a refusal; reserved bytes that are not 0.
    pub const fn parse(view: &AckView<'_>) -> Result<Self, BodyError> {
        if view.reserved() != 0 {
            return Err(BodyError::Reserved);
        }
        let status = match (view.status(), view.reason()) {
            (1, 0) => Status::Applied,
            (2, 0) => Status::Stale,
            (3, reason) => match Reason::from_code(reason) {
                Ok(reason) => Status::Refused(reason),
                Err(error) => return Err(error),
            },
            (1 | 2, reason) => {
                return Err(BodyError::Code {
                    found: reason as u16,
                });
            }
            (status, _) => {
                return Err(BodyError::Code {
                    found: status as u16,
                });
            }
        };
        Ok(Self {
            of: view.of(),
            uptime_ms: view.uptime_ms(),
            status,
        })
    }

    /// Writes an acknowledgement.
    pub const fn emit(&self) -> [u8; ACK_LEN] {
        let status = match self.status {
            Status::Applied => [1, 0],
            Status::Stale => [2, 0],
            Status::Refused(reason) => [3, reason.code()],
        };
        let mut body = [0; ACK_LEN];
        put::<0, 4, ACK_LEN>(&mut body, self.of.0.to_le_bytes());
        put::<4, 4, ACK_LEN>(&mut body, self.uptime_ms.to_le_bytes());
        put::<8, 2, ACK_LEN>(&mut body, status);
        body
    }
}
