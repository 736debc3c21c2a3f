use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use normgate_frame::{Frame, OwnedFrame};

use super::{Next, PATIENCE, Source, SourceError};

/// Errors that may wait for the consumer before the reading thread does.
const MAX_PENDING_ERRORS: usize = 16;

/// Frames and errors that may wait where none is dropped.
const MAX_PENDING: usize = 4;

/// Reads a source on a thread of its own, so that a read that blocks never blocks the loop.
///
/// Frames are copied into memory that is used again. Errors are never dropped and keep their order. Dropping it lets
/// the thread end at its next frame, without waiting for it.
#[derive(Debug)]
pub struct Threaded {
    mailbox: Arc<Mailbox>,
    live: bool,
    description: String,
    /// The frame that was shown last.
    shown: Option<OwnedFrame>,
}

#[derive(Debug)]
struct Mailbox {
    keep: Keep,
    state: Mutex<State>,
    changed: Condvar,
}

/// What is kept for a consumer that is slower than the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// The newest frame; a newer one takes its place, behind all errors.
    Newest,
    /// All; the source waits.
    All,
}

#[derive(Debug, Default)]
struct State {
    pending: VecDeque<Item>,
    /// Frames that nobody looks at, to be filled again.
    spare: Vec<OwnedFrame>,
    dropped: u64,
    /// The source has ended, or its thread has died.
    ended: bool,
    died: bool,
    /// Nobody will take a frame any more.
    abandoned: bool,
}

#[derive(Debug)]
enum Item {
    Frame(OwnedFrame),
    Lost(String),
    Error(SourceError),
}

impl Threaded {
    /// Starts to read `source` and keeps only the newest frame: a consumer that is slower than the source skips
    /// frames and never falls behind.
    ///
    /// # Errors
    /// [`SourceError::Io`] if no thread can be started.
    pub fn newest(source: Box<dyn Source>) -> Result<Self, SourceError> {
        Self::spawn(source, Keep::Newest)
    }

    /// Starts to read `source` and keeps every frame: a source that is faster than its consumer waits.
    ///
    /// # Errors
    /// As [`newest`](Self::newest).
    pub fn lossless(source: Box<dyn Source>) -> Result<Self, SourceError> {
        Self::spawn(source, Keep::All)
    }

    fn spawn(source: Box<dyn Source>, keep: Keep) -> Result<Self, SourceError> {
        let mailbox = Arc::new(Mailbox {
            keep,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let threaded = Self {
            mailbox: Arc::clone(&mailbox),
            live: source.is_live(),
            description: source.describe(),
            shown: None,
        };
        thread::Builder::new()
            .name("normgate-source".into())
            .spawn(move || read_all(source, &mailbox))
            .map_err(|source| SourceError::Io {
                name: threaded.description.clone(),
                source,
            })?;
        Ok(threaded)
    }

    /// The next item, none if the source has ended or gives nothing in time.
    fn take(&mut self) -> Result<Result<Item, Next>, SourceError> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.mailbox.lock();
        state.spare.extend(self.shown.take());
        loop {
            if let Some(item) = state.pending.pop_front() {
                self.mailbox.changed.notify_all();
                return Ok(Ok(item));
            }
            if std::mem::take(&mut state.died) {
                return Err(SourceError::ReaderDied {
                    name: self.description.clone(),
                });
            }
            if state.ended {
                return Ok(Err(Next::End));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Err(Next::Waiting));
            }
            state = self.mailbox.wait(state, left);
        }
    }
}

impl Source for Threaded {
    fn next(&mut self, visit: &mut dyn FnMut(&Frame<'_>)) -> Result<Next, SourceError> {
        match self.take()? {
            Ok(Item::Frame(frame)) => {
                let frame = self.shown.insert(frame);
                visit(&frame.view());
                Ok(Next::Frame)
            }
            Ok(Item::Lost(why)) => Ok(Next::Lost { why }),
            Ok(Item::Error(error)) => Err(error),
            Err(next) => Ok(next),
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

impl Drop for Threaded {
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

    fn wait<'a>(&self, state: MutexGuard<'a, State>, time: Duration) -> MutexGuard<'a, State> {
        self.changed
            .wait_timeout(state, time)
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }

    /// Adds an item; false if nobody will take it.
    fn put(&self, item: Item) -> bool {
        let mut state = self.lock();
        while !state.abandoned && state.is_full(self.keep, &item) {
            state = self.wait(state, PATIENCE);
        }
        if self.keep == Keep::Newest && !matches!(item, Item::Error(_)) {
            state.give_up_older();
        }
        state.pending.push_back(item);
        self.changed.notify_all();
        !state.abandoned
    }
}

impl State {
    fn is_full(&self, keep: Keep, item: &Item) -> bool {
        let errors = |item: &&Item| matches!(item, Item::Error(_));
        match (keep, item) {
            (Keep::All, _) => self.pending.len() >= MAX_PENDING,
            (Keep::Newest, Item::Error(_)) => {
                self.pending.iter().filter(errors).count() >= MAX_PENDING_ERRORS
            }
            (Keep::Newest, _) => false,
        }
    }

    /// Removes what a newer frame, or a loss, takes the place of.
    fn give_up_older(&mut self) {
        let older = |item: &Item| !matches!(item, Item::Error(_));
        while let Some(place) = self.pending.iter().position(older) {
            if let Some(Item::Frame(frame)) = self.pending.remove(place) {
                self.spare.push(frame);
                self.dropped += 1;
            }
        }
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
        let mut filled = None;
        let next = source.next(&mut |frame| {
            let spare = mailbox.lock().spare.pop();
            filled = Some(match spare {
                Some(mut spare) => {
                    spare.copy_from(frame);
                    spare
                }
                None => OwnedFrame::from(frame),
            });
        });
        let item = match (next, filled) {
            (Ok(Next::Frame), Some(frame)) => Item::Frame(frame),
            (Ok(Next::Lost { why }), _) => Item::Lost(why),
            (Ok(Next::End), _) => return,
            (Ok(_), _) if mailbox.lock().abandoned => return,
            (Ok(_), _) => continue,
            (Err(error), _) => Item::Error(error),
        };
        let last = matches!(&item, Item::Error(error) if error.is_fatal());
        if !mailbox.put(item) || last {
            return;
        }
    }
}
