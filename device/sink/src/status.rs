use std::sync::Arc;
use std::time::Duration;

use normgate_core::Drift;

use crate::terms::Terms;

/// What happens beside frames. After any but [`Drifted`](Self::Drifted) nothing is committed until new verdicts say so.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    /// The loop begins.
    Started {
        /// What the source is, for a person.
        source: String,
        /// The model's words.
        terms: Arc<Terms>,
    },
    /// The source is away: unknown, until [`Restored`](Self::Restored). Told once.
    Lost {
        /// Why, on one line.
        why: String,
    },
    /// The source gives frames again.
    Restored,
    /// Another model judges from here on.
    Swapped {
        /// Its words.
        terms: Arc<Terms>,
    },
    /// A new model file was refused; the model before it stays.
    SwapRefused {
        /// Why, on one line.
        why: String,
    },
    /// The drift test alarmed. Verdicts go on as they were; records say for how long the alarm stands
    /// ([`DriftState`](crate::DriftState)), and it is not told again while it does.
    Drifted {
        /// Which way the scores went.
        drift: Drift,
        /// The frame of the alarm; its record comes first, unless it was missed at a full queue.
        frame: u64,
        /// Alarms so far, this one too.
        alarms: u64,
    },
    /// The loop has ended; nothing follows.
    Ended(Summary),
}

/// What a run saw.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    /// The source, for a person.
    pub source: String,
    /// Frames taken from the source, unreadable ones included.
    pub frames: u64,
    /// Those with a known verdict.
    pub known: u64,
    /// Those with an unknown one.
    pub unknown: u64,
    /// Those of the unknown that could not be read or scored.
    pub faults: u64,
    /// Frames that a live source gave up for a newer one.
    pub dropped: u64,
    /// For each stage its name, and the median and 99th percentile of its times.
    pub stages: Vec<(&'static str, Option<(Duration, Duration)>)>,
}
