use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::Demand;

/// A sink's [`Demand`] as its thread told it last, for the loop to read.
#[derive(Debug)]
pub(super) struct SharedDemand(AtomicU64);

const NOTHING: u64 = u64::MAX;
const REJECTS: u64 = u64::MAX - 1;

impl SharedDemand {
    pub(super) fn new(demand: Demand) -> Self {
        Self(AtomicU64::new(code(demand)))
    }

    pub(super) fn set(&self, demand: Demand) {
        self.0.store(code(demand), Relaxed);
    }

    pub(super) fn get(&self) -> Demand {
        match self.0.load(Relaxed) {
            NOTHING => Demand::Nothing,
            REJECTS => Demand::Rejects,
            micros => Demand::Every(Duration::from_micros(micros)),
        }
    }
}

fn code(demand: Demand) -> u64 {
    match demand {
        Demand::Nothing => NOTHING,
        Demand::Rejects => REJECTS,
        Demand::Every(interval) => {
            let micros = u64::try_from(interval.as_micros()).unwrap_or(u64::MAX);
            micros.min(REJECTS - 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demand_comes_back_as_it_was_told() {
        for demand in [
            Demand::Nothing,
            Demand::Rejects,
            Demand::Every(Duration::ZERO),
            Demand::Every(Duration::from_millis(100)),
        ] {
            assert_eq!(SharedDemand::new(demand).get(), demand);
        }
        let forever = SharedDemand::new(Demand::Every(Duration::MAX)).get();
        assert!(matches!(forever, Demand::Every(time) if time > Duration::from_secs(1 << 40)));
    }
}
