use super::exactly;
use crate::bytes::{f32_at, put, take, u16_at, u32_at, u64_at};
use crate::error::BodyError;
use crate::limits::{LABELS_MAX, LABELS_MIN};

/// Bytes of a verdict's body.
pub const VERDICT_LEN: usize = 28;

/// The class field of a verdict that commits to none.
pub const NO_CLASS: u16 = u16::MAX;

/// The first version of the protocol whose verdicts can tell of a drift alarm.
pub const DRIFT_VERSION: u8 = 2;

const COMMITTED: u8 = 1;
const KNOWN: u8 = 2;
const SCORED: u8 = 4;
const DRIFT: u8 = 8;

/// The flags that exist in a version.
const fn flags_of(version: u8) -> u8 {
    if version < DRIFT_VERSION {
        COMMITTED | KNOWN | SCORED
    } else {
        COMMITTED | KNOWN | SCORED | DRIFT
    }
}

/// The bytes of a verdict. Nothing in it may be used before [`VerdictRepr::parse`] has seen all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerdictView<'a>(&'a [u8; VERDICT_LEN]);

impl<'a> VerdictView<'a> {
    /// Over the bytes of a body.
    ///
    /// # Errors
    /// Unless there are 28.
    pub fn new(body: &'a [u8]) -> Result<Self, BodyError> {
        exactly(body).map(Self)
    }

    /// Number of the frame.
    pub const fn frame(&self) -> u64 {
        u64_at::<0, VERDICT_LEN>(self.0)
    }

    /// The microcontroller's uptime that the host heard last, ms.
    pub const fn echo_ms(&self) -> u32 {
        u32_at::<8, VERDICT_LEN>(self.0)
    }

    /// From the frame's capture to the sending of the verdict, ms.
    pub const fn age_ms(&self) -> u16 {
        u16_at::<12, VERDICT_LEN>(self.0)
    }

    /// Bit 0: a class is committed; 1: the frame is known; 2: the frame has a score; 3, from version 2 on: a drift alarm
    /// stands.
    pub const fn flags(&self) -> u8 {
        take::<14, 1, VERDICT_LEN>(self.0)[0]
    }

    /// 0.
    pub const fn reserved(&self) -> u8 {
        take::<15, 1, VERDICT_LEN>(self.0)[0]
    }

    /// The committed class, or [`NO_CLASS`].
    pub const fn class(&self) -> u16 {
        u16_at::<16, VERDICT_LEN>(self.0)
    }

    /// Labels of the model.
    pub const fn labels(&self) -> u16 {
        u16_at::<18, VERDICT_LEN>(self.0)
    }

    /// The frame's score; 0 for none.
    pub const fn score(&self) -> f32 {
        f32_at::<20, VERDICT_LEN>(self.0)
    }

    /// The gate's threshold; 0 for none.
    pub const fn threshold(&self) -> f32 {
        f32_at::<24, VERDICT_LEN>(self.0)
    }
}

/// The verdict on one frame by itself, before the commit policy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Raw {
    /// The score reached the threshold. Both are finite.
    Known {
        /// The gate's score.
        score: f32,
        /// The gate's threshold, at most the score.
        threshold: f32,
    },
    /// The score did not reach the threshold. Both are finite.
    Unknown {
        /// The gate's score.
        score: f32,
        /// The gate's threshold, above the score.
        threshold: f32,
    },
    /// The frame could not be read or scored, or a number was not finite.
    Unscored,
}

impl Raw {
    /// From a score and a threshold: known iff `score >= threshold`; [`Self::Unscored`] if one is not finite.
    pub const fn of(score: f32, threshold: f32) -> Self {
        if !score.is_finite() || !threshold.is_finite() {
            Self::Unscored
        } else if score >= threshold {
            Self::Known { score, threshold }
        } else {
            Self::Unknown { score, threshold }
        }
    }
}

/// What is said of a frame. Fields are checked: a value of this type does not contradict itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    labels: u16,
    committed: Option<u16>,
    raw: Raw,
}

impl Judgement {
    /// `labels`: of the model, 2 to 4096. `committed`: the class that the commit policy gives with this frame, or none
    /// for unknown. `raw`: the verdict on this frame alone; it may be unknown while a class is committed, as one of n.
    ///
    /// # Errors
    /// [`BodyError::Labels`]; [`BodyError::Class`] unless the class is less than `labels`; [`BodyError::NotFinite`];
    /// [`BodyError::Contradiction`] if `raw` is not what score and threshold say; [`BodyError::Unscored`] if a class
    /// is committed with a frame that could not be scored.
    pub const fn new(labels: u16, committed: Option<u16>, raw: Raw) -> Result<Self, BodyError> {
        if labels < LABELS_MIN || labels > LABELS_MAX {
            return Err(BodyError::Labels { found: labels });
        }
        let is_right = match raw {
            Raw::Known { score, threshold } if score.is_finite() && threshold.is_finite() => {
                score >= threshold
            }
            Raw::Unknown { score, threshold } if score.is_finite() && threshold.is_finite() => {
                score < threshold
            }
            Raw::Known { .. } | Raw::Unknown { .. } => return Err(BodyError::NotFinite),
            Raw::Unscored => true,
        };
        if !is_right {
            return Err(BodyError::Contradiction);
        }
        if let Some(class) = committed {
            if class >= labels {
                return Err(BodyError::Class { class, labels });
            }
            if matches!(raw, Raw::Unscored) {
                return Err(BodyError::Unscored);
            }
        }
        Ok(Self {
            labels,
            committed,
            raw,
        })
    }

