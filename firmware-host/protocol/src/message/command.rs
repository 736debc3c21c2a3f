use super::exactly;
use crate::bytes::{put, take, u16_at};
use crate::error::BodyError;
use crate::limits::Policy;

/// Bytes of a command's body.
pub const COMMAND_LEN: usize = 8;

/// The bytes of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandView<'a>(&'a [u8; COMMAND_LEN]);

impl<'a> CommandView<'a> {
    /// Over the bytes of a body.
    ///
    /// # Errors
    /// Unless there are 8.
    pub fn new(body: &'a [u8]) -> Result<Self, BodyError> {
        exactly(body).map(Self)
    }

    /// 1 hold, 2 resume, 3 set the policy.
    pub const fn code(&self) -> u8 {
        take::<0, 1, COMMAND_LEN>(self.0)[0]
    }

    /// 0.
    pub const fn reserved(&self) -> [u8; 3] {
        let [high] = take::<1, 1, COMMAND_LEN>(self.0);
        let [low, end] = take::<6, 2, COMMAND_LEN>(self.0);
        [high, low, end]
    }

    /// The policy's age, ms; 0 in other commands.
    pub const fn max_age_ms(&self) -> u16 {
        u16_at::<2, COMMAND_LEN>(self.0)
    }

    /// The policy's hold time, ms; 0 in other commands.
    pub const fn hold_ms(&self) -> u16 {
        u16_at::<4, COMMAND_LEN>(self.0)
    }
}

/// What the microcontroller is to do. Each may be sent again and then changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommandRepr {
    /// Go to the safe value and stay there, whatever verdicts come.
    Hold,
    /// Follow the verdicts again, from the next one on.
    Resume,
    /// Use verdicts so; refused unless it is within what was agreed.
    SetPolicy(Policy),
}

impl CommandRepr {
    /// Reads a command.
    ///
    /// # Errors
    /// A command that does not exist, a policy outside of its ranges, reserved bytes that are not 0.
    pub const fn parse(view: &CommandView<'_>) -> Result<Self, BodyError> {
        if !matches!(view.reserved(), [0, 0, 0]) {
            return Err(BodyError::Reserved);
        }
        match (view.code(), view.max_age_ms(), view.hold_ms()) {
            (1, 0, 0) => Ok(Self::Hold),
            (2, 0, 0) => Ok(Self::Resume),
            (1 | 2, _, _) => Err(BodyError::Reserved),
            (3, max_age_ms, hold_ms) => match Policy::new(max_age_ms, hold_ms) {
                Ok(policy) => Ok(Self::SetPolicy(policy)),
                Err(error) => Err(error),
            },
            (code, _, _) => Err(BodyError::Code { found: code as u16 }),
        }
    }

    /// Writes a command.
    pub const fn emit(&self) -> [u8; COMMAND_LEN] {
        let (code, max_age_ms, hold_ms) = match self {
            Self::Hold => (1, 0, 0),
            Self::Resume => (2, 0, 0),
            Self::SetPolicy(policy) => (3, policy.max_age_ms(), policy.hold_ms()),
        };
        let mut body = [0; COMMAND_LEN];
        put::<0, 1, COMMAND_LEN>(&mut body, [code]);
        put::<2, 2, COMMAND_LEN>(&mut body, max_age_ms.to_le_bytes());
        put::<4, 2, COMMAND_LEN>(&mut body, hold_ms.to_le_bytes());
        body
    }
}
