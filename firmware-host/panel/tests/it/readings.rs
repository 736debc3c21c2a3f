//! Any reading, for properties.

use normgate_panel::{BarRange, Reading, State};
use proptest::prelude::*;

/// A reading that owns its text.
#[derive(Debug, Clone)]
pub(crate) struct Owned {
    kind: u8,
    label: Option<String>,
    score: Option<f32>,
    threshold: Option<f32>,
    silent_ms: u32,
    frame: Option<u64>,
    fps: Option<f32>,
}

impl Owned {
    pub(crate) fn reading(&self) -> Reading<'_> {
        let label = self.label.as_deref();
        let state = match self.kind {
            0 => self.known(),
            1 => State::Unknown {
                nearest: label,
                score: self.score,
                threshold: self.threshold,
            },
            2 => State::Hold,
            _ => State::LinkLost {
                silent_ms: self.silent_ms,
            },
        };
        Reading {
            state,
            frame: self.frame,
            fps: self.fps,
        }
    }

    /// The parts as a class.
    pub(crate) fn known(&self) -> State<'_> {
        State::Known {
            label: self.label.as_deref().unwrap_or(""),
            score: self.score.unwrap_or(0.0),
            threshold: self.threshold.unwrap_or(0.5),
        }
    }

    /// The parts as an unknown frame.
    pub(crate) fn unknown(&self) -> State<'_> {
        State::Unknown {
            nearest: self.label.as_deref(),
            score: self.score,
            threshold: self.threshold,
        }
    }
}

/// Any number; usual ones more often.
pub(crate) fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        3 => 0.0_f32..2.0,
        1 => -50.0_f32..50.0,
        1 => prop::num::f32::ANY,
        1 => prop::sample::select(vec![
            0.0,
            -0.0,
            1.0,
            f32::NAN,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::MAX,
            f32::MIN,
            f32::MIN_POSITIVE,
        ]),
    ]
}

/// Any label; words more often.
pub(crate) fn label() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => "[a-z]{1,12}",
        2 => "[A-Za-zäöüß,_-]{1,9}( [a-z]{1,14}){0,4}",
        1 => "[M@W#%]{1,90}",
        1 => ".{0,120}",
    ]
}

pub(crate) fn any_reading() -> impl Strategy<Value = Owned> {
    let numbers = (
        prop::option::weighted(0.8, number()),
        prop::option::weighted(0.8, number()),
    );
    let meta = (prop::option::of(any::<u64>()), prop::option::of(number()));
    (
        0_u8..4,
        prop::option::weighted(0.8, label()),
        numbers,
        any::<u32>(),
        meta,
    )
        .prop_map(
            |(kind, label, (score, threshold), silent_ms, (frame, fps))| Owned {
                kind,
                label,
                score,
                threshold,
                silent_ms,
                frame,
                fps,
            },
        )
}

/// Readings that follow one another: most change a little.
pub(crate) fn sequence() -> impl Strategy<Value = Vec<Owned>> {
    let step = (any_reading(), 0_u8..8, 0.0_f32..1.0);
    (any_reading(), prop::collection::vec(step, 1..6)).prop_map(|(first, steps)| {
        let mut all = vec![first];
        for (fresh, what, share) in steps {
            let mut next = all.last().expect("the first").clone();
            match what {
                0 | 1 => next = fresh,
                2 => next.label = fresh.label,
                3 => next.kind = fresh.kind,
                4 => next.silent_ms = next.silent_ms.wrapping_add(300),
                _ => next.score = Some(share),
            }
            next.frame = next.frame.map(|frame| frame.wrapping_add(1));
            all.push(next);
        }
        all
    })
}

/// A range of the bar.
pub(crate) fn range() -> impl Strategy<Value = Option<BarRange>> {
    (number(), number()).prop_map(|(low, high)| BarRange::new(low, high))
}