    /// As [`Self::new`], for a sender: what contradicts itself becomes unknown, and nothing else.
    ///
    /// # Errors
    /// [`BodyError::Labels`] only.
    pub const fn or_unknown(
        labels: u16,
        committed: Option<u16>,
        raw: Raw,
    ) -> Result<Self, BodyError> {
        match Self::new(labels, committed, raw) {
            Err(_) => Self::new(labels, None, Raw::Unscored),
            judgement => judgement,
        }
    }

    /// Labels of the model, 2 to 4096.
    pub const fn labels(&self) -> u16 {
        self.labels
    }

    /// The committed class, less than [`Self::labels`]; none for unknown.
    pub const fn committed(&self) -> Option<u16> {
        self.committed
    }

    /// The verdict on this frame alone.
    pub const fn raw(&self) -> Raw {
        self.raw
    }
}

/// What is decided of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VerdictRepr {
    /// Number of the frame, from the source.
    pub frame: u64,
    /// The newest uptime of the microcontroller in this session, in ms, that the host had heard when it sent this: from
    /// a hello, a heartbeat or an acknowledgement.
    pub echo_ms: u32,
    /// From the frame's capture to the sending of this, ms; 65535 is that or more.
    pub age_ms: u16,
    /// What is said of the frame.
    pub judgement: Judgement,
    /// Whether a drift alarm stands: of the frames so far, not of this one. It changes nothing of the judgement. Only
    /// from [`DRIFT_VERSION`] on.
    pub drift: bool,
}

impl VerdictRepr {
    /// Reads a verdict of a packet of this version.
    ///
    /// # Errors
    /// All of [`Judgement::new`]; flags that do not exist in this version; fields that are not what the flags say.
    pub const fn parse(view: &VerdictView<'_>, version: u8) -> Result<Self, BodyError> {
        let flags = view.flags();
        if flags & !flags_of(version) != 0 || view.reserved() != 0 {
            return Err(BodyError::Reserved);
        }
        let (score, threshold) = (view.score(), view.threshold());
        let raw = match (flags & SCORED != 0, flags & KNOWN != 0) {
            (true, true) => Raw::Known { score, threshold },
            (true, false) => Raw::Unknown { score, threshold },
            (false, false) if score.to_bits() == 0 && threshold.to_bits() == 0 => Raw::Unscored,
            (false, _) => return Err(BodyError::Contradiction),
        };
        let committed = match (flags & COMMITTED != 0, view.class()) {
            (true, class) => Some(class),
            (false, NO_CLASS) => None,
            (false, _) => return Err(BodyError::Contradiction),
        };
        match Judgement::new(view.labels(), committed, raw) {
            Ok(judgement) => Ok(Self {
                frame: view.frame(),
                echo_ms: view.echo_ms(),
                age_ms: view.age_ms(),
                judgement,
                drift: flags & DRIFT != 0,
            }),
            Err(error) => Err(error),
        }
    }

    /// Writes a verdict for a packet of this version.
    ///
    /// # Errors
    /// [`BodyError::Reserved`] if it tells of drift and the version cannot.
    pub const fn emit(&self, version: u8) -> Result<[u8; VERDICT_LEN], BodyError> {
        let (mut flags, score, threshold) = match self.judgement.raw {
            Raw::Known { score, threshold } => (SCORED | KNOWN, score, threshold),
            Raw::Unknown { score, threshold } => (SCORED, score, threshold),
            Raw::Unscored => (0, 0.0, 0.0),
        };
        let class = match self.judgement.committed {
            Some(class) => {
                flags |= COMMITTED;
                class
            }
            None => NO_CLASS,
        };
        if self.drift {
            flags |= DRIFT;
        }
        if flags & !flags_of(version) != 0 {
            return Err(BodyError::Reserved);
        }
        let mut body = [0; VERDICT_LEN];
        put::<0, 8, VERDICT_LEN>(&mut body, self.frame.to_le_bytes());
        put::<8, 4, VERDICT_LEN>(&mut body, self.echo_ms.to_le_bytes());
        put::<12, 2, VERDICT_LEN>(&mut body, self.age_ms.to_le_bytes());
        put::<14, 1, VERDICT_LEN>(&mut body, [flags]);
        put::<16, 2, VERDICT_LEN>(&mut body, class.to_le_bytes());
        put::<18, 2, VERDICT_LEN>(&mut body, self.judgement.labels.to_le_bytes());
        put::<20, 4, VERDICT_LEN>(&mut body, score.to_le_bytes());
        put::<24, 4, VERDICT_LEN>(&mut body, threshold.to_le_bytes());
        Ok(body)
    }
}
