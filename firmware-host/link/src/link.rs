use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use normgate_protocol::{CommandRepr, FaultRepr, Limits, ModelHash, State};

use crate::clock::Clock;
use crate::config::{Config, Verdict, label_count};
use crate::error::LinkError;
use crate::event::Event;
use crate::session::Session;
use crate::statistics::Statistics;
use crate::wire::Wire;

/// How long the thread listens before it looks into the slot again.
const LISTEN: Duration = Duration::from_millis(2);

/// How long it sleeps without a line, unless something is put into the slot.
const IDLE: Duration = Duration::from_millis(20);

/// Events that are kept for a caller who does not fetch them; older ones are dropped and counted.
const EVENTS: usize = 1024;

/// What became of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// It lies in the empty slot.
    Taken,
    /// It lies in the slot, and the one that lay there before was never sent.
    Replaced,
}

/// How the link is.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// What is agreed, while there is a session.
    pub agreed: Option<Limits>,
    /// The microcontroller's state as it said last in this session.
    pub mcu_state: Option<State>,
    /// What was done so far.
    pub statistics: Statistics,
    /// Verdicts that were replaced before the thread took them: the line, or the thread, was slower than the camera.
    pub missed: u64,
    /// Verdicts that the session did not take: of another number of labels.
    pub rejected: u64,
    /// Events that nobody fetched.
    pub events_dropped: u64,
}

enum Order {
    Command(CommandRepr),
    Fault(FaultRepr),
    Pause,
    Model(ModelHash, Vec<String>),
}

#[derive(Default)]
struct Board {
    slot: Option<Verdict>,
    orders: VecDeque<Order>,
    events: VecDeque<Event>,
    snapshot: Snapshot,
    stop: bool,
}

#[derive(Default)]
struct Shared {
    board: Mutex<Board>,
    news: Condvar,
}

impl Shared {
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session on a thread of its own. Dropping it closes the session, so that the microcontroller goes to its safe value.
pub struct Link {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl Link {
    /// Starts the thread; it opens the line by itself, and again whenever it breaks.
    ///
    /// # Errors
    /// Those of [`Session::new`]; [`LinkError::Thread`].
    pub fn spawn<W, C>(wire: W, clock: C, config: Config) -> Result<Self, LinkError>
    where
        W: Wire + Send + 'static,
        C: Clock + Send + 'static,
    {
        let session = Session::new(wire, config)?;
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("normgate-link".to_owned())
            .spawn(move || run(session, &clock, &of_thread))
            .map_err(LinkError::Thread)?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Puts the newest verdict into the slot. Never waits for the line.
    pub fn offer(&self, verdict: Verdict) -> Offer {
        let mut board = self.shared.board();
        let offer = if board.slot.replace(verdict).is_some() {
            board.snapshot.missed += 1;
            Offer::Replaced
        } else {
            Offer::Taken
        };
        drop(board);
        self.shared.news.notify_one();
        offer
    }

    /// As [`Session::command`].
    pub fn command(&self, command: CommandRepr) {
        self.order(Order::Command(command));
    }

    /// As [`Session::report`].
    pub fn report(&self, fault: FaultRepr) {
        self.order(Order::Fault(fault));
    }

    /// As [`Session::pause`].
    pub fn pause(&self) {
        self.order(Order::Pause);
    }

    /// As [`Session::set_model`]. What is offered afterwards is of this model.
    ///
    /// # Errors
    /// As there.
    pub fn set_model(&self, model: ModelHash, labels: Vec<String>) -> Result<(), LinkError> {
        label_count(&labels)?;
        self.order(Order::Model(model, labels));
        Ok(())
    }

    fn order(&self, order: Order) {
        let mut board = self.shared.board();
        // What lies there was said before.
        if matches!(order, Order::Pause | Order::Model(..)) && board.slot.take().is_some() {
            board.snapshot.missed += 1;
        }
        board.orders.push_back(order);
    }

    /// What happened since this was asked last.
    pub fn events(&self) -> Vec<Event> {
        self.shared.board().events.drain(..).collect()
    }

    /// How the link is now.
    pub fn snapshot(&self) -> Snapshot {
        self.shared.board().snapshot.clone()
    }

    /// Closes the session and says how it was.
    pub fn close(mut self) -> Snapshot {
        self.stop();
        self.snapshot()
    }

    fn stop(&mut self) {
        self.shared.board().stop = true;
        self.shared.news.notify_one();
        if let Some(thread) = self.thread.take() {
            // The thread catches nothing and has nothing that panics; a panic would have been told on stderr.
            let _ = thread.join();
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run<W: Wire, C: Clock>(mut session: Session<W>, clock: &C, shared: &Shared) {
    loop {
        let mut board = shared.board();
        if !session.is_open() && board.slot.is_none() && !board.stop {
            let waited = shared.news.wait_timeout(board, IDLE);
            board = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let (stop, verdict) = (board.stop, board.slot.take());
        let orders = std::mem::take(&mut board.orders);
        drop(board);
        for order in orders {
            match order {
                Order::Command(command) => session.command(command),
                Order::Fault(fault) => session.report(fault),
                Order::Pause => session.pause(),
                // The labels were counted when it was ordered.
                Order::Model(model, labels) => drop(session.set_model(model, labels)),
            }
        }
        let rejected = verdict.is_some_and(|verdict| session.offer(verdict).is_err());
        let mut events = session.poll(clock.now_ms(), if stop { Duration::ZERO } else { LISTEN });
        if stop {
            events.extend(session.close(clock.now_ms()));
        }
        publish(&session, shared, events, rejected);
        if stop {
            return;
        }
    }
}

fn publish<W: Wire>(session: &Session<W>, shared: &Shared, events: Vec<Event>, rejected: bool) {
    let mut board = shared.board();
    board.events.extend(events);
    while board.events.len() > EVENTS {
        board.events.pop_front();
        board.snapshot.events_dropped += 1;
    }
    let snapshot = &mut board.snapshot;
    snapshot.rejected += u64::from(rejected);
    snapshot.agreed = session.agreed();
    snapshot.mcu_state = session.mcu_state();
    snapshot.statistics.clone_from(session.statistics());
}
