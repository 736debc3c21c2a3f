use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// How long to wait before the next attempt: longer each time, and never the same for two boards whose broker restarts.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(250);
    const MOST: Duration = Duration::from_secs(30);

    pub(crate) fn new() -> Self {
        Self { next: Self::FIRST }
    }

    /// The wait after an attempt that began at `began`. One that held is the first of a new row; one that was thrown out
    /// at once, as by another client of the same id, is not.
    pub(crate) fn wait(&mut self, began: Instant) -> Duration {
        if began.elapsed() > Self::MOST {
            self.next = Self::FIRST;
        }
        let whole = self.next;
        self.next = (whole * 2).min(Self::MOST);
        // Each state of the standard library's hasher is a random one.
        let random = RandomState::new().hash_one(whole) >> 40;
        whole / 2 + whole.mul_f64(random as f64 / f64::from(1 << 25))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_a_bound_and_differ() {
        let mut backoff = Backoff::new();
        let mut whole = Backoff::FIRST;
        for _ in 0..20 {
            let wait = backoff.wait(Instant::now());
            assert!((whole / 2..=whole).contains(&wait), "{wait:?} of {whole:?}");
            whole = (whole * 2).min(Backoff::MOST);
        }
        let first = || Backoff::new().wait(Instant::now());
        let firsts: Vec<_> = (0..8).map(|_| first()).collect();
        assert!(firsts.iter().any(|wait| *wait != firsts[0]));
        if let Some(long_ago) = Instant::now().checked_sub(Backoff::MOST * 2) {
            assert!(backoff.wait(long_ago) <= Backoff::FIRST);
        }
    }
}
