//! The sizes and readings that stand for all.

use normgate_panel::{Reading, State};

/// Readings by name.
pub(crate) const READINGS: [(&str, Reading<'static>); 8] = [
    ("known", reading(KNOWN, 30.0)),
    ("known-long", reading(LONG, 12.5)),
    ("known-barely", reading(BARELY, 12.5)),
    ("unknown", reading(UNKNOWN, 30.0)),
    ("unknown-unscored", reading(UNSCORED, 30.0)),
    ("hold", reading(State::Hold, 30.0)),
    ("lost", State::LinkLost { silent_ms: 2_300 }.reading()),
    (
        "lost-long",
        State::LinkLost { silent_ms: 754_000 }.reading(),
    ),
];

const KNOWN: State<'static> = State::Known {
    label: "airplane",
    score: 0.912,
    threshold: 0.7,
};
const LONG: State<'static> = State::Known {
    label: "grüner Straßenbahnführerstand, links",
    score: 14.82,
    threshold: 9.1,
};
const BARELY: State<'static> = State::Known {
    label: "cat",
    score: 0.4304,
    threshold: 0.4301,
};
const UNKNOWN: State<'static> = State::Unknown {
    nearest: Some("ship"),
    score: Some(0.415),
    threshold: Some(0.7),
};
const UNSCORED: State<'static> = State::Unknown {
    nearest: None,
    score: None,
    threshold: None,
};

const fn reading(state: State<'static>, fps: f32) -> Reading<'static> {
    Reading {
        state,
        frame: Some(1234),
        fps: Some(fps),
    }
}
