use normgate_core::{Drift, DriftDetector, DriftPolicy};

use crate::bundle::Gate;
use crate::sink::DriftState;

/// How many frames looked at an alarm stands for at least, after the last one.
pub const STANDS: u32 = 500;

/// The drift test of one camera and one model.
///
/// An alarm stands for twice as long as its evidence took to grow, or [`STANDS`] if that is longer, and no shorter than
/// one of the same direction that it follows while that stands. So a small shift that stays is not told again and again,
/// and a short one is over soon, however long the calm before it was.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    detector: DriftDetector,
    policy: DriftPolicy,
    /// Evidence below this is what known images have now and then. Evidence grows by factors, and from here to an alarm
    /// is half of the way.
    calm: f64,
    /// Frames since the evidence was calm.
    growing: u64,
    standing: Option<Standing>,
}

/// The last alarm.
#[derive(Debug, Clone, Copy)]
struct Standing {
    drift: Drift,
    /// Frames that it stands for in all.
    length: u64,
    /// Frames that it stands for yet.
    left: u64,
}

impl Watch {
    /// A test that has seen nothing. Takes some milliseconds.
    pub(super) fn new(gate: &Gate, policy: DriftPolicy) -> Self {
        Self {
            detector: DriftDetector::new(&gate.table, policy),
            policy,
            calm: (f64::from(policy.stride()) / policy.frames()).sqrt(),
            growing: 0,
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
            let left = standing.left - 1;
            (left > 0).then_some(Standing { left, ..standing })
        });
        let alarm = self.detector.push(gate.table.tails(score));
        let grown = self.growing + 1;
        // After an alarm the test starts again, without evidence.
        self.growing = match self.detector.evidence() < self.calm {
            true => 0,
            false => grown,
        };
        let drift = alarm?;
        let before = self.standing.filter(|before| before.drift == drift);
        let least = u64::from(STANDS) * u64::from(self.policy.stride());
        let length = before.map_or(least, |before| before.length).max(2 * grown);
        self.standing = Some(Standing {
            drift,
            length,
            left: length,
        });
        before.is_none().then_some(drift)
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
        self.growing = 0;
        self.standing = None;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use normgate_core::{References, Score, ScoreTable, Threshold};

    use super::*;

    /// A gate whose calibration scores are uniform in [0, 1].
    fn gate() -> Gate {
        const N: u16 = 5_000;
        let scores: Vec<f32> = (1..=N).map(|i| f32::from(i) / f32::from(N + 1)).collect();
        Gate {
            score: Score::Msp,
            fitted: Threshold::fit(&scores, 0.05).unwrap(),
            tau: None,
            table: ScoreTable::new(Arc::from(scores), N.into()).unwrap(),
            references: References::default(),
        }
    }

    /// Scores of known images for power 1, the lower the larger it is.
    struct Stream(u64);

    impl Stream {
        fn next(&mut self, power: f32) -> f32 {
            // SplitMix64 by Steele, Lea and Flood.
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (((z ^ (z >> 31)) >> 40) as f32 / (1u64 << 24) as f32).powf(power)
        }
    }

    fn watch(gate: &Gate) -> Watch {
        Watch::new(gate, DriftPolicy::new(3e5, 1, 0.95).unwrap())
    }

    #[test]
    fn a_small_shift_that_stays_is_told_seldom() {
        let (gate, mut stream) = (gate(), Stream(1));
        let mut watch = watch(&gate);
        let (mut told, mut restarts, mut standing) = (0, vec![], 0);
        for look in 0..60_000 {
            told += u32::from(watch.push(&gate, stream.next(1.2)).is_some());
            if watch.state().evidence == 0.0 {
                restarts.push(look);
            }
            standing += u32::from(watch.state().alarm.is_some());
        }
        let gaps = restarts.windows(2).map(|w| w[1] - w[0]);
        let long = gaps.filter(|&gap| gap > STANDS).count();
        assert!(long >= 10, "the shift is not small: {restarts:?}");
        assert!(told <= 4, "told {told} times, {long} gaps are long");
        assert!(standing > 50_000, "{standing}");
    }

    #[test]
    fn an_alarm_after_a_long_calm_stands_no_longer_for_it() {
        let (gate, mut stream) = (gate(), Stream(2));
        let mut watch = watch(&gate);
        for _ in 0..20_000 {
            assert_eq!(watch.push(&gate, stream.next(1.0)), None);
        }
        while watch.push(&gate, stream.next(8.0)).is_none() {}
        let stands = (1..).find(|_| {
            watch.push(&gate, stream.next(1.0));
            watch.state().alarm.is_none()
        });
        assert_eq!(stands, Some(STANDS));
    }
}
