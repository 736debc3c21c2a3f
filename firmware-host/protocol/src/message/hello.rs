use super::exactly;
use crate::Role;
use crate::bytes::{put, take, u16_at, u32_at};
use crate::error::BodyError;
use crate::limits::{LABELS_MAX, LABELS_MIN, Limits};

/// Bytes of a hello's body. Its layout is the same in every version of the protocol.
pub const HELLO_LEN: usize = 52;

/// Versions of the protocol that a side speaks, both ends included, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Versions {
    min: u8,
    max: u8,
}

impl Versions {
    /// What this crate speaks.
    pub const SPOKEN: Self = Self { min: 1, max: 2 };

    /// `min` to `max`.
    ///
    /// # Errors
    /// [`BodyError::Versions`] unless `1 <= min <= max`.
    pub const fn new(min: u8, max: u8) -> Result<Self, BodyError> {
        if min < 1 || min > max {
            return Err(BodyError::Versions { min, max });
        }
        Ok(Self { min, max })
    }

    /// Lowest version spoken.
    pub const fn min(self) -> u8 {
        self.min
    }

    /// Highest version spoken.
    pub const fn max(self) -> u8 {
        self.max
    }

    /// Whether this version is one of them.
    pub const fn contains(self, version: u8) -> bool {
        self.min <= version && version <= self.max
    }

    /// The highest version that both speak; both sides compute the same.
    pub const fn agree(self, other: Self) -> Option<u8> {
        let min = if self.min > other.min {
            self.min
        } else {
            other.min
        };
        let max = if self.max < other.max {
            self.max
        } else {
            other.max
        };
        if min <= max { Some(max) } else { None }
    }
}

/// Version of a side's software.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Software {
    /// Raised when something breaks.
    pub major: u16,
    /// Raised when something is added.
    pub minor: u16,
    /// Raised when something is put right.
    pub patch: u16,
}

/// SHA-256 of the model's graph, as the model file states it; all zero for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ModelHash(pub [u8; 32]);

impl ModelHash {
    /// No model.
    pub const NONE: Self = Self([0; 32]);
}

/// The bytes of a hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HelloView<'a>(&'a [u8; HELLO_LEN]);

impl<'a> HelloView<'a> {
    /// Over the bytes of a body.
    ///
    /// # Errors
    /// Unless there are 52.
    pub fn new(body: &'a [u8]) -> Result<Self, BodyError> {
        exactly(body).map(Self)
    }

    /// Lowest version spoken.
    pub const fn version_min(&self) -> u8 {
        take::<0, 1, HELLO_LEN>(self.0)[0]
    }

    /// Highest version spoken.
    pub const fn version_max(&self) -> u8 {
        take::<1, 1, HELLO_LEN>(self.0)[0]
    }

    /// Labels: of the host's model, or that the microcontroller keeps.
    pub const fn labels(&self) -> u16 {
        u16_at::<2, HELLO_LEN>(self.0)
    }

    /// Version of the software.
    pub const fn software(&self) -> Software {
        Software {
            major: u16_at::<4, HELLO_LEN>(self.0),
            minor: u16_at::<6, HELLO_LEN>(self.0),
            patch: u16_at::<8, HELLO_LEN>(self.0),
        }
    }

    /// Largest age of a verdict, ms.
    pub const fn max_age_ms(&self) -> u16 {
        u16_at::<10, HELLO_LEN>(self.0)
    }

    /// From one heartbeat to the next, ms.
    pub const fn heartbeat_ms(&self) -> u16 {
        u16_at::<12, HELLO_LEN>(self.0)
    }

    /// 0.
    pub const fn reserved(&self) -> u16 {
        u16_at::<14, HELLO_LEN>(self.0)
    }

    /// The sender's uptime, ms.
    pub const fn uptime_ms(&self) -> u32 {
        u32_at::<16, HELLO_LEN>(self.0)
    }

    /// The model.
    pub const fn model(&self) -> ModelHash {
        ModelHash(take::<20, 32, HELLO_LEN>(self.0))
    }
}

/// Who speaks, and under which limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HelloRepr {
    /// Versions of the protocol spoken.
    pub versions: Versions,
    /// From the host: labels of its model, 2 to 4096. From the microcontroller: labels whose text it keeps, 0 to 4096.
    pub labels: u16,
    /// Version of the sender's software.
    pub software: Software,
    /// From the host: what it asks for. From the microcontroller: without a session what it asks for, in a session
    /// what is agreed.
    pub limits: Limits,
    /// The sender's uptime, ms, modulo 2^32.
    pub uptime_ms: u32,
    /// From the host: its model. From the microcontroller: the model of the session, or none.
    pub model: ModelHash,
}

impl HelloRepr {
    /// Reads a hello.
    ///
    /// # Errors
    /// Versions, labels or limits outside of their ranges; a reserved field that is not 0.
    pub const fn parse(view: &HelloView<'_>, from: Role) -> Result<Self, BodyError> {
        if view.reserved() != 0 {
            return Err(BodyError::Reserved);
        }
        let versions = match Versions::new(view.version_min(), view.version_max()) {
            Ok(versions) => versions,
            Err(error) => return Err(error),
        };
        let limits = match Limits::new(view.max_age_ms(), view.heartbeat_ms()) {
            Ok(limits) => limits,
            Err(error) => return Err(error),
        };
        let hello = Self {
            versions,
            labels: view.labels(),
            software: view.software(),
            limits,
            uptime_ms: view.uptime_ms(),
            model: view.model(),
        };
        match hello.check(from) {
            Ok(()) => Ok(hello),
            Err(error) => Err(error),
        }
    }

    /// Writes a hello.
    ///
    /// # Errors
    /// More or fewer labels than this side can have.
    pub const fn emit(&self, from: Role) -> Result<[u8; HELLO_LEN], BodyError> {
        if let Err(error) = self.check(from) {
            return Err(error);
        }
        let mut body = [0; HELLO_LEN];
        put::<0, 2, HELLO_LEN>(&mut body, [self.versions.min, self.versions.max]);
        put::<2, 2, HELLO_LEN>(&mut body, self.labels.to_le_bytes());
        put::<4, 2, HELLO_LEN>(&mut body, self.software.major.to_le_bytes());
        put::<6, 2, HELLO_LEN>(&mut body, self.software.minor.to_le_bytes());
        put::<8, 2, HELLO_LEN>(&mut body, self.software.patch.to_le_bytes());
        put::<10, 2, HELLO_LEN>(&mut body, self.limits.max_age_ms().to_le_bytes());
        put::<12, 2, HELLO_LEN>(&mut body, self.limits.heartbeat_ms().to_le_bytes());
        put::<16, 4, HELLO_LEN>(&mut body, self.uptime_ms.to_le_bytes());
        put::<20, 32, HELLO_LEN>(&mut body, self.model.0);
        Ok(body)
    }

    const fn check(&self, from: Role) -> Result<(), BodyError> {
        let least = match from {
            Role::Host => LABELS_MIN,
            Role::Mcu => 0,
        };
        if self.labels < least || self.labels > LABELS_MAX {
            return Err(BodyError::Labels { found: self.labels });
        }
        Ok(())
    }
}
