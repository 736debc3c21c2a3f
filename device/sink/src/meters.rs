use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use normgate_core::{Drift, Verdict};

use crate::DriftState;
use crate::terms::Terms;

/// The stages that are timed, in flow order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Waiting for, or reading, a frame.
    Source,
    /// Frame to pixels.
    Preprocess,
    /// Pixels to logits and features.
    Model,
    /// Logits and features to a verdict and a commitment.
    Gate,
    /// From a frame in hand to its commitment.
    Total,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 5] = [
        Self::Source,
        Self::Preprocess,
        Self::Model,
        Self::Gate,
        Self::Total,
    ];

    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Preprocess => "preprocess",
            Self::Model => "model",
            Self::Gate => "gate",
            Self::Total => "total",
        }
    }
}

/// A loop's counts, written by the loop and read by any thread. Counting is a few additions: no lock, no allocation.
#[derive(Debug)]
pub struct Meters {
    /// When the loop began.
    pub started: Instant,
    /// Frames with a verdict, of any kind.
    pub frames: AtomicU64,
    /// Those with a known verdict.
    pub known: AtomicU64,
    /// Those with an unknown one.
    pub unknown: AtomicU64,
    /// Those of the unknown that could not be read or scored.
    pub faults: AtomicU64,
    /// Frames that a live source gave up for a newer one.
    pub dropped: AtomicU64,
    /// How often the source was lost.
    pub losses: AtomicU64,
    /// Whether the source is there.
    pub source_up: AtomicBool,
    /// Models swapped in.
    pub swaps: AtomicU64,
    /// Model files refused.
    pub swaps_refused: AtomicU64,
    /// Drift alarms about falling scores.
    pub drifts_falling: AtomicU64,
    /// Drift alarms about rising ones.
    pub drifts_rising: AtomicU64,
    drift: DriftCell,
    /// Known verdicts by class, for the first [`Meters::CLASSES`] classes.
    pub by_class: Box<[AtomicU64]>,
    stages: [Histogram; Stage::ALL.len()],
    terms: Mutex<Arc<Terms>>,
    sinks: Mutex<Vec<Arc<SinkMeter>>>,
}

/// What became of a sink's events.
#[derive(Debug)]
pub struct SinkMeter {
    /// The sink's name.
    pub name: &'static str,
    /// Events that it took.
    pub taken: AtomicU64,
    /// Events that found its queue full.
    pub missed: AtomicU64,
    /// Events that it could not take.
    pub failed: AtomicU64,
    /// Whether it takes nothing any more: it panicked, or its reader left. Its events are then missed.
    pub dead: AtomicBool,
}

/// A [`DriftState`] without a lock. A reader may see the evidence of one frame beside the alarm of the next.
#[derive(Debug, Default)]
struct DriftCell {
    there: AtomicBool,
    evidence: AtomicU64,
    /// 0 for none, 1 for falling, 2 for rising.
    alarm: AtomicU8,
}

impl DriftCell {
    fn get(&self) -> Option<DriftState> {
        self.there.load(Relaxed).then(|| DriftState {
            evidence: f64::from_bits(self.evidence.load(Relaxed)),
            alarm: match self.alarm.load(Relaxed) {
                1 => Some(Drift::Falling),
                2 => Some(Drift::Rising),
                _ => None,
            },
        })
    }

    fn set(&self, state: Option<DriftState>) {
        self.there.store(state.is_some(), Relaxed);
        let Some(DriftState { evidence, alarm }) = state else {
            return;
        };
        self.evidence.store(evidence.to_bits(), Relaxed);
        let alarm = match alarm {
            None => 0,
            Some(Drift::Falling) => 1,
            Some(Drift::Rising) => 2,
        };
        self.alarm.store(alarm, Relaxed);
    }
}

/// Counts of times below each of [`Histogram::BOUNDS_US`].
#[derive(Debug, Default)]
pub struct Histogram {
    counts: [AtomicU64; Self::BOUNDS_US.len() + 1],
    sum_ns: AtomicU64,
}

impl Histogram {
    /// Upper bounds of the buckets, in microseconds.
    pub const BOUNDS_US: [u64; 16] = [
        10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000,
        500_000, 1_000_000,
    ];

