use super::{Drift, DriftPolicy, Thinning, direction, mean};
use crate::bets::{BETS, Bets, Pays};
use crate::p_value::{ScoreTable, Tails};

/// Watches a stream for months: a conformal Shiryaev-Roberts detector, which starts again after each alarm.
///
/// Each bet keeps `R := (1 + R) pay`, the sum of what it would have won had it been started at each frame so far;
/// the evidence is the mean of R over the bets, and there is an alarm when it reaches `A = frames / stride`.
/// The evidence and `A` for each alarm so far grow together by at most 1 on average with each frame looked at, so
/// the expected number of false alarms in the first `T` frames is at most `T / frames`, for every `T` in whole strides.
///
/// Shin, Ramdas and Rinaldo, "E-detectors: A Nonparametric Framework for Sequential Change Detection", 2023; on
/// conformal p-values: Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World", second edition, 2022,
/// chapter 8.
///
/// At most 256 bytes; a frame looked at costs 4 powers and some 40 multiplications. R is at least the last pay
/// and at most `14 A` times the largest, so plain `f64` neither under- nor overflows and no logarithms are needed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DriftDetector {
    bets: Bets,
    sums: Pays,
    limit: f64,
    thinning: Thinning,
}

const _: () = assert!(size_of::<DriftDetector>() <= 256);

impl DriftDetector {
    /// A detector that has seen nothing, for p-values from `table`. Computes the bets' bounds, some 5 million
    /// multiply-adds for a table of 201; the table is not kept.
    pub fn new(table: &ScoreTable<impl AsRef<[f32]>>, policy: DriftPolicy) -> Self {
        Self {
            bets: Bets::new(table, policy.assurance),
            sums: [0.0; BETS],
            limit: policy.frames / f64::from(policy.stride),
            thinning: Thinning::new(policy.stride),
        }
    }

    /// Takes the next frame's p-values; tells of a drift once, and starts again. A frame without a score is not a
    /// frame to the detector: do not push it.
    pub fn push(&mut self, tails: Tails) -> Option<Drift> {
        if !self.thinning.takes() {
            return None;
        }
        for (sum, pay) in self.sums.iter_mut().zip(self.bets.pays(tails)) {
            *sum = (1.0 + *sum) * pay;
        }
        if mean(&self.sums) < self.limit {
            return None;
        }
        let drift = direction(&self.sums);
        self.reset();
        Some(drift)
    }

    /// How near an alarm is: the share of the evidence that makes one, in [0, 1).
    pub fn evidence(&self) -> f64 {
        mean(&self.sums) / self.limit
    }

    /// Forgets the evidence, as after a source was lost.
    pub fn reset(&mut self) {
        self.sums = [0.0; BETS];
    }
}

#[cfg(test)]
mod tests {
    use super::{DriftDetector, DriftPolicy};
    use crate::bets::Bets;
    use crate::p_value::ScoreTable;

    /// A calibration set whose mean p-value is two standard deviations off, as one in twenty is.
    #[test]
    fn an_unlucky_calibration_set_breaks_the_rate_of_plain_bets_only() {
        const N: usize = 2_500;
        const FRAMES: u32 = 300_000;
        const EACH: f64 = 30_000.0;
        let off = 1.0 + 8.0 * libm::sqrt(1.0 / 12.0 / N as f64);
        let mut values = [0.0; 201];
        for (i, v) in values.iter_mut().enumerate() {
            *v = (i as f32 / 200.0 * (N - 1) as f32 + 1.0) / (N + 1) as f32;
        }
        let table = ScoreTable::new(&values, N).unwrap();
        let alarms = |mut detector: DriftDetector| {
            // SplitMix64 by Steele, Lea and Flood.
            let mut state = 5u64;
            let mut score = || {
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                let uniform = ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64;
                libm::pow(uniform, off) as f32
            };
            (0..FRAMES)
                .filter(|_| detector.push(table.tails(score())).is_some())
                .count() as f64
        };
        let robust = DriftDetector::new(&table, DriftPolicy::new(EACH, 1, 0.95).unwrap());
        let plain = DriftDetector {
            bets: Bets::PLAIN,
            ..robust
        };
        let stated = f64::from(FRAMES) / EACH;
        let (robust, plain) = (alarms(robust), alarms(plain));
        assert!(plain > 1.5 * stated, "{plain} where {stated} are stated");
        assert!(robust <= stated, "{robust} where {stated} are stated");
    }
}
