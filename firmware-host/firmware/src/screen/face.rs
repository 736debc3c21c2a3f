use core::fmt::Write;

use heapless::{String, Vec};
use normgate_mcu::{Mcu, McuEvent, Output};
use normgate_panel::{Reading, State};
use normgate_protocol::labels::LabelText;
use normgate_protocol::{Judgement, Raw};

use crate::product::LABELS;

/// How long a verdict that opens nothing stays on the display, ms.
const SHOWN_MS: u64 = 1000;

/// What the display is to show: what the gate does, and why.
#[derive(Debug, Clone)]
pub struct Face {
    labels: Vec<LabelText, LABELS>,
    view: View,
    told: Option<View>,
}

/// What is shown, without the label.
#[derive(Debug, Clone, Copy, PartialEq)]
struct View {
    kind: Kind,
    /// The last verdict that was applied in this session: its frame, what it says, and when that was.
    verdict: Option<(u64, Judgement, u64)>,
    /// Since when there is no session, ms.
    lost_at: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Lost { seconds: u32 },
    Hold,
    Class(u16),
    Unknown,
}

impl Face {
    pub(crate) const fn new() -> Self {
        Self {
            labels: Vec::new(),
            view: View {
                kind: Kind::Lost { seconds: 0 },
                verdict: None,
                lost_at: 0,
            },
            told: None,
        }
    }

    pub(crate) fn note(&mut self, now: u64, event: McuEvent) {
        match event {
            McuEvent::Agreed(_) => {
                self.labels.clear();
                self.view.verdict = None;
            }
            McuEvent::Lost => {
                self.view.verdict = None;
                self.view.lost_at = now;
            }
            McuEvent::Applied {
                frame, judgement, ..
            } => {
                self.view.verdict = Some((frame, judgement, now));
            }
            McuEvent::Label { index, text } => {
                let index = usize::from(index);
                // They come in order; one that was given up leaves its place empty.
                while self.labels.len() <= index && self.labels.push(String::new()).is_ok() {}
                if let Some(label) = self.labels.get_mut(index) {
                    *label = text;
                }
            }
            _ => {}
        }
    }

    pub(crate) fn look(&mut self, now: u64, mcu: &Mcu, output: Output) {
        let view = &mut self.view;
        view.kind = match (mcu.session(), output, view.verdict) {
            (None, ..) => Kind::Lost {
                // In whole seconds, so that it is not drawn more often.
                seconds: u32::try_from(now.saturating_sub(view.lost_at) / 1000).unwrap_or(u32::MAX),
            },
            (Some(_), Output::Class(class), _) => Kind::Class(class),
            (Some(_), Output::Safe, Some((_, judgement, at)))
                if judgement.committed().is_none() && now.saturating_sub(at) < SHOWN_MS =>
            {
                Kind::Unknown
            }
            (Some(_), Output::Safe, _) => Kind::Hold,
        };
    }

    /// What is to be shown, if it is not what was given last.
    pub fn news(&mut self) -> Option<Picture> {
        if self.told == Some(self.view) {
            return None;
        }
        self.told = Some(self.view);
        Some(Picture {
            view: self.view,
            label: self.label(),
        })
    }

    fn label(&self) -> LabelText {
        let Kind::Class(class) = self.view.kind else {
            return LabelText::new();
        };
        let label = self.labels.get(usize::from(class));
        match label.filter(|label| !label.is_empty()) {
            Some(label) => label.clone(),
            None => {
                let mut text = LabelText::new();
                let _ = write!(text, "class {class}");
                text
            }
        }
    }
}

/// What the display is to show at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    view: View,
    label: LabelText,
}

impl Picture {
    /// For the panel.
    pub fn reading(&self) -> Reading<'_> {
        let label = self.label.as_str();
        let (frame, raw) = match &self.view.verdict {
            Some((frame, judgement, _)) => (Some(*frame), judgement.raw()),
            None => (None, Raw::Unscored),
        };
        let state = match (self.view.kind, raw) {
            (Kind::Lost { seconds }, _) => {
                return State::LinkLost {
                    silent_ms: seconds.saturating_mul(1000),
                }
                .reading();
            }
            (Kind::Hold, _) => return State::Hold.reading(),
            (
                Kind::Class(_),
                Raw::Known { score, threshold } | Raw::Unknown { score, threshold },
            ) => State::Known {
                label,
                score,
                threshold,
            },
            (
                Kind::Unknown,
                Raw::Known { score, threshold } | Raw::Unknown { score, threshold },
            ) => State::Unknown {
                nearest: None,
                score: Some(score),
                threshold: Some(threshold),
            },
            (_, Raw::Unscored) => State::Unknown {
                nearest: None,
                score: None,
                threshold: None,
            },
        };
        Reading {
            state,
            frame,
            fps: None,
        }
    }
}
