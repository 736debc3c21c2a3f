use crate::error::BodyError;

/// Most labels that are announced, and most classes: as in a model file.
pub const LABELS_MAX: u16 = 4096;

/// Fewest labels of a model.
pub const LABELS_MIN: u16 = 2;

/// Heartbeats that may be missing before the link counts as lost.
pub const HEARTBEATS_LOST: u16 = 3;

/// From one hello to the next while no session is agreed, ms. A microcontroller sends a fault of the same code no more
/// often.
pub const HELLO_INTERVAL_MS: u16 = 500;

/// How long a host waits for the answer to a hello, a label piece or a command, ms. After that it sends it again, with a
/// new number.
pub const ANSWER_TIMEOUT_MS: u16 = 500;

/// What a link runs under, stated in both hellos. Fields are checked: a value of this type is within its ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limits {
    max_age_ms: u16,
    heartbeat_ms: u16,
}

impl Limits {
    /// Least agreed age, ms.
    pub const MAX_AGE_MS_MIN: u16 = 50;
    /// Largest agreed age, ms.
    pub const MAX_AGE_MS_MAX: u16 = 10_000;
    /// Least interval of heartbeats, ms.
    pub const HEARTBEAT_MS_MIN: u16 = 20;
    /// Largest interval of heartbeats, ms.
    pub const HEARTBEAT_MS_MAX: u16 = 1_000;

    /// `max_age_ms`: from the frame's capture to the verdict's use, 50 to 10000 ms. `heartbeat_ms`: from one heartbeat
    /// to the next, 20 to 1000 ms.
    ///
    /// # Errors
    /// [`BodyError::MaxAge`] or [`BodyError::HeartbeatInterval`] outside of these, or if the age is less than two
    /// heartbeats: the age is measured with a clock that is heard once a heartbeat.
    pub const fn new(max_age_ms: u16, heartbeat_ms: u16) -> Result<Self, BodyError> {
        if heartbeat_ms < Self::HEARTBEAT_MS_MIN || heartbeat_ms > Self::HEARTBEAT_MS_MAX {
            return Err(BodyError::HeartbeatInterval {
                found: heartbeat_ms,
            });
        }
        if max_age_ms < Self::MAX_AGE_MS_MIN
            || max_age_ms > Self::MAX_AGE_MS_MAX
            || max_age_ms < 2 * heartbeat_ms
        {
            return Err(BodyError::MaxAge {
                found: max_age_ms,
                heartbeat_ms,
            });
        }
        Ok(Self {
            max_age_ms,
            heartbeat_ms,
        })
    }

    /// What both can keep: the smaller age and the smaller interval. Both sides compute the same.
    #[must_use]
    pub const fn agree(self, other: Self) -> Self {
        const fn least(a: u16, b: u16) -> u16 {
            if a < b { a } else { b }
        }
        Self {
            max_age_ms: least(self.max_age_ms, other.max_age_ms),
            heartbeat_ms: least(self.heartbeat_ms, other.heartbeat_ms),
        }
    }

    /// Whether both numbers are at most those of `asked`: what a host expects of the answer to its hello.
    pub const fn is_within(self, asked: Self) -> bool {
        self.max_age_ms <= asked.max_age_ms && self.heartbeat_ms <= asked.heartbeat_ms
    }

    /// From the frame's capture to the verdict's use at most, ms.
    pub const fn max_age_ms(self) -> u16 {
        self.max_age_ms
    }

    /// From one heartbeat to the next, ms.
    pub const fn heartbeat_ms(self) -> u16 {
        self.heartbeat_ms
    }

    /// Silence after which the link is lost, ms: three heartbeats, 60 to 3000.
    pub const fn timeout_ms(self) -> u16 {
        HEARTBEATS_LOST * self.heartbeat_ms
    }
}

/// How the microcontroller uses verdicts. Fields are checked: a value of this type is within its ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Policy {
    max_age_ms: u16,
    hold_ms: u16,
}

impl Policy {
    /// Least age, ms.
    pub const MAX_AGE_MS_MIN: u16 = Limits::MAX_AGE_MS_MIN;
    /// Largest age, ms.
    pub const MAX_AGE_MS_MAX: u16 = Limits::MAX_AGE_MS_MAX;
    /// Least hold time, ms.
    pub const HOLD_MS_MIN: u16 = 10;
    /// Largest hold time, ms.
    pub const HOLD_MS_MAX: u16 = 10_000;
    /// Hold time until the host sets another, ms.
    pub const HOLD_MS_DEFAULT: u16 = 250;

    /// `max_age_ms`: from the frame's capture to the verdict's use, 50 to 10000 ms. `hold_ms`: how long the output of
    /// one applied verdict stays if no newer one comes, 10 to 10000 ms. So no output outlives its frame by more than
    /// the sum.
    ///
    /// # Errors
    /// [`BodyError::PolicyAge`] or [`BodyError::PolicyHold`] outside of these.
    pub const fn new(max_age_ms: u16, hold_ms: u16) -> Result<Self, BodyError> {
        if max_age_ms < Self::MAX_AGE_MS_MIN || max_age_ms > Self::MAX_AGE_MS_MAX {
            return Err(BodyError::PolicyAge { found: max_age_ms });
        }
        if hold_ms < Self::HOLD_MS_MIN || hold_ms > Self::HOLD_MS_MAX {
            return Err(BodyError::PolicyHold { found: hold_ms });
        }
        Ok(Self {
            max_age_ms,
            hold_ms,
        })
    }

    /// The policy at the start of a session: the agreed age, [`Self::HOLD_MS_DEFAULT`].
    pub const fn of_session(agreed: Limits) -> Self {
        Self {
            max_age_ms: agreed.max_age_ms,
            hold_ms: Self::HOLD_MS_DEFAULT,
        }
    }

    /// Whether a microcontroller that agreed on `agreed` takes this policy: the age is two heartbeats or more and at
    /// most the agreed one.
    pub const fn is_within(self, agreed: Limits) -> bool {
        self.max_age_ms >= 2 * agreed.heartbeat_ms && self.max_age_ms <= agreed.max_age_ms
    }

    /// From the frame's capture to the verdict's use at most, ms.
    pub const fn max_age_ms(self) -> u16 {
        self.max_age_ms
    }

    /// How long the output of one applied verdict stays, ms.
    pub const fn hold_ms(self) -> u16 {
        self.hold_ms
    }
}
