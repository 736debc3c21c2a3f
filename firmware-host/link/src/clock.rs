use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Milliseconds that only go up. All times of this crate are of one such clock.
pub trait Clock {
    /// Now, ms since any moment.
    fn now_ms(&self) -> u64;

    /// Lets at most `time` pass. A simulated clock returns at once: who drives it lets the time pass.
    fn sleep(&self, time: Duration);
}

/// The machine's monotonic clock. Clones tell the same time.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    from: Instant,
    from_ms: u64,
}

impl SystemClock {
    /// A clock that begins at 0 now.
    pub fn new() -> Self {
        Self::starting_at(0)
    }

    /// A clock that begins at `from_ms` now, so that it has times before it began.
    pub fn starting_at(from_ms: u64) -> Self {
        Self {
            from: Instant::now(),
            from_ms,
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        let since = u64::try_from(self.from.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.from_ms.saturating_add(since)
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// A clock that stands still until it is told to go on. Clones tell the same time.
#[derive(Debug, Clone, Default)]
pub struct SimulatedClock(Arc<AtomicU64>);

impl SimulatedClock {
    /// A clock at 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on by this many ms.
    pub fn advance(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for SimulatedClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn sleep(&self, _: Duration) {}
}
