use super::exactly;
use crate::bytes::{put, u16_at, u32_at};
use crate::error::BodyError;

/// Bytes of a fault's body.
pub const FAULT_LEN: usize = 8;

/// What went wrong. Each says what its detail is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultCode {
    /// A packet came and no session is agreed. Detail: the packet's session.
    NoSession,
    /// No version of the protocol is spoken by both. Detail: the sender's lowest, plus 256 times its highest.
    Version,
    /// The microcontroller serves another model. Detail: the first four bytes of its hash, little-endian.
    Model,
    /// The other side was silent too long. Detail: for how many ms.
    LinkLost,
    /// The host gets no frames. Detail: the sender's own.
    Source,
    /// The host cannot judge its frames. Detail: the sender's own.
    Inference,
    /// The output does not do what it is told. Detail: the sender's own.
    Output,
    /// The sender was restarted by its watchdog. Detail: the cause as the hardware states it.
    Watchdog,
    /// Many envelopes are damaged. Detail: how many since the session began.
    Line,
    /// The sender found an error in itself. Detail: the sender's own.
    Internal,
    /// A fault that only the two programs know: 0x8000 to 0xFFFF. Detail: the sender's own.
    Private(PrivateFault),
}

/// The code of a fault that only the two programs know: 0x8000 to 0xFFFF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PrivateFault(u16);

impl PrivateFault {
    /// Least code.
    pub const MIN: u16 = 0x8000;

    /// The code, 0x8000 to 0xFFFF.
    ///
    /// # Errors
    /// [`BodyError::Code`] if it is less.
    pub const fn new(code: u16) -> Result<Self, BodyError> {
        if code < Self::MIN {
            return Err(BodyError::Code { found: code });
        }
        Ok(Self(code))
    }

    /// The code.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl FaultCode {
    /// The code on the wire.
    pub const fn code(self) -> u16 {
        match self {
            Self::NoSession => 1,
            Self::Version => 2,
            Self::Model => 3,
            Self::LinkLost => 4,
            Self::Source => 5,
            Self::Inference => 6,
            Self::Output => 7,
            Self::Watchdog => 8,
            Self::Line => 9,
            Self::Internal => 10,
            Self::Private(code) => code.0,
        }
    }

    const fn from_code(code: u16) -> Result<Self, BodyError> {
        Ok(match code {
            1 => Self::NoSession,
            2 => Self::Version,
            3 => Self::Model,
            4 => Self::LinkLost,
            5 => Self::Source,
            6 => Self::Inference,
            7 => Self::Output,
            8 => Self::Watchdog,
            9 => Self::Line,
            10 => Self::Internal,
            _ => match PrivateFault::new(code) {
                Ok(code) => Self::Private(code),
                Err(error) => return Err(error),
            },
        })
    }
}

/// The bytes of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultView<'a>(&'a [u8; FAULT_LEN]);

impl<'a> FaultView<'a> {
    /// Over the bytes of a body.
    ///
    /// # Errors
    /// Unless there are 8.
    pub fn new(body: &'a [u8]) -> Result<Self, BodyError> {
        exactly(body).map(Self)
    }

    /// What went wrong.
    pub const fn code(&self) -> u16 {
        u16_at::<0, FAULT_LEN>(self.0)
    }

    /// 0.
    pub const fn reserved(&self) -> u16 {
        u16_at::<2, FAULT_LEN>(self.0)
    }

    /// More about it.
    pub const fn detail(&self) -> u32 {
        u32_at::<4, FAULT_LEN>(self.0)
    }
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FaultRepr {
    /// What went wrong.
    pub code: FaultCode,
    /// More about it, as the code says.
    pub detail: u32,
}

impl FaultRepr {
    /// Reads a fault.
    ///
    /// # Errors
    /// A code that does not exist; reserved bytes that are not 0.
    pub const fn parse(view: &FaultView<'_>) -> Result<Self, BodyError> {
        if view.reserved() != 0 {
            return Err(BodyError::Reserved);
        }
        match FaultCode::from_code(view.code()) {
            Ok(code) => Ok(Self {
                code,
                detail: view.detail(),
            }),
            Err(error) => Err(error),
        }
    }

    /// Writes a fault.
    pub const fn emit(&self) -> [u8; FAULT_LEN] {
        let mut body = [0; FAULT_LEN];
        put::<0, 2, FAULT_LEN>(&mut body, self.code.code().to_le_bytes());
        put::<4, 4, FAULT_LEN>(&mut body, self.detail.to_le_bytes());
        body
    }
}
