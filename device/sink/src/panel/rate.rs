use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

/// The time that a rate is measured over.
const WINDOW: Duration = Duration::from_secs(3);

/// The shortest time that makes a rate.
const LEAST: Duration = Duration::from_millis(500);

/// The most frames that are remembered; above it the window is shorter.
const MOST: usize = 256;

/// Frames a second over the last seconds, from the frames' own times and numbers: frames that did not reach this sink
/// count as well.
#[derive(Debug, Default)]
pub(super) struct Rate {
    frames: VecDeque<(SystemTime, u64)>,
}

impl Rate {
    pub(super) fn clear(&mut self) {
        self.frames.clear();
    }

    /// Adds a frame and gives the rate, `None` until there is enough to tell. A clock that jumps begins it anew.
    pub(super) fn push(&mut self, time: SystemTime, frame: u64) -> Option<f32> {
        if let Some(&(last, number)) = self.frames.back() {
            let step = time.duration_since(last).unwrap_or(Duration::MAX);
            if step > WINDOW || frame <= number {
                self.frames.clear();
            }
        }
        if self.frames.len() == MOST {
            self.frames.pop_front();
        }
        self.frames.push_back((time, frame));
        let since = |from: SystemTime| time.duration_since(from).unwrap_or_default();
        while self
            .frames
            .get(1)
            .is_some_and(|&(second, _)| since(second) >= WINDOW)
        {
            self.frames.pop_front();
        }
        let &(first, number) = self.frames.front()?;
        let (span, count) = (since(first), frame.checked_sub(number)?);
        (span >= LEAST).then(|| count as f32 / span.as_secs_f32())
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let mut rate = Rate::default();
        let at = |ms: u64| UNIX_EPOCH + Duration::from_millis(ms);
        assert_eq!(rate.push(at(0), 0), None);
        let mut seen = None;
        for i in 1..100 {
            seen = rate.push(at(i * 100), i);
        }
        assert!((seen.unwrap() - 10.0).abs() < 0.01, "{seen:?}");
        // Every third frame reaches the sink, and the camera is twice as fast.
        for i in 1..40 {
            seen = rate.push(at(9900 + i * 150), 99 + 3 * i);
        }
        assert!((seen.unwrap() - 20.0).abs() < 0.01, "{seen:?}");
        // The clock jumps back, then ahead.
        assert_eq!(rate.push(at(5), 300), None);
        assert_eq!(rate.push(at(u64::from(u32::MAX)), 301), None);
        // More frames than are remembered.
        for i in 0..5000 {
            seen = rate.push(at(u64::from(u32::MAX) + 2 + 4 * i), 302 + i);
        }
        assert!((seen.unwrap() - 250.0).abs() < 0.5, "{seen:?}");
        assert!(rate.frames.len() <= MOST);
    }
}
