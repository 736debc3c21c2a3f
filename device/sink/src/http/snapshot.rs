//! What a page is told: the state at this moment as one JSON object.

use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant, UNIX_EPOCH};

use normgate_core::{Committed, Drift, Verdict};
use normgate_frame::Truth;
use serde_json::{Value, json};

use super::live::{Live, Phase, Shared};
use crate::Record;
use crate::drift::explained;

/// What is to be said of the camera's view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// No verdict since the source or the model changed.
    Waiting,
    /// A class.
    Known,
    /// None of the classes.
    Unknown,
    /// The source is there and no verdict comes; for how long.
    Stale(Duration),
    /// The source is away, with the reason.
    Lost(String),
    /// The loop has ended.
    Ended,
}

impl State {
    fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Known => "known",
            Self::Unknown => "unknown",
            Self::Stale(_) => "stale",
            Self::Lost(_) => "lost",
            Self::Ended => "ended",
        }
    }

    /// Why the device is not well; none if it is.
    pub(super) fn fault(&self) -> Option<String> {
        match self {
            Self::Known | Self::Unknown => None,
            Self::Waiting => Some("no verdict yet".to_owned()),
            Self::Stale(age) => Some(format!("no verdict for {} s", age.as_secs())),
            Self::Lost(why) => Some(format!("the source is lost: {why}")),
            Self::Ended => Some("the loop has ended".to_owned()),
        }
    }
}

impl Shared {
    /// The state at this moment.
    pub(super) fn state(&self) -> State {
        self.state_of(&self.live.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn state_of(&self, live: &Live) -> State {
        match (&live.phase, live.judged) {
            (Phase::Lost(why), _) => State::Lost(why.clone()),
            (Phase::Ended, _) => State::Ended,
            (Phase::Running, None) => State::Waiting,
            (Phase::Running, Some(at)) if at.elapsed() > self.stale_after => {
                State::Stale(at.elapsed())
            }
            (Phase::Running, Some(_)) if live.record.verdict.is_known() => State::Known,
            (Phase::Running, Some(_)) => State::Unknown,
        }
    }

    /// All that the page shows, but the pictures and the older scores.
    pub(super) fn snapshot(&self) -> Value {
        let meters = &self.meters;
        let terms = meters.terms();
        let count = |n: &std::sync::atomic::AtomicU64| n.load(Relaxed);
        let missed: u64 = meters
            .sinks()
            .iter()
            .map(|s| count(&s.missed) + count(&s.failed))
            .sum();
        let gate = terms.gate;
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self.state_of(&live);
        let now = Instant::now();
        let committed = match (&state, live.record.committed) {
            (State::Known | State::Unknown, Committed::Class(class)) => {
                json!(live.record.terms.label(class))
            }
            _ => Value::Null,
        };
        let fresh = live
            .shot
            .as_ref()
            .filter(|s| s.taken.elapsed() <= self.stale_after);
        let mut value = json!({
            "state": state.name(),
            "why": state.fault(),
            "committed": committed,
            "verdict": live.judged.map(|_| verdict(&live.record)),
            "age_ms": live.judged.map(|at| at.elapsed().as_millis() as u64),
            "now_ms": self.began.elapsed().as_millis() as u64,
            "server": self.started.duration_since(UNIX_EPOCH).map_or(0, |t| t.as_millis() as u64),
            "source": live.source,
            "notice": live.notice,
            "picture": fresh.map(|shot| json!({"id": shot.id, "frame": shot.frame})),
            "points": live.scores.newest(2),
            "fps": live.rates.fps(now),
            "model": {
                "name": terms.model,
                "graph_sha256": terms.graph_sha256,
                "score": gate.map(|gate| gate.score),
                "threshold": gate.map(|gate| gate.threshold),
                "classes": terms.labels.len(),
            },
            "drift": meters.drift().map(|drift| json!({
                "evidence": drift.evidence,
                "alarm": drift.alarm.map(Drift::name),
                "meaning": drift.alarm.map(explained),
            })),
            "counts": {
                "frames": count(&meters.frames),
                "known": count(&meters.known),
                "unknown": count(&meters.unknown),
                "faults": count(&meters.faults),
                "dropped": count(&meters.dropped),
                "losses": count(&meters.losses),
                "swaps": count(&meters.swaps),
                "swaps_refused": count(&meters.swaps_refused),
                "drifts": count(&meters.drifts_falling) + count(&meters.drifts_rising),
                "missed": missed,
            },
            "has_rejects": self.rejects.is_some(),
        });
        let mut latencies = live.rates.latencies();
        // Sorting needs no lock.
        drop(live);
        latencies.sort_unstable();
        value["latency_us"] = json!({"p50": rank(&latencies, 50), "p99": rank(&latencies, 99)});
        value
    }

    /// The scores of the last minutes.
    pub(super) fn history(&self) -> Value {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let points = live.scores.all();
        drop(live);
        json!({
            "step_ms": super::history::Scores::STEP.as_millis() as u64,
            "now_ms": self.began.elapsed().as_millis() as u64,
            "points": points,
        })
    }
}

fn verdict(record: &Record) -> Value {
    let terms = &record.terms;
    let (class, confidence, nearest) = match &record.verdict {
        Verdict::Known {
            class, confidence, ..
        } => (Some(*class), Some(*confidence), None),
        Verdict::Unknown { nearest, .. } => (None, None, *nearest),
    };
    let time = record.time.duration_since(UNIX_EPOCH);
    json!({
        "frame": record.frame,
        "name": record.name,
        "time_ms": time.map_or(0, |t| t.as_millis() as u64),
        "class": class.map(|class| terms.label(class)),
        "confidence": confidence,
        "nearest": nearest.map(|class| terms.label(class)),
        "score": record.verdict.score(),
        "p_value": record.verdict.p_value(),
        "truth": record.truth.as_ref().map(Truth::name),
        "fault": record.fault,
        "latency_us": micros(record.latency),
    })
}

/// The percentile by nearest rank, in microseconds.
fn rank(sorted: &[Duration], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.max(1) - 1).map(|&time| micros(time))
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
