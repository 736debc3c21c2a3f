use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::{Source, SourceError};
use crate::frame::Frame;

/// Errors that may wait for the consumer before the reading thread does.
const MAX_PENDING_ERRORS: usize = 16;

/// Reads a source on a thread of its own and keeps only the newest frame: a consumer that is
/// slower than the source skips frames and never falls behind.
///
/// Errors are never dropped and keep their order; a newer frame takes an older one's place behind
/// them. Dropping it lets the thread end at its next frame, without waiting for it.
#[derive(Debug)]
pub struct NewestFrame {
    mailbox: Arc<Mailbox>,
    live: bool,
    description: String,
}

#[derive(Debug, Default)]
struct Mailbox {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Errors, and at most one frame.
    pending: VecDeque<Result<Frame, SourceError>>,
    dropped: u64,
    /// The source has ended, or its thread has died.
    ended: bool,
    died: bool,
    /// Nobody will take a frame any more.
    abandoned: bool,
}

impl NewestFrame {
    /// Starts to read `source`.
    ///
    /// # Errors
    /// [`SourceError::Io`] if no thread can be started.
    pub fn spawn(source: Box<dyn Source>) -> Result<Self, SourceError> {
        let mailbox = Arc::new(Mailbox::default());
        let newest = Self {
            mailbox: Arc::clone(&mailbox),
            live: source.is_live(),
            description: source.describe(),
        };
        thread::Builder::new()
            .name("normgate-source".into())
            .spawn(move || read_all(source, &mailbox))
            .map_err(|source| SourceError::Io {
                name: newest.description.clone(),
                source,
            })?;
        Ok(newest)
    }
}

impl Source for NewestFrame {
    fn next_frame(&mut self) -> Result<Option<Frame>, SourceError> {
        let mut state = self.mailbox.lock();
        loop {
            if let Some(item) = state.pending.pop_front() {
                self.mailbox.changed.notify_all();
                return item.map(Some);
            }
            if std::mem::take(&mut state.died) {
                return Err(SourceError::ReaderDied {
                    name: self.description.clone(),
                });
            }
            if state.ended {
                return Ok(None);
            }
            state = self.mailbox.wait(state);
        }
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn describe(&self) -> String {
        self.description.clone()
    }

    fn dropped_frames(&self) -> u64 {
        self.mailbox.lock().dropped
    }
}

impl Drop for NewestFrame {
    fn drop(&mut self) {
        self.mailbox.lock().abandoned = true;
        self.mailbox.changed.notify_all();
    }
}

impl Mailbox {
    // Nothing panics while it holds the lock, so a poisoned state is a whole one.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an item; false if nobody will take it.
    fn put(&self, item: Result<Frame, SourceError>) -> bool {
        let mut state = self.lock();
        if item.is_ok() {
            let before = state.pending.len();
            state.pending.retain(Result::is_err);
            state.dropped += (before - state.pending.len()) as u64;
        } else {
            while state.pending.iter().filter(|item| item.is_err()).count() >= MAX_PENDING_ERRORS
                && !state.abandoned
            {
                state = self.wait(state);
            }
        }
        state.pending.push_back(item);
        self.changed.notify_all();
        !state.abandoned
    }
}

/// Marks the end even if the source panics.
struct EndOnDrop<'a>(&'a Mailbox);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.ended = true;
        state.died = thread::panicking();
        self.0.changed.notify_all();
    }
}

fn read_all(mut source: Box<dyn Source>, mailbox: &Mailbox) {
    let _end = EndOnDrop(mailbox);
    loop {
        let item = match source.next_frame() {
            Ok(Some(frame)) => Ok(frame),
            Ok(None) => return,
            Err(error) => Err(error),
        };
        let last = item.as_ref().is_err_and(SourceError::is_fatal);
        if !mailbox.put(item) || last {
            return;
        }
    }
}
