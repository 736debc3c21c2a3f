//! What the state topic says.

use std::borrow::Cow;
use std::time::SystemTime;

use normgate_core::{Committed, Drift, Verdict};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::{DriftState, Record, Terms};

/// The state while no class is committed.
pub(crate) const UNKNOWN: &str = "unknown";

/// Home Assistant takes no longer state, in characters.
const SHOWN_MOST: usize = 255;
const REASON_MOST: usize = 500;

/// A label as a state: one line without blanks around it, of a length that Home Assistant takes. Never empty.
pub(crate) fn shown(label: &str) -> Cow<'_, str> {
    let fits = label.chars().count() <= SHOWN_MOST;
    if fits && !label.is_empty() && label.trim() == label && !label.contains(char::is_control) {
        return Cow::Borrowed(label);
    }
    let clean: String = label
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let short: String = clean.trim().chars().take(SHOWN_MOST).collect();
    match short.trim_end() {
        "" => Cow::Borrowed("(no name)"),
        short => Cow::Owned(short.to_owned()),
    }
}

/// The state topic's JSON.
#[derive(Debug, Serialize)]
pub(crate) struct State<'a> {
    /// The committed class, or `unknown`.
    state: Cow<'a, str>,
    /// Whether no class is committed; apart, as a class may be called `unknown`.
    unknown: bool,
    camera_lost: bool,
    /// Why it is unknown, where there is more to say than a low score.
    reason: Option<Cow<'a, str>>,
    verdict: &'static str,
    class: Option<&'a str>,
    nearest: Option<&'a str>,
    score: Option<f32>,
    p_value: Option<f32>,
    score_name: Option<&'static str>,
    threshold: Option<f32>,
    confidence: Option<f32>,
    /// Which way the scores went, while a drift alarm stands.
    drift: Option<&'static str>,
    /// The share of the evidence that makes an alarm.
    drift_evidence: Option<f64>,
    frame: Option<u64>,
    /// When the frame was taken or the event happened, RFC 3339, UTC.
    time: String,
    fps: Option<f32>,
    latency_ms: Option<f64>,
    model: &'a str,
}

impl<'a> State<'a> {
    /// What is known after a frame.
    pub(crate) fn of_record(record: &'a Record, fps: Option<f32>) -> Self {
        let terms = &*record.terms;
        let committed = match record.committed {
            Committed::Class(class) => named(terms, class),
            Committed::Unknown => None,
        };
        let mut state = Self::nothing(terms, record.drift, record.time);
        state.unknown = committed.is_none();
        state.state = committed.map_or(Cow::Borrowed(UNKNOWN), shown);
        state.reason = record.fault.as_deref().map(shortened);
        state.p_value = record.verdict.p_value().filter(|p| p.is_finite());
        state.score = record.verdict.score().filter(|score| score.is_finite());
        match record.verdict {
            Verdict::Known {
                class, confidence, ..
            } => {
                state.verdict = "known";
                state.class = named(terms, class);
                state.confidence = Some(confidence);
            }
            Verdict::Unknown { nearest, .. } => {
                state.nearest = nearest.and_then(|class| named(terms, class))
            }
        }
        state.frame = Some(record.frame);
        state.fps = fps;
        state.latency_ms = Some(record.latency.as_secs_f64() * 1e3);
        state
    }

    /// What is known when something else has happened: nothing.
    pub(crate) fn of_status(
        terms: &'a Terms,
        reason: &'a str,
        camera_lost: bool,
        drift: Option<DriftState>,
        time: SystemTime,
    ) -> Self {
        Self {
            reason: Some(shortened(reason)),
            camera_lost,
            ..Self::nothing(terms, drift, time)
        }
    }

