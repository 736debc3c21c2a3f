use normgate_core::{Drift, Verdict};
use normgate_frame::Picture;
use serde_json::{Value, json};

use crate::{Record, rfc3339};

/// The note beside a reject's picture, a JSON object on one line.
pub(super) fn write(record: &Record, picture: &Picture<'_>) -> Vec<u8> {
    let terms = &record.terms;
    let nearest = match record.verdict {
        Verdict::Unknown { nearest, .. } => nearest.map(|class| terms.label(class)),
        Verdict::Known { .. } => None,
    };
    let alarm = record.drift.and_then(|drift| drift.alarm);
    let object = json!({
        "time": rfc3339(record.time),
        "frame": record.frame,
        "name": record.name,
        "model": terms.model,
        "graph_sha256": terms.graph_sha256,
        "score": record.verdict.score(),
        "p_value": record.verdict.p_value(),
        "score_name": terms.gate.map(|gate| gate.score),
        "threshold": terms.gate.map(|gate| gate.threshold),
        "nearest": nearest,
        "drift": alarm.map(Drift::name),
        "fault": record.fault,
        "width": picture.width(),
        "height": picture.height(),
    });
    format!("{object}\n").into_bytes()
}

/// How far the score lies from the threshold; infinity for what has none.
pub(super) fn margin(record: &Record) -> f64 {
    let threshold = record.terms.gate.map(|gate| f64::from(gate.threshold));
    between(record.verdict.score().map(f64::from), threshold)
}

/// The same of a note; infinity if it cannot be read.
pub(super) fn margin_of(note: &[u8]) -> f64 {
    let note: Value = serde_json::from_slice(note).unwrap_or_default();
    between(note["score"].as_f64(), note["threshold"].as_f64())
}

fn between(score: Option<f64>, threshold: Option<f64>) -> f64 {
    match (score, threshold) {
        (Some(score), Some(threshold)) if (score - threshold).is_finite() => {
            (score - threshold).abs()
        }
        _ => f64::INFINITY,
    }
}
