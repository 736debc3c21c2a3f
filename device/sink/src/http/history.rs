//! What was a moment ago: scores for a curve, times for rates. Of fixed size.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::Serialize;

/// Scores of the last minutes, a point each [`Scores::STEP`].
#[derive(Debug)]
pub(super) struct Scores {
    points: VecDeque<Point>,
}

/// The scores of one step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Point {
    /// When the step began, in milliseconds since the server did; also its name.
    pub(super) t: u64,
    /// The lowest score; none if no frame was scored.
    pub(super) low: Option<f32>,
    /// The highest score.
    pub(super) high: Option<f32>,
    /// Frames.
    pub(super) frames: u32,
    /// Those of them that were unknown.
    pub(super) unknown: u32,
}

impl Scores {
    /// The most points: three minutes.
    pub(super) const POINTS: usize = 720;
    /// The time that one point stands for.
    pub(super) const STEP: Duration = Duration::from_millis(250);

    pub(super) fn new() -> Self {
        Self {
            points: VecDeque::with_capacity(Self::POINTS),
        }
    }

    /// Adds a frame at `at` since the server began.
    pub(super) fn add(&mut self, at: Duration, score: Option<f32>, known: bool) {
        let step = Self::STEP.as_millis() as u64;
        let t = at.as_millis() as u64 / step * step;
        // A score that is no number has no place on the curve.
        let score = score.filter(|score| score.is_finite());
        match self.points.back_mut() {
            Some(last) if last.t == t => {
                last.low = merge(last.low, score, f32::min);
                last.high = merge(last.high, score, f32::max);
                last.frames += 1;
                last.unknown += u32::from(!known);
            }
            _ => {
                if self.points.len() == Self::POINTS {
                    self.points.pop_front();
                }
                self.points.push_back(Point {
                    t,
                    low: score,
                    high: score,
                    frames: 1,
                    unknown: u32::from(!known),
                });
            }
        }
    }

    pub(super) fn all(&self) -> Vec<Point> {
        self.points.iter().copied().collect()
    }

    /// The newest `n` points, the oldest of them first.
    pub(super) fn newest(&self, n: usize) -> Vec<Point> {
        let skipped = self.points.len().saturating_sub(n);
        self.points.range(skipped..).copied().collect()
    }
}

fn merge(a: Option<f32>, b: Option<f32>, by: fn(f32, f32) -> f32) -> Option<f32> {
    match (a, b) {
        (Some(a), Some(b)) => Some(by(a, b)),
        (a, b) => a.or(b),
    }
}

/// Arrivals and latencies of the newest frames.
#[derive(Debug)]
pub(super) struct Rates {
    frames: VecDeque<(Instant, Duration)>,
}

impl Rates {
    const FRAMES: usize = 256;
    /// Frames older than this say nothing of the rate at this moment.
    const WINDOW: Duration = Duration::from_secs(10);

    pub(super) fn new() -> Self {
        Self {
            frames: VecDeque::with_capacity(Self::FRAMES),
        }
    }

    pub(super) fn add(&mut self, at: Instant, latency: Duration) {
        if self.frames.len() == Self::FRAMES {
            self.frames.pop_front();
        }
        self.frames.push_back((at, latency));
    }

    /// Frames a second over the last ten; none where fewer than two came.
    pub(super) fn fps(&self, now: Instant) -> Option<f64> {
        let recent = |at: Instant| now.saturating_duration_since(at) <= Self::WINDOW;
        let first = self.frames.iter().position(|&(at, _)| recent(at))?;
        let span = self
            .frames
            .back()?
            .0
            .saturating_duration_since(self.frames[first].0);
        let steps = self.frames.len() - 1 - first;
        (steps > 0 && !span.is_zero()).then(|| steps as f64 / span.as_secs_f64())
    }

    /// The latencies of the newest frames.
    pub(super) fn latencies(&self) -> Vec<Duration> {
        self.frames.iter().map(|&(_, latency)| latency).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_keeps_its_extremes_and_the_ring_its_size() {
        let mut scores = Scores::new();
        let at = Duration::from_millis;
        scores.add(at(1010), Some(3.0), true);
        scores.add(at(1100), Some(-1.0), false);
        scores.add(at(1249), Some(f32::NAN), false);
        scores.add(at(1250), None, false);
        let point = |t, low, high, frames, unknown| Point {
            t,
            low,
            high,
            frames,
            unknown,
        };
        let expected = [
            point(1000, Some(-1.0), Some(3.0), 3, 2),
            point(1250, None, None, 1, 1),
        ];
        assert_eq!(scores.all(), expected);
        for i in 0..2000 {
            scores.add(at(2000 + 250 * i), Some(i as f32), true);
        }
        assert_eq!(scores.all().len(), Scores::POINTS);
        assert_eq!(scores.newest(2)[1].t, 2000 + 250 * 1999);
    }

    #[test]
    fn frames_a_second_are_those_of_the_last_ten() {
        let (mut rates, start) = (Rates::new(), Instant::now());
        assert_eq!(rates.fps(start), None);
        let ms = |n| start + Duration::from_millis(n);
        rates.add(ms(0), Duration::ZERO);
        assert_eq!(rates.fps(ms(0)), None);
        for i in 0..51 {
            rates.add(ms(20_000 + 100 * i), Duration::ZERO);
        }
        let fps = rates.fps(ms(25_000)).unwrap();
        assert!((fps - 10.0).abs() < 1e-9, "{fps}");
        assert_eq!(rates.fps(ms(60_000)), None);
    }
}
