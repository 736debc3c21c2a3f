use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use normgate_frame::OwnedPicture;

use crate::meters::SinkMeter;
use crate::{Record, Status};

/// Pictures that one sink may hold, waiting or at work: more would let a stuck sink keep them from the others.
pub(super) const PICTURES: usize = 2;

/// An event on its way to a sink.
#[derive(Debug)]
pub(super) enum Item {
    Record(Box<Record>, Option<Arc<OwnedPicture>>),
    Status(Arc<Status>),
}

/// What a sink's thread gets next.
#[derive(Debug)]
pub(super) enum Next {
    Item(Item),
    /// Nothing came in time.
    Idle,
    /// Nothing will come.
    End,
}

/// One sink's events, between the loop and the sink's thread. Its records are made once and go round.
#[derive(Debug)]
pub(super) struct Queue {
    capacity: usize,
    inner: Mutex<Inner>,
    /// An item came, or the end.
    filled: Condvar,
    /// An item went, or the sink ended.
    emptied: Condvar,
    meter: Arc<SinkMeter>,
    /// Pictures that the sink holds; read without the lock.
    pictures: AtomicUsize,
    /// Items that wait; read without the lock. Only the loop makes it grow.
    waiting: AtomicUsize,
}

#[derive(Debug)]
struct Inner {
    items: VecDeque<Item>,
    spare: Vec<Box<Record>>,
    /// The sink is at work on an event.
    busy: bool,
    /// The loop sends nothing more.
    closed: bool,
    /// The sink takes nothing more: its thread ended, or is not waited for.
    over: bool,
}

impl Queue {
    pub(super) fn new(capacity: usize, empty: &Record, meter: Arc<SinkMeter>) -> Self {
        let capacity = capacity.max(1);
        let inner = Inner {
            items: VecDeque::with_capacity(capacity),
            // One more than fit, for the one that the sink is at work on.
            spare: (0..=capacity).map(|_| Box::new(empty.clone())).collect(),
            busy: false,
            closed: false,
            over: false,
        };
        Self {
            capacity,
            inner: Mutex::new(inner),
            filled: Condvar::new(),
            emptied: Condvar::new(),
            meter,
            pictures: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Whether a record would find room, and a picture as well if it has one.
    pub(super) fn has_room(&self, with_picture: bool) -> bool {
        self.waiting.load(Relaxed) < self.capacity
            && (!with_picture || self.pictures.load(Relaxed) < PICTURES)
    }

    /// Waits until there is room, the sink is over or the time has passed.
    pub(super) fn wait_for_room(&self, with_picture: bool, time: Duration) {
        let full = |inner: &mut Inner| !inner.over && !self.has_room(with_picture);
        let guard = self.lock();
        drop(self.emptied.wait_timeout_while(guard, time, full));
    }

    /// Puts a record in, or counts it as missed.
    pub(super) fn offer(&self, record: &Record, picture: Option<&Arc<OwnedPicture>>) {
        let mut inner = self.lock();
        if inner.over || inner.items.len() >= self.capacity {
            self.meter.missed.fetch_add(1, Relaxed);
            return;
        }
        let mut own = inner
            .spare
            .pop()
            .unwrap_or_else(|| Box::new(record.clone()));
        own.copy_from(record);
        if picture.is_some() {
            self.pictures.fetch_add(1, Relaxed);
        }
        inner.items.push_back(Item::Record(own, picture.cloned()));
        self.note_waiting(&inner);
        drop(inner);
        self.filled.notify_one();
    }

    /// Puts a status in. The oldest record makes room for it and is missed, else the oldest status is.
    pub(super) fn tell(&self, status: Arc<Status>) {
        let mut inner = self.lock();
        if inner.over {
            self.meter.missed.fetch_add(1, Relaxed);
            return;
        }
        if inner.items.len() >= self.capacity {
            let mut records = inner.items.iter();
            let oldest = records.position(|item| matches!(item, Item::Record(..)));
            if let Some(item) = inner.items.remove(oldest.unwrap_or(0)) {
                self.give_back(&mut inner, item);
                self.meter.missed.fetch_add(1, Relaxed);
            }
        }
        inner.items.push_back(Item::Status(status));
        self.note_waiting(&inner);
        drop(inner);
        self.filled.notify_one();
    }

    /// Nothing more comes.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_one();
    }

    /// The next event for the sink, which is then at work until [`done`](Self::done).
    pub(super) fn next(&self, time: Duration) -> Next {
        let nothing = |inner: &mut Inner| inner.items.is_empty() && !inner.closed && !inner.over;
        let guard = self.lock();
        let waited = self.filled.wait_timeout_while(guard, time, nothing);
        let (mut inner, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if inner.over {
            return Next::End;
        }
        match inner.items.pop_front() {
            Some(item) => {
                inner.busy = true;
                self.note_waiting(&inner);
                drop(inner);
                self.emptied.notify_one();
                Next::Item(item)
            }
            None if inner.closed => Next::End,
            None => Next::Idle,
        }
    }

    /// The sink has dealt with an event, and `taken` says how. Not counted if the sink was given up meanwhile, since
    /// the event was counted then.
    pub(super) fn done(&self, item: Item, taken: bool) {
        let mut inner = self.lock();
        self.give_back(&mut inner, item);
        if inner.busy && !inner.over {
            let meter = &self.meter;
            let count = if taken { &meter.taken } else { &meter.failed };
            count.fetch_add(1, Relaxed);
        }
        inner.busy = false;
        drop(inner);
        self.emptied.notify_one();
    }

    /// The sink's thread ends: what it was at work on has failed, what waits is missed, as is all that comes.
    pub(super) fn end(&self) {
        let mut inner = self.lock();
        if !inner.over && inner.busy {
            self.meter.failed.fetch_add(1, Relaxed);
        }
        self.miss_all(&mut inner);
        inner.busy = false;
        drop(inner);
        self.emptied.notify_one();
    }

    /// The loop gives the sink up: what waits and what it is at work on is missed. False if it had ended by itself.
    pub(super) fn give_up(&self) -> bool {
        let mut inner = self.lock();
        if inner.over {
            return false;
        }
        self.meter.missed.fetch_add(u64::from(inner.busy), Relaxed);
        self.miss_all(&mut inner);
        drop(inner);
        self.filled.notify_one();
        true
    }

    /// Whether the sink takes nothing more.
    pub(super) fn is_over(&self) -> bool {
        self.lock().over
    }

    /// Waits for the sink's thread to end, and tells whether it did.
    pub(super) fn wait_for_end(&self, until: Instant) -> bool {
        let time = until.saturating_duration_since(Instant::now());
        let guard = self.lock();
        let waited = self.emptied.wait_timeout_while(guard, time, |i| !i.over);
        waited.unwrap_or_else(PoisonError::into_inner).0.over
    }

    fn miss_all(&self, inner: &mut Inner) {
        inner.over = true;
        while let Some(item) = inner.items.pop_front() {
            self.give_back(inner, item);
            self.meter.missed.fetch_add(1, Relaxed);
        }
        self.note_waiting(inner);
    }

    fn give_back(&self, inner: &mut Inner, item: Item) {
        if let Item::Record(record, picture) = item {
            if picture.is_some() {
                self.pictures.fetch_sub(1, Relaxed);
            }
            inner.spare.push(record);
        }
    }

    fn note_waiting(&self, inner: &Inner) {
        self.waiting.store(inner.items.len(), Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
