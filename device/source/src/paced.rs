use std::thread;
use std::time::{Duration, Instant};

use normgate_frame::Frame;

use super::{Next, PATIENCE, Source, SourceError};

/// The most frames that one call gives up; a pause that is longer is not caught up with.
const MAX_SKIPPED: u64 = 64;

/// Lets a source's frames come at a steady rate, as a camera's do: whoever is late misses some.
pub(super) struct Paced {
    source: Box<dyn Source>,
    fps: f64,
    /// When frame 0 was due.
    start: Option<Instant>,
    /// Frames since then.
    frames: u64,
    dropped: u64,
}

impl Paced {
    /// `source` at `fps` frames a second, from the first call on.
    pub(super) fn new(source: Box<dyn Source>, fps: f64) -> Self {
        Self {
            source,
            fps,
            start: None,
            frames: 0,
            dropped: 0,
        }
    }

    /// Frames that came due behind the next one.
    fn late(&mut self, now: Instant) -> u64 {
        let start = *self.start.get_or_insert(now);
        let age = now.saturating_duration_since(start).as_secs_f64();
        // Rounding must not drop a frame that is just due.
        let due = (age * self.fps + 1e-6) as u64;
        let late = due.saturating_sub(self.frames);
        if late <= MAX_SKIPPED {
            return late;
        }
        self.start = Some(now);
        self.frames = 0;
        0
    }
}

impl Source for Paced {
    fn next(&mut self, visit: &mut dyn FnMut(&Frame<'_>)) -> Result<Next, SourceError> {
        let now = Instant::now();
        let start = *self.start.get_or_insert(now);
        let due = start + Duration::from_secs_f64(self.frames as f64 / self.fps);
        let left = due.saturating_duration_since(now);
        thread::sleep(left.min(PATIENCE));
        if left > PATIENCE {
            return Ok(Next::Waiting);
        }
        for _ in 0..self.late(Instant::now()) {
            self.frames += 1;
            match self.source.next(&mut |_| {})? {
                Next::Frame => self.dropped += 1,
                other => return Ok(other),
            }
        }
        self.frames += 1;
        self.source.next(visit)
    }

    fn is_live(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        format!("{} at {} fps", self.source.describe(), self.fps)
    }

    fn dropped_frames(&self) -> u64 {
        self.dropped
    }
}
