use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::demand::SharedDemand;
use super::health::Health;
use super::queue::{Item, Next, Queue};
use crate::meters::SinkMeter;
use crate::{Event, Sink, SinkError, TICK};

/// Says one line to the operator.
pub(super) type Voice = Arc<dyn Fn(&str) + Send + Sync>;

/// The first sink whose reader left.
#[derive(Debug, Default)]
pub(super) struct Closed {
    any: AtomicBool,
    why: Mutex<Option<String>>,
}

impl Closed {
    pub(super) fn get(&self) -> Option<String> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let why = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        why.clone()
    }

    fn set(&self, reason: String) {
        let mut why = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        why.get_or_insert(reason);
        self.any.store(true, Ordering::Release);
    }
}

/// What a sink's thread shares with the loop.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) queue: Queue,
    pub(super) demand: SharedDemand,
    pub(super) meter: Arc<SinkMeter>,
}

/// A sink on its own thread.
pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    pub(super) closed: Arc<Closed>,
    pub(super) say: Voice,
}

impl Worker {
    /// Feeds the sink until the loop ends, its reader leaves or it panics.
    pub(super) fn run(self, sink: Box<dyn Sink>) {
        // A sink that panicked is not called again; what it shared with others is behind locks that none of it poisons.
        let ended = catch_unwind(AssertUnwindSafe(|| self.feed(sink)));
        let name = self.shared.meter.name;
        match ended {
            Ok(None) => {}
            Ok(Some(reason)) => {
                self.mark_dead();
                self.closed.set(reason);
            }
            Err(panic) => {
                self.mark_dead();
                (self.say)(&format!(
                    "{name}: died and gets nothing more ({})",
                    message(&*panic)
                ));
            }
        }
        self.shared.queue.end();
    }

    /// Gives the reason if its reader left.
    fn feed(&self, mut sink: Box<dyn Sink>) -> Option<String> {
        let Shared { queue, demand, .. } = &*self.shared;
        let (mut taking, mut ticking) = (Health::default(), Health::default());
        loop {
            let (health, events, done) = match queue.next(TICK) {
                Next::End => return None,
                Next::Idle => (&mut ticking, 0, sink.tick()),
                Next::Item(item) => {
                    let done = sink.take(match &item {
                        Item::Record(record, picture) => {
                            Event::Record(record, picture.as_ref().map(|p| p.view()))
                        }
                        Item::Status(status) => Event::Status(status),
                    });
                    if let Err(SinkError::Closed(why)) = done {
                        // The event stays with the sink, so that it counts as failed.
                        return Some(why);
                    }
                    queue.done(item, done.is_ok());
                    (&mut taking, 1, done)
                }
            };
            demand.set(sink.demand());
            match done {
                Ok(()) => self.say(health.worked(self.name(), self.lost())),
                Err(SinkError::Missed(why)) => {
                    // What failed is counted by now.
                    let before = self.lost().saturating_sub(events);
                    self.say(health.failed(self.name(), &why, before, Instant::now()));
                }
                Err(SinkError::Closed(why)) => return Some(why),
            }
        }
    }

    fn name(&self) -> &'static str {
        self.shared.meter.name
    }

    fn lost(&self) -> u64 {
        let SinkMeter { missed, failed, .. } = &*self.shared.meter;
        missed.load(Ordering::Relaxed) + failed.load(Ordering::Relaxed)
    }

    fn mark_dead(&self) {
        self.shared.meter.dead.store(true, Ordering::Relaxed);
    }

    fn say(&self, line: Option<String>) {
        if let Some(line) = line {
            (self.say)(&line);
        }
    }
}

/// What a panic said, on one line.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let words = text.unwrap_or("a panic").split_whitespace();
    words.collect::<Vec<_>>().join(" ")
}
