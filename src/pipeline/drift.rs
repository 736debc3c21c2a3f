use normgate_core::{Drift, DriftDetector, DriftPolicy};

use crate::bundle::Gate;
use crate::sink::DriftState;

/// How many frames looked at an alarm stands for, after the last one. A shift that stays alarms again within as many,
/// unless it is so small that its first alarm took longer.
pub const STANDS: u32 = 500;

/// The drift test of one camera and one model.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    detector: DriftDetector,
    policy: DriftPolicy,
    standing: Option<Standing>,
}

/// The last alarm.
#[derive(Debug, Clone, Copy)]
struct Standing {
    drift: Drift,
    /// Frames that it stands for yet.
    frames: u64,
}

impl Watch {
    /// A test that has seen nothing. Takes some milliseconds.
    pub(super) fn new(gate: &Gate, policy: DriftPolicy) -> Self {
        Self {
            detector: DriftDetector::new(&gate.table, policy),
            policy,
            standing: None,
        }
    }

    pub(super) fn policy(&self) -> DriftPolicy {
        self.policy
    }

    /// Takes the next frame's score; tells of an alarm. One that stands already only stands longer if it comes again
    /// the same way. Without a score a frame is none to the test.
    pub(super) fn push(&mut self, gate: &Gate, score: f32) -> Option<Drift> {
        self.standing = self.standing.and_then(|standing| {
            let frames = standing.frames - 1;
            (frames > 0).then_some(Standing { frames, ..standing })
        });
        let drift = self.detector.push(gate.table.tails(score))?;
        let before = self.standing.replace(Standing {
            drift,
            frames: u64::from(STANDS) * u64::from(self.policy.stride()),
        });
        before
            .is_none_or(|before| before.drift != drift)
            .then_some(drift)
    }

    pub(super) fn state(&self) -> DriftState {
        DriftState {
            evidence: self.detector.evidence(),
            alarm: self.standing.map(|standing| standing.drift),
        }
    }

    /// Forgets what was seen, and the alarm.
    pub(super) fn reset(&mut self) {
        self.detector.reset();
        self.standing = None;
    }
}