    fn nothing(terms: &'a Terms, drift: Option<DriftState>, time: SystemTime) -> Self {
        Self {
            state: Cow::Borrowed(UNKNOWN),
            unknown: true,
            camera_lost: false,
            reason: None,
            verdict: "unknown",
            class: None,
            nearest: None,
            score: None,
            p_value: None,
            score_name: terms.gate.map(|gate| gate.score),
            threshold: terms.gate.map(|gate| gate.threshold),
            confidence: None,
            drift: drift.and_then(|drift| drift.alarm).map(Drift::name),
            drift_evidence: drift.map(|drift| drift.evidence),
            frame: None,
            time: rfc3339(time),
            fps: None,
            latency_ms: None,
            model: &terms.model,
        }
    }

    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The name of `class`; a class that has none is unknown.
pub(crate) fn named(terms: &Terms, class: u16) -> Option<&str> {
    terms.labels.get(usize::from(class)).map(String::as_str)
}

fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(REASON_MOST) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// Empty for a time that no calendar has, as a clock may give.
fn rfc3339(time: SystemTime) -> String {
    let since = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i128::try_from(after.as_nanos()),
        Err(e) => i128::try_from(e.duration().as_nanos()).map(|before| -before),
    };
    let Ok(ns) = since else { return String::new() };
    // Milliseconds are enough.
    let date = OffsetDateTime::from_unix_timestamp_nanos(ns.div_euclid(1_000_000) * 1_000_000);
    date.ok()
        .and_then(|date| date.format(&Rfc3339).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn record(labels: Vec<String>, committed: Committed) -> Record {
        Record {
            committed,
            time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123),
            ..Record::empty(Arc::new(Terms {
                model: "m".to_owned(),
                graph_sha256: String::new(),
                labels,
                gate: None,
            }))
        }
    }

    #[test]
    fn times_are_rfc3339_and_never_panic() {
        assert_eq!(rfc3339(SystemTime::UNIX_EPOCH), "1970-01-01T00:00:00Z");
        let time = SystemTime::UNIX_EPOCH + Duration::from_micros(1_700_000_000_123_456);
        assert_eq!(rfc3339(time), "2023-11-14T22:13:20.123Z");
        assert_eq!(
            rfc3339(SystemTime::UNIX_EPOCH - Duration::from_millis(1)),
            "1969-12-31T23:59:59.999Z"
        );
        let far = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(1 << 62));
        assert_eq!(far.map_or(String::new(), rfc3339), "");
    }

    proptest! {
        #[test]
        fn a_label_survives_json_and_fits_home_assistant(label in any::<String>(), class in 0_u16..3) {
            let mut record = record(vec![label.clone()], Committed::Class(class));
            record.verdict = Verdict::Known { class, score: 1.5, confidence: 0.25, p_value: 0.5 };
            let state: Value = serde_json::from_str(&State::of_record(&record, None).json()).unwrap();
            if class > 0 {
                // A class without a label is no class.
                prop_assert_eq!(&state["state"], UNKNOWN);
                prop_assert_eq!(&state["unknown"], true);
                prop_assert_eq!(&state["class"], &Value::Null);
                return Ok(());
            }
            prop_assert_eq!(&state["class"], label.as_str());
            prop_assert_eq!(&state["unknown"], false);
            let told = state["state"].as_str().unwrap();
            prop_assert_eq!(told, &*shown(&label));
            prop_assert!(!told.is_empty() && told.trim() == told && told.chars().count() <= SHOWN_MOST);
            prop_assert!(!told.contains(char::is_control));
            prop_assert_eq!(&*shown(told), told, "made to fit once is made to fit");
        }

        #[test]
        fn any_score_gives_json(bits in any::<u32>(), reason in ".{0,600}") {
            let mut record = record(vec![], Committed::Unknown);
            let score = f32::from_bits(bits);
            record.verdict = Verdict::Unknown { score: Some(score), nearest: None, p_value: Some(score) };
            record.fault = Some(reason);
            let state: Value = serde_json::from_str(&State::of_record(&record, Some(score)).json()).unwrap();
            prop_assert_eq!(state["score"].as_f64().map(|s| s as f32), score.is_finite().then_some(score));
            prop_assert!(state["reason"].as_str().unwrap().chars().count() <= REASON_MOST + 1);
        }
    }
}