    fn add(&self, time: Duration) {
        let us = time.as_nanos().div_ceil(1000);
        let bucket = Self::BOUNDS_US.partition_point(|&bound| u128::from(bound) < us);
        self.counts[bucket].fetch_add(1, Relaxed);
        let ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.sum_ns.fetch_add(ns, Relaxed);
    }

    /// The number of times in each bucket, the last one for those above every bound.
    #[must_use]
    pub fn counts(&self) -> [u64; Self::BOUNDS_US.len() + 1] {
        std::array::from_fn(|i| self.counts[i].load(Relaxed))
    }

    /// The sum of all times.
    #[must_use]
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.sum_ns.load(Relaxed))
    }
}

impl Meters {
    /// Classes that are counted one by one.
    pub const CLASSES: usize = 4096;

    /// Meters of a loop that begins now.
    #[must_use]
    pub fn new(terms: Arc<Terms>) -> Self {
        Self {
            started: Instant::now(),
            frames: AtomicU64::new(0),
            known: AtomicU64::new(0),
            unknown: AtomicU64::new(0),
            faults: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            losses: AtomicU64::new(0),
            source_up: AtomicBool::new(false),
            swaps: AtomicU64::new(0),
            swaps_refused: AtomicU64::new(0),
            drifts_falling: AtomicU64::new(0),
            drifts_rising: AtomicU64::new(0),
            drift: DriftCell::default(),
            by_class: (0..Self::CLASSES).map(|_| AtomicU64::new(0)).collect(),
            stages: std::array::from_fn(|_| Histogram::default()),
            terms: Mutex::new(terms),
            sinks: Mutex::new(Vec::new()),
        }
    }

    /// Counts one frame's verdict.
    pub fn count(&self, verdict: &Verdict, fault: bool) {
        self.frames.fetch_add(1, Relaxed);
        self.faults.fetch_add(u64::from(fault), Relaxed);
        match verdict.class() {
            Some(class) => {
                self.known.fetch_add(1, Relaxed);
                if let Some(count) = self.by_class.get(usize::from(class)) {
                    count.fetch_add(1, Relaxed);
                }
            }
            None => {
                self.unknown.fetch_add(1, Relaxed);
            }
        }
    }

    /// Counts a drift alarm; how many there were, this one too.
    pub fn count_drift(&self, drift: Drift) -> u64 {
        match drift {
            Drift::Falling => self.drifts_falling.fetch_add(1, Relaxed),
            Drift::Rising => self.drifts_rising.fetch_add(1, Relaxed),
        };
        self.drifts_falling.load(Relaxed) + self.drifts_rising.load(Relaxed)
    }

    /// What the drift test says; none where there is none.
    #[must_use]
    pub fn drift(&self) -> Option<DriftState> {
        self.drift.get()
    }

    /// What the drift test says from here on.
    pub fn set_drift(&self, state: Option<DriftState>) {
        self.drift.set(state);
    }

    /// Adds one time of a stage.
    pub fn time(&self, stage: Stage, time: Duration) {
        self.stages[stage as usize].add(time);
    }

    /// The times of a stage.
    #[must_use]
    pub fn histogram(&self, stage: Stage) -> &Histogram {
        &self.stages[stage as usize]
    }

    /// The model's words.
    #[must_use]
    pub fn terms(&self) -> Arc<Terms> {
        let terms = self.terms.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&terms)
    }

    /// Another model's words.
    pub fn set_terms(&self, terms: Arc<Terms>) {
        *self.terms.lock().unwrap_or_else(PoisonError::into_inner) = terms;
    }

    /// A meter for one more sink.
    pub fn add_sink(&self, name: &'static str) -> Arc<SinkMeter> {
        let meter = Arc::new(SinkMeter {
            name,
            taken: AtomicU64::new(0),
            missed: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            dead: AtomicBool::new(false),
        });
        let mut sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        sinks.push(Arc::clone(&meter));
        meter
    }

    /// The sinks' meters, in the order in which they were added.
    #[must_use]
    pub fn sinks(&self) -> Vec<Arc<SinkMeter>> {
        let sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        sinks.clone()
    }
}
