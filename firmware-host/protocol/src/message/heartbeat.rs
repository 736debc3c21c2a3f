use super::exactly;
use crate::Sequence;
use crate::bytes::{put, take, u32_at};
use crate::error::BodyError;

/// Bytes of a heartbeat's body.
pub const HEARTBEAT_LEN: usize = 12;

/// What the sender is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Microcontroller: the output is at its safe value, for want of a verdict that may be applied. Host: it gives no
    /// verdicts now.
    Safe,
    /// Microcontroller: the output follows the verdicts. Host: it gives verdicts.
    Active,
    /// Microcontroller: held at the safe value by a command. Host: it has sent that command.
    Held,
}

impl State {
    const fn code(self) -> u8 {
        match self {
            Self::Safe => 1,
            Self::Active => 2,
            Self::Held => 3,
        }
    }

    const fn from_code(code: u8) -> Result<Self, BodyError> {
        Ok(match code {
            1 => Self::Safe,
            2 => Self::Active,
            3 => Self::Held,
            _ => return Err(BodyError::Code { found: code as u16 }),
        })
    }
}

/// The bytes of a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeartbeatView<'a>(&'a [u8; HEARTBEAT_LEN]);

impl<'a> HeartbeatView<'a> {
    /// Over the bytes of a body.
    ///
    /// # Errors
    /// Unless there are 12.
    pub fn new(body: &'a [u8]) -> Result<Self, BodyError> {
        exactly(body).map(Self)
    }

    /// The sender's uptime, ms.
    pub const fn uptime_ms(&self) -> u32 {
        u32_at::<0, HEARTBEAT_LEN>(self.0)
    }

    /// The newest packet seen from the other side.
    pub const fn last_seen(&self) -> Sequence {
        Sequence(u32_at::<4, HEARTBEAT_LEN>(self.0))
    }

    /// What the sender is doing: 1 safe, 2 active, 3 held.
    pub const fn state(&self) -> u8 {
        take::<8, 1, HEARTBEAT_LEN>(self.0)[0]
    }

    /// 0.
    pub const fn reserved(&self) -> [u8; 3] {
        take::<9, 3, HEARTBEAT_LEN>(self.0)
    }
}

/// A sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HeartbeatRepr {
    /// The sender's uptime, ms, modulo 2^32.
    pub uptime_ms: u32,
    /// The newest packet seen from the other side in this session.
    pub last_seen: Sequence,
    /// What the sender is doing.
    pub state: State,
}

impl HeartbeatRepr {
    /// Reads a heartbeat.
    ///
    /// # Errors
    /// A state that does not exist; reserved bytes that are not 0.
    pub const fn parse(view: &HeartbeatView<'_>) -> Result<Self, BodyError> {
        if !matches!(view.reserved(), [0, 0, 0]) {
            return Err(BodyError::Reserved);
        }
        match State::from_code(view.state()) {
            Ok(state) => Ok(Self {
                uptime_ms: view.uptime_ms(),
                last_seen: view.last_seen(),
                state,
            }),
            Err(error) => Err(error),
        }
    }

    /// Writes a heartbeat.
    pub const fn emit(&self) -> [u8; HEARTBEAT_LEN] {
        let mut body = [0; HEARTBEAT_LEN];
        put::<0, 4, HEARTBEAT_LEN>(&mut body, self.uptime_ms.to_le_bytes());
        put::<4, 4, HEARTBEAT_LEN>(&mut body, self.last_seen.0.to_le_bytes());
        put::<8, 1, HEARTBEAT_LEN>(&mut body, [self.state.code()]);
        body
    }
}
