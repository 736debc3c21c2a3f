use std::time::{Duration, Instant};

/// Lines in a window; what comes beyond them is only counted.
const LINES: u32 = 40;
const WINDOW: Duration = Duration::from_secs(60);

/// Tells a person lines, but not without end: a bad line can begin and end sessions several times a second.
pub(super) struct Voice {
    tell: Box<dyn FnMut(&str) + Send>,
    since: Option<Instant>,
    said: u32,
    kept_back: u32,
}

impl Voice {
    pub(super) fn new(tell: impl FnMut(&str) + Send + 'static) -> Self {
        Self {
            tell: Box::new(tell),
            since: None,
            said: 0,
            kept_back: 0,
        }
    }

    /// Says a line about `name`, if there were not too many in the minute before `now`.
    pub(super) fn say(&mut self, name: &str, line: &str, now: Instant) {
        let over = |since: Instant| now.saturating_duration_since(since) >= WINDOW;
        if self.since.is_none_or(over) {
            self.own_up(name);
            (self.since, self.said) = (Some(now), 0);
        }
        if self.said < LINES {
            self.said += 1;
            (self.tell)(&format!("{name}: {line}"));
        } else {
            self.kept_back += 1;
        }
    }

    /// Says what is the last thing to be said.
    pub(super) fn end(&mut self, name: &str, line: &str) {
        self.own_up(name);
        (self.tell)(&format!("{name}: {line}"));
    }

    fn own_up(&mut self, name: &str) {
        match std::mem::take(&mut self.kept_back) {
            0 => {}
            n => (self.tell)(&format!("{name}: {n} more lines were not shown")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn a_flood_is_counted_and_the_end_is_always_told() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let to = Arc::clone(&told);
        let mut voice = Voice::new(move |line: &str| to.lock().unwrap().push(line.to_owned()));
        let start = Instant::now();
        for i in 0..100 {
            voice.say(
                "tty",
                &format!("line {i}"),
                start + i * Duration::from_millis(10),
            );
        }
        assert_eq!(told.lock().unwrap().len(), 40);
        voice.say("tty", "later", start + WINDOW);
        voice.end("tty", "the end");
        let told = told.lock().unwrap();
        let expected = [
            "tty: 60 more lines were not shown",
            "tty: later",
            "tty: the end",
        ];
        assert_eq!(told[40..], expected);
    }
}
