//! Records and statuses to tell.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use normgate_core::{Committed, Drift, Verdict};
use normgate_sink::{DriftState, GateTerms, Meters, Record, Summary, Terms};

/// A model's words.
pub(crate) fn terms() -> Arc<Terms> {
    Arc::new(Terms {
        model: "test-net-v1".to_owned(),
        graph_sha256: "ab".repeat(32),
        labels: ["cat", "ship", "automobile"].map(str::to_owned).to_vec(),
        gate: Some(GateTerms {
            score: "max_logit",
            threshold: 0.43,
        }),
    })
}

pub(crate) fn meters() -> Arc<Meters> {
    Arc::new(Meters::new(terms()))
}

/// 2026-11-23 20:23:14.057 UTC, as `date -u -d @1795465394` has it.
pub(crate) fn time() -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(1_795_465_394_057)
}

/// The same for all, so that records can be compared.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// A frame that is surely a ship.
pub(crate) fn known(frame: u64) -> Record {
    Record {
        frame,
        name: format!("frame {frame}"),
        time: time() + Duration::from_millis(frame * 50),
        captured: *START,
        verdict: Verdict::Known {
            class: 1,
            score: 0.75,
            confidence: 0.5,
            p_value: 0.25,
        },
        committed: Committed::Class(1),
        latency: Duration::from_micros(1500),
        ..Record::empty(terms())
    }
}

/// A frame of no class.
pub(crate) fn unknown(frame: u64, score: f32) -> Record {
    Record {
        verdict: Verdict::Unknown {
            score: Some(score),
            nearest: Some(0),
            p_value: Some(0.015625),
        },
        committed: Committed::Unknown,
        ..known(frame)
    }
}

/// A frame while a drift alarm stands.
pub(crate) fn drifting(frame: u64, drift: Drift) -> Record {
    Record {
        drift: Some(DriftState {
            evidence: 0.25,
            alarm: Some(drift),
        }),
        ..known(frame)
    }
}

pub(crate) fn unscored(frame: u64) -> Record {
    Record {
        verdict: Verdict::UNSCORED,
        committed: Committed::Unknown,
        fault: Some("not a readable JPEG".to_owned()),
        ..known(frame)
    }
}

pub(crate) fn summary() -> Summary {
    let us = Duration::from_micros;
    Summary {
        source: "demo:".to_owned(),
        frames: 24,
        known: 10,
        unknown: 14,
        faults: 2,
        dropped: 3,
        stages: vec![("source", None), ("model", Some((us(1500), us(2250))))],
    }
}

/// Waits until `done`, and fails after a minute.
pub(crate) fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
