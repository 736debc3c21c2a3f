use std::time::{Duration, Instant};

/// The shortest time between two warnings that a sink fails, so that one that fails now and then is no flood.
const QUIET: Duration = Duration::from_secs(10);

/// Whether a sink works, and what of it is worth a line.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// It was said that the sink fails, when it had lost so many events.
    said: Option<u64>,
    last: Option<Instant>,
}

impl Health {
    /// What to say of a failure at `now`. `lost` are the events lost before this one.
    pub(super) fn failed(
        &mut self,
        name: &str,
        why: &str,
        lost: u64,
        now: Instant,
    ) -> Option<String> {
        let quiet = self
            .last
            .is_some_and(|last| now.saturating_duration_since(last) < QUIET);
        if self.said.is_some() || quiet {
            return None;
        }
        self.said = Some(lost);
        self.last = Some(now);
        Some(format!("{name}: {why}"))
    }

    /// What to say of a success. `lost` are all events lost.
    pub(super) fn worked(&mut self, name: &str, lost: u64) -> Option<String> {
        let missed = lost.saturating_sub(self.said.take()?);
        Some(match missed {
            0 => format!("{name}: works again"),
            1 => format!("{name}: works again; 1 event is lost to it"),
            n => format!("{name}: works again; {n} events are lost to it"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_said_once() {
        let (mut health, now) = (Health::default(), Instant::now());
        assert_eq!(health.worked("json", 0), None);
        let said = health.failed("json", "no space", 0, now);
        assert_eq!(said.as_deref(), Some("json: no space"));
        let later = now + 100 * QUIET;
        assert_eq!(health.failed("json", "no space", 1, later), None);
        let said = health.worked("json", 2);
        assert_eq!(
            said.as_deref(),
            Some("json: works again; 2 events are lost to it")
        );
        assert_eq!(health.worked("json", 2), None);
    }

    #[test]
    fn failing_every_other_time_is_no_flood() {
        let (mut health, now) = (Health::default(), Instant::now());
        let mut lines = 0;
        for i in 0..3000 {
            // 30 events a second, 100 seconds.
            let at = now + Duration::from_millis(33) * i;
            lines += usize::from(health.failed("mqtt", "away", u64::from(i), at).is_some());
            lines += usize::from(health.worked("mqtt", u64::from(i) + 1).is_some());
        }
        assert!((4..=22).contains(&lines), "{lines}");
    }
}
