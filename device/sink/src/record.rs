use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use normgate_core::{Committed, Verdict};
use normgate_frame::Truth;

use crate::DriftState;
use crate::terms::Terms;

/// All that is told of one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// How many frames were processed before it; its name has the source's own count.
    pub frame: u64,
    /// The frame's name: a file, or its place in a stream.
    pub name: String,
    /// When the frame was taken, by the wall clock.
    pub time: SystemTime,
    /// The same by the clock that never jumps, which ages are counted from.
    pub captured: Instant,
    /// What the source knows of it, only ever shown.
    pub truth: Option<Truth>,
    /// Why the frame could not be read or scored, where it could not; the verdict is then unknown.
    pub fault: Option<String>,
    /// The verdict on this frame.
    pub verdict: Verdict,
    /// The committed prediction after it.
    pub committed: Committed,
    /// The drift test after it; none where there is none.
    pub drift: Option<DriftState>,
    /// Preprocess, network and gate together; zero for a frame that could not be read.
    pub latency: Duration,
    /// The words of the model that judged it.
    pub terms: Arc<Terms>,
}

impl Record {
    /// A record of nothing yet, to be filled.
    #[must_use]
    pub fn empty(terms: Arc<Terms>) -> Self {
        Self {
            frame: 0,
            name: String::new(),
            time: SystemTime::UNIX_EPOCH,
            captured: Instant::now(),
            truth: None,
            fault: None,
            verdict: Verdict::UNSCORED,
            committed: Committed::Unknown,
            drift: None,
            latency: Duration::ZERO,
            terms,
        }
    }

    /// Becomes a copy of `other`; memory that is large enough is used again.
    pub fn copy_from(&mut self, other: &Self) {
        let (mut name, mut fault) = (std::mem::take(&mut self.name), self.fault.take());
        name.clone_from(&other.name);
        fault.clone_from(&other.fault);
        *self = Self {
            name,
            fault,
            truth: other.truth.clone(),
            terms: Arc::clone(&other.terms),
            ..*other
        };
    }

    /// The committed class by name, or `None` for unknown.
    #[must_use]
    pub fn committed_label(&self) -> Option<&str> {
        match self.committed {
            Committed::Class(class) => Some(self.terms.label(class)),
            Committed::Unknown => None,
        }
    }
}
