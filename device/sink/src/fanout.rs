//! From the loop to its sinks.

mod demand;
mod health;
mod pictures;
mod queue;
mod worker;

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use normgate_frame::Picture;

use self::demand::SharedDemand;
use self::pictures::Pictures;
use self::queue::{PICTURES, Queue};
use self::worker::{Closed, Shared, Voice, Worker};
use crate::{Demand, Meters, Record, Sink, Status, Summary};

/// How often a wait for a sink looks at its stop flag.
const GLANCE: Duration = Duration::from_millis(50);

/// Whether the loop waits for sinks that must miss nothing ([`Sink::is_lossless`]). It waits for no others, ever.
#[derive(Debug, Clone, Default)]
pub enum Wait {
    /// It does not: the source is a camera.
    #[default]
    Never,
    /// It does: the source can wait.
    Always,
    /// It does until the flag is set, as a signal sets it.
    Until(Arc<AtomicBool>),
}

impl Wait {
    fn is_on(&self) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::Until(stop) => !stop.load(Ordering::Relaxed),
        }
    }
}

/// The loop's side of all sinks: each has a thread and a bounded queue of its own.
///
/// For each sink, taken + missed + failed in its [`SinkMeter`](crate::SinkMeter) is what was offered to it, once
/// [`finish`](Self::finish) has returned. Offering allocates nothing once the queues' records have been filled, and
/// copies a picture at most once, only if a sink asked for it.
pub struct Fanout {
    meters: Arc<Meters>,
    lanes: Vec<Lane>,
    pictures: Pictures,
    wait: Wait,
    closed: Arc<Closed>,
    say: Voice,
}

/// What the loop knows of one sink.
struct Lane {
    shared: Arc<Shared>,
    lossless: bool,
    /// When it was given a picture last.
    pictured: Option<Instant>,
    /// It gets this record's picture.
    wants: bool,
}

impl std::fmt::Debug for Fanout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.lanes.iter().map(|lane| lane.shared.meter.name);
        f.debug_list().entries(names).finish()
    }
}

impl Fanout {
    /// No sinks yet. Warnings go to standard error.
    #[must_use]
    pub fn new(meters: Arc<Meters>) -> Self {
        Self {
            meters,
            lanes: Vec::new(),
            pictures: Pictures::default(),
            wait: Wait::Never,
            closed: Arc::default(),
            // A closed standard error is no reason to end.
            say: Arc::new(|line| drop(writeln!(io::stderr(), "normgate: warning: {line}"))),
        }
    }

    /// The same with warnings told to `say`, one line each, from the sinks' threads. Only for sinks added later.
    #[must_use]
    pub fn with_warnings(mut self, say: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.say = Arc::new(say);
        self
    }

    /// The same with lossless sinks waited for.
    #[must_use]
    pub fn with_wait(mut self, wait: Wait) -> Self {
        self.wait = wait;
        self
    }

    /// Adds a sink whose queue holds `capacity` events, at least one.
    ///
    /// # Errors
    /// The system's, if it gives no thread.
    pub fn add(&mut self, sink: Box<dyn Sink>, capacity: usize) -> io::Result<()> {
        let name = sink.name();
        let lossless = sink.is_lossless();
        let meter = self.meters.add_sink(name);
        let empty = Record::empty(self.meters.terms());
        let shared = Arc::new(Shared {
            queue: Queue::new(capacity, &empty, Arc::clone(&meter)),
            demand: SharedDemand::new(sink.demand()),
            meter,
        });
        let worker = Worker {
            shared: Arc::clone(&shared),
            closed: Arc::clone(&self.closed),
            say: Arc::clone(&self.say),
        };
        thread::Builder::new()
            .name(format!("sink {name}"))
            .spawn(move || worker.run(sink))?;
        self.lanes.push(Lane {
            shared,
            lossless,
            pictured: None,
            wants: false,
        });
        Ok(())
    }

    /// Offers a frame's record to every sink, and its picture to those that want it at this moment. A sink that holds
    /// two pictures already gets the record alone.
    pub fn offer(&mut self, record: &Record, picture: Option<Picture<'_>>) {
        let now = Instant::now();
        let waiting = self.wait.is_on();
        let mut any = false;
        for lane in &mut self.lanes {
            let due = picture.is_some() && lane.is_due(record, now);
            if waiting && lane.lossless {
                lane.wait_for_room(due, &self.wait);
            }
            lane.wants = due && lane.shared.queue.has_room(true);
            any |= lane.wants;
        }
        // As many as all sinks can hold, and one that is free.
        let most = self.lanes.len() * PICTURES + 1;
        let copy = match picture {
            Some(picture) if any => self.pictures.copy(&picture, most),
            _ => None,
        };
        for lane in &mut self.lanes {
            let copy = copy.filter(|_| lane.wants);
            if copy.is_some() {
                lane.pictured = Some(now);
            }
            lane.shared.queue.offer(record, copy);
        }
    }

    /// Tells every sink. Where a queue is full its oldest record makes room, and is missed.
    pub fn status(&mut self, status: Status) {
        let status = Arc::new(status);
        for lane in &self.lanes {
            if lane.lossless && self.wait.is_on() {
                lane.wait_for_room(false, &self.wait);
            }
            lane.shared.queue.tell(Arc::clone(&status));
        }
    }

    /// Why a sink was closed by its reader, as when `head` had enough of standard output. The first one only.
    #[must_use]
    pub fn closed(&self) -> Option<String> {
        self.closed.get()
    }

    /// Tells every sink that the loop ended, and waits for each to take what it still has, at most for `patience` in
    /// all. A lossless sink that is waited for ([`Wait`]) has all the time it needs. Gives the names of those that were
    /// left behind, their events counted as missed.
    pub fn finish(&mut self, summary: Summary, patience: Duration) -> Vec<&'static str> {
        self.status(Status::Ended(summary));
        for lane in &self.lanes {
            lane.shared.queue.close();
        }
        for lane in self.lanes.iter().filter(|lane| lane.lossless) {
            while self.wait.is_on() && !lane.shared.queue.wait_for_end(Instant::now() + GLANCE) {}
        }
        let deadline = Instant::now() + patience;
        let mut stuck = Vec::new();
        for lane in self.lanes.drain(..) {
            let queue = &lane.shared.queue;
            if !queue.wait_for_end(deadline) && queue.give_up() {
                stuck.push(lane.shared.meter.name);
            }
        }
        stuck
    }
}

impl Drop for Fanout {
    /// Lets the threads end; it does not wait for them.
    fn drop(&mut self) {
        for lane in &self.lanes {
            lane.shared.queue.close();
        }
    }
}

impl Lane {
    fn is_due(&self, record: &Record, now: Instant) -> bool {
        match self.shared.demand.get() {
            Demand::Nothing => false,
            Demand::Rejects => !record.verdict.is_known(),
            Demand::Every(interval) => self
                .pictured
                .is_none_or(|last| now.saturating_duration_since(last) >= interval),
        }
    }

    fn wait_for_room(&self, with_picture: bool, wait: &Wait) {
        let queue = &self.shared.queue;
        while wait.is_on() && !queue.has_room(with_picture) && !queue.is_over() {
            queue.wait_for_room(with_picture, GLANCE);
        }
    }
}
