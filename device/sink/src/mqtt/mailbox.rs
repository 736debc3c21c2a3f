//! What the sink's thread leaves for the thread that talks to the broker: the newest state, never a queue of them.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::Terms;

#[derive(Debug)]
pub(crate) struct Mailbox {
    inner: Mutex<Inner>,
    /// Wakes the thread that sends.
    pub(crate) wake: Notify,
    done: Condvar,
}

#[derive(Debug)]
struct Inner {
    terms: Arc<Terms>,
    newest: Arc<str>,
    /// Whether `newest` has yet to be sent.
    due: Due,
    /// What is on its way, without an acknowledgement so far.
    sending: Due,
    /// States that newer ones took the place of before they were delivered, and that nobody was told of.
    lost: u64,
    trouble: Option<String>,
    ended: bool,
    done: bool,
}

/// What waits to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    /// The same as before, of a later time: no loss if it is never sent.
    Repeat,
    /// An event's state.
    Event,
    /// That of the last event.
    End,
}

/// What is to be sent.
pub(crate) struct Letter {
    pub(crate) terms: Arc<Terms>,
    pub(crate) state: Arc<str>,
    /// Whether it has yet to be sent; otherwise the broker has had it before.
    pub(crate) is_due: bool,
    /// Whether nothing will follow it.
    pub(crate) is_last: bool,
}

impl Mailbox {
    pub(crate) fn new(terms: Arc<Terms>, state: &str) -> Self {
        Self {
            inner: Mutex::new(Inner {
                terms,
                newest: state.into(),
                due: Due::Nothing,
                sending: Due::Nothing,
                lost: 0,
                trouble: None,
                ended: false,
                done: false,
            }),
            wake: Notify::new(),
            done: Condvar::new(),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts `state` in the place of one that was not sent.
    pub(crate) fn put(&self, terms: &Arc<Terms>, state: &str, kind: Due) {
        let mut inner = self.inner();
        inner.newest = state.into();
        inner.ended |= kind == Due::End;
        match (kind, inner.due) {
            // An event that is said again is not lost.
            (Due::Nothing, _) | (Due::Repeat, Due::Event | Due::End) => {}
            (_, before) => {
                inner.lost += u64::from(before == Due::Event);
                inner.due = kind;
            }
        }
        if !Arc::ptr_eq(&inner.terms, terms) {
            inner.terms = Arc::clone(terms);
        }
        drop(inner);
        self.wake.notify_one();
    }

    /// Whether an event was lost of which this has not told; counts it as told. With why.
    pub(crate) fn take_lost(&self) -> Option<String> {
        let mut inner = self.inner();
        inner.lost = inner.lost.checked_sub(1)?;
        let trouble = inner.trouble.as_deref();
        Some(
            trouble
                .unwrap_or("the broker is slower than the states")
                .to_owned(),
        )
    }

    /// Waits until the last letter is delivered or given up.
    ///
    /// # Errors
    /// Why it was not delivered.
    pub(crate) fn wait_done(&self, most: Duration) -> Result<(), String> {
        let inner = self.inner();
        let waited = self
            .done
            .wait_timeout_while(inner, most, |inner| !inner.done);
        let (inner, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match (&inner.trouble, inner.done) {
            (Some(trouble), _) => Err(trouble.clone()),
            (None, true) => Ok(()),
            (None, false) => Err("the broker does not answer".to_owned()),
        }
    }

    // What follows is for the thread that sends.

    /// The newest state, as something that is now on its way.
    pub(crate) fn open(&self) -> Letter {
        let mut inner = self.inner();
        let due = std::mem::replace(&mut inner.due, Due::Nothing);
        inner.sending = due;
        Letter {
            terms: Arc::clone(&inner.terms),
            state: Arc::clone(&inner.newest),
            is_due: due != Due::Nothing,
            is_last: inner.ended,
        }
    }

    /// What was opened is with the broker.
    pub(crate) fn delivered(&self) {
        self.inner().sending = Due::Nothing;
    }

    /// What was opened may not have arrived: it is due again, or lost if there is a newer one.
    pub(crate) fn put_back(&self) {
        let mut inner = self.inner();
        let back = std::mem::replace(&mut inner.sending, Due::Nothing);
        match (back, inner.due) {
            (Due::Nothing, _) => {}
            (_, Due::Nothing) | (Due::Event, Due::Repeat) => inner.due = back,
            (Due::Event, _) => inner.lost += 1,
            _ => {}
        }
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.inner().ended
    }

    pub(crate) fn set_trouble(&self, trouble: Option<String>) {
        self.inner().trouble = trouble;
    }

    pub(crate) fn set_done(&self) {
        self.inner().done = true;
        self.done.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn terms() -> Arc<Terms> {
        Arc::new(Terms {
            model: String::new(),
            graph_sha256: String::new(),
            labels: vec![],
            gate: None,
        })
    }

    proptest! {
        /// Whatever the order of puts, sends and failures: each event is delivered, lost, or still there; never two of
        /// these. What is delivered is never older than what was delivered before.
        #[test]
        fn no_event_is_lost_without_being_counted(steps in prop::collection::vec(0_usize..5, 0..60)) {
            let terms = terms();
            let mailbox = Mailbox::new(Arc::clone(&terms), "0");
            let (mut time, mut newest_delivered) = (0_u64, 0);
            let (mut events, mut delivered, mut lost) = (0_u64, 0, 0);
            let mut open: Option<(Letter, Due)> = None;
            let is_event = |due: Due| u64::from(due == Due::Event);
            for step in steps {
                match step {
                    0 | 1 => {
                        time += 1;
                        events += u64::from(step == 0);
                        mailbox.put(&terms, &time.to_string(), [Due::Event, Due::Repeat][step]);
                    }
                    2 if open.is_none() => {
                        let letter = mailbox.open();
                        prop_assert_eq!(letter.state.parse::<u64>().unwrap(), time, "it is the newest");
                        let sending = mailbox.inner().sending;
                        open = Some((letter, sending));
                    }
                    3 => if let Some((letter, sending)) = open.take() {
                        mailbox.delivered();
                        let of = letter.state.parse::<u64>().unwrap();
                        prop_assert!(of >= newest_delivered);
                        newest_delivered = of;
                        delivered += is_event(sending);
                    },
                    4 if open.take().is_some() => mailbox.put_back(),
                    _ => {}
                }
                while mailbox.take_lost().is_some() {
                    lost += 1;
                }
                let inner = mailbox.inner();
                prop_assert_eq!(delivered + lost + is_event(inner.due) + is_event(inner.sending), events);
            }
        }
    }
}
