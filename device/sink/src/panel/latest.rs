use std::time::{Duration, Instant};

use normgate_core::{Committed, Drift, Verdict};
use normgate_frame::{OwnedPicture, Picture};
use normgate_panel::State;

use super::rate::Rate;
use crate::Record;

/// A verdict that is older is not shown any more.
const STALE: Duration = Duration::from_secs(10);

/// What is to be seen, kept until it is drawn.
#[derive(Debug)]
pub(super) struct Latest {
    link: Link,
    record: Option<Box<Record>>,
    fps: Option<f32>,
    rate: Rate,
    picture: Option<OwnedPicture>,
    shown: Shown,
}

/// Which picture belongs to what is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// None.
    Nothing,
    /// The one that was drawn last.
    Same,
    /// Another one.
    New,
}

#[derive(Debug, Clone, Copy)]
enum Link {
    /// No verdict yet.
    Waiting(Instant),
    /// The last record came then.
    Live(Instant),
    Lost(Instant),
}

impl Latest {
    pub(super) fn new() -> Self {
        Self {
            link: Link::Waiting(Instant::now()),
            record: None,
            fps: None,
            rate: Rate::default(),
            picture: None,
            shown: Shown::Nothing,
        }
    }

    pub(super) fn record(&mut self, record: &Record, picture: Option<Picture<'_>>, now: Instant) {
        self.link = Link::Live(now);
        self.fps = self.rate.push(record.time, record.frame);
        match &mut self.record {
            Some(own) => own.copy_from(record),
            own => *own = Some(Box::new(record.clone())),
        }
        if let Some(picture) = picture {
            match &mut self.picture {
                Some(own) => own.copy_from(&picture),
                own => *own = Some(OwnedPicture::from(&picture)),
            }
            self.shown = Shown::New;
        } else if record.fault.is_some() {
            // The picture before it is not what the verdict is about.
            self.shown = Shown::Nothing;
        }
    }

    pub(super) fn lose(&mut self, now: Instant) {
        if !matches!(self.link, Link::Lost(_)) {
            self.link = Link::Lost(now);
        }
        self.clear();
    }

    pub(super) fn hold(&mut self, now: Instant) {
        self.link = Link::Waiting(now);
        self.clear();
    }

    fn clear(&mut self) {
        self.rate.clear();
        self.fps = None;
        self.shown = Shown::Nothing;
    }

    /// The state at `now`.
    pub(super) fn state(&self, now: Instant) -> State<'_> {
        let silent = |since: Instant| {
            let time = now.saturating_duration_since(since);
            // In whole seconds, so that it is not drawn more often.
            let ms = time.as_secs().saturating_mul(1000);
            State::LinkLost {
                silent_ms: u32::try_from(ms).unwrap_or(u32::MAX),
            }
        };
        match (self.link, &self.record) {
            (Link::Lost(since), _) => silent(since),
            (Link::Live(at) | Link::Waiting(at), _)
                if now.saturating_duration_since(at) >= STALE =>
            {
                silent(at)
            }
            (Link::Live(_), Some(record)) => of_record(record),
            _ => State::Hold,
        }
    }

    /// The frame's number and the rate, where there is a frame.
    pub(super) fn numbers(&self, state: &State<'_>) -> (Option<u64>, Option<f32>) {
        match (state, self.link, &self.record) {
            (State::LinkLost { .. }, _, _) => (None, None),
            (_, Link::Live(_), Some(record)) => (Some(record.frame), self.fps),
            _ => (None, None),
        }
    }

    /// The drift alarm that stands, where there is a frame.
    pub(super) fn drift(&self, state: &State<'_>) -> Option<Drift> {
        match (state, self.link, &self.record) {
            (State::LinkLost { .. }, _, _) => None,
            (_, Link::Live(_), Some(record)) => record.drift?.alarm,
            _ => None,
        }
    }

    /// The picture that belongs to `state`, given once as a new one.
    pub(super) fn picture(&mut self, lost: bool) -> (Shown, Option<Picture<'_>>) {
        if lost {
            self.shown = Shown::Nothing;
        }
        let shown = self.shown;
        if shown == Shown::New {
            self.shown = Shown::Same;
        }
        (shown, self.picture.as_ref().map(OwnedPicture::view))
    }
}

fn of_record(record: &Record) -> State<'_> {
    let terms = &record.terms;
    let threshold = terms.gate.map(|gate| gate.threshold);
    match record.verdict {
        Verdict::Known { class, score, .. } => match threshold {
            Some(_) if record.committed != Committed::Class(class) => State::Hold,
            Some(threshold) => State::Known {
                label: terms.label(class),
                score,
                threshold,
            },
            None => State::Unknown {
                nearest: Some(terms.label(class)),
                score: Some(score),
                threshold,
            },
        },
        Verdict::Unknown { score, nearest, .. } => State::Unknown {
            nearest: nearest.map(|class| terms.label(class)),
            score,
            threshold,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use normgate_panel::State;

    use super::*;
    use crate::Terms;

    fn record() -> Record {
        let terms = Terms {
            model: String::new(),
            graph_sha256: String::new(),
            labels: vec!["cat".to_owned()],
            gate: Some(crate::GateTerms {
                score: "max_logit",
                threshold: 0.5,
            }),
        };
        Record {
            verdict: Verdict::Known {
                class: 0,
                score: 0.75,
                confidence: 0.5,
                p_value: 0.5,
            },
            committed: Committed::Class(0),
            ..Record::empty(Arc::new(terms))
        }
    }

    #[test]
    fn a_verdict_that_is_too_old_is_not_shown() {
        let now = Instant::now();
        let mut latest = Latest::new();
        latest.record(&record(), None, now);
        let soon = now + STALE - Duration::from_millis(1);
        assert!(matches!(
            latest.state(soon),
            State::Known { label: "cat", .. }
        ));
        let later = now + STALE + Duration::from_millis(900);
        assert_eq!(latest.state(later), State::LinkLost { silent_ms: 10_000 });
        latest.record(&record(), None, later);
        assert!(matches!(latest.state(later), State::Known { .. }));
    }

    #[test]
    fn a_loss_counts_its_seconds_from_the_first_word_of_it() {
        let now = Instant::now();
        let mut latest = Latest::new();
        latest.lose(now);
        latest.lose(now + Duration::from_secs(5));
        let later = now + Duration::from_millis(7999);
        assert_eq!(latest.state(later), State::LinkLost { silent_ms: 7000 });
        latest.hold(later);
        assert_eq!(latest.state(later), State::Hold);
    }
}
