//! Times of one stage, for its median and its tail.

use std::time::Duration;

/// Times of a stage, summarised by nearest-rank percentiles.
///
/// Bounded: past [`Latency::KEPT`] times, the oldest make room.
#[derive(Debug, Clone)]
pub struct Latency {
    times: Vec<Duration>,
    next: usize,
}

impl Default for Latency {
    /// No times, and room for all that are kept: adding one never allocates.
    fn default() -> Self {
        Self {
            times: Vec::with_capacity(Self::KEPT),
            next: 0,
        }
    }
}

impl Latency {
    /// How many times are kept: a camera's last quarter of an hour at 18 frames a second.
    pub const KEPT: usize = 1 << 14;

    /// Adds one time.
    pub fn push(&mut self, time: Duration) {
        if self.times.len() < Self::KEPT {
            self.times.push(time);
        } else {
            self.times[self.next] = time;
            self.next = (self.next + 1) % Self::KEPT;
        }
    }

    /// How many times are kept now.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// The time that a share `p`, in (0, 1], of the kept ones does not exceed; `None` where there is none.
    pub fn percentile(&self, p: f64) -> Option<Duration> {
        let mut sorted = self.times.clone();
        sorted.sort_unstable();
        let rank = (p * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.max(1) - 1).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_rank() {
        let mut l = Latency::default();
        assert_eq!(l.percentile(0.5), None);
        for ms in [5, 1, 4, 2, 3] {
            l.push(Duration::from_millis(ms));
        }
        assert_eq!(l.percentile(0.5), Some(Duration::from_millis(3)));
        assert_eq!(l.percentile(0.99), Some(Duration::from_millis(5)));
        assert_eq!(l.percentile(0.2), Some(Duration::from_millis(1)));
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_go() {
        let mut l = Latency::default();
        for i in 0..Latency::KEPT as u64 + 10 {
            l.push(Duration::from_nanos(i));
        }
        assert_eq!(l.len(), Latency::KEPT);
        assert_eq!(l.percentile(1e-9), Some(Duration::from_nanos(10)));
    }
}
