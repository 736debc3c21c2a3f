use super::{Drift, DriftError, DriftPolicy, Thinning, check_assurance, direction, mean};
use crate::bets::{BETS, Bets, Pays};
use crate::p_value::{ScoreTable, Tails};

/// Tells once whether a stream drifts at all: a conformal test martingale.
///
/// Each bet's capital is spread over all the frames to start at, `1 / (2.11 (t + 1) ln^2 (t + 1))` of it at frame
/// `t`, and what has not started stays as cash; so the capital of a drift that begins late is not lost before. The
/// evidence is the mean capital, which starts at 1. By Ville's inequality the probability that it **ever** reaches
/// `1 / probability` without a drift is at most `probability`.
///
/// Vovk, Nouretdinov and Gammerman, "Testing Exchangeability On-Line", 2003; Ville's inequality: Shafer et al., "Test
/// Martingales, Bayes Factors and p-Values", 2011.
///
/// At most 280 bytes; a frame looked at costs what it costs [`DriftDetector`](super::DriftDetector). Capital never falls below the last
/// start, so plain `f64` does not underflow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DriftMartingale {
    bets: Bets,
    capitals: Pays,
    cash: f64,
    looked_at: u64,
    limit: f64,
    thinning: Thinning,
    found: Option<Drift>,
}

const _: () = assert!(size_of::<DriftMartingale>() <= 280);

impl DriftMartingale {
    /// A test that has seen nothing: alarms without a drift with at most `probability`, ever, for a share
    /// `assurance` of calibration sets.
    ///
    /// # Errors
    /// If `probability` is not in 1e-12..=0.5, `stride` is 0 or `assurance` is not inside (0, 1).
    pub fn new(
        table: &ScoreTable<impl AsRef<[f32]>>,
        probability: f64,
        stride: u32,
        assurance: f64,
    ) -> Result<Self, DriftError> {
        if !(1.0 / DriftPolicy::MAX_BETS..=0.5).contains(&probability) {
            return Err(DriftError::Probability(probability));
        }
        if stride == 0 {
            return Err(DriftError::Stride);
        }
        check_assurance(assurance)?;
        Ok(Self {
            bets: Bets::new(table, assurance),
            capitals: [0.0; BETS],
            cash: 1.0,
            looked_at: 0,
            limit: 1.0 / probability,
            thinning: Thinning::new(stride),
            found: None,
        })
    }

    /// Takes the next frame's p-values; the drift, from the frame on at which it was found. A frame without a score
    /// is not a frame to the test: do not push it.
    pub fn push(&mut self, tails: Tails) -> Option<Drift> {
        if self.found.is_some() || !self.thinning.takes() {
            return self.found;
        }
        self.looked_at += 1;
        let start = start(self.looked_at);
        self.cash -= start;
        for (capital, pay) in self.capitals.iter_mut().zip(self.bets.pays(tails)) {
            *capital = (start + *capital) * pay;
        }
        if self.evidence() >= 1.0 {
            self.found = Some(direction(&self.capitals));
        }
        self.found
    }

    /// How near the alarm is: the share of the capital that makes one, more than 0; at least 1 once it was made.
    pub fn evidence(&self) -> f64 {
        (self.cash + mean(&self.capitals)) / self.limit
    }
}

/// The share of the capital that starts to bet at frame `t`, from 1. The shares sum to less than 1.
fn start(t: u64) -> f64 {
    let t = t as f64 + 1.0;
    let log = libm::log(t);
    1.0 / (2.11 * t * log * log)
}

#[cfg(test)]
mod tests {
    use super::start;

    #[test]
    fn no_more_capital_starts_than_there_is() {
        const LAST: u64 = 1_000_000;
        let started: f64 = (1..=LAST).map(start).sum();
        // The rest is less than the integral of 1 / (2.11 t ln^2 t) from LAST on.
        let rest = 1.0 / (2.11 * libm::log(LAST as f64));
        assert!(started + rest < 1.0, "{started} and {rest}");
        assert!(started + rest > 0.999);
    }
}
