mod agreed;
mod flight;
mod greeting;
mod line;
mod requests;
mod send;

use std::collections::VecDeque;
use std::time::Duration;

use normgate_protocol::{
    CommandRepr, Decoder, FaultRepr, HelloRepr, Limits, ModelHash, Policy, Sequence, SessionId,
    State, Versions,
};

use crate::config::{Config, Verdict, label_count};
use crate::error::{Ended, LinkError};
use crate::event::Event;
use crate::random::Random;
use crate::statistics::Statistics;
use crate::wire::Wire;
use agreed::Agreed;
use greeting::Greeting;
use line::Line;

#[derive(Debug)]
enum Phase {
    /// The line is not open; when it is tried next.
    Closed { retry_at: u64 },
    /// Hello is said until it is answered.
    Greeting(Greeting),
    /// In a session.
    Agreed(Box<Agreed>),
}

/// The host's side of the protocol on one line, driven by [`Self::poll`].
#[derive(Debug)]
pub struct Session<W> {
    config: Config,
    labels: u16,
    /// Of the hello said last, whenever that was.
    hello_session: SessionId,
    line: Line<W>,
    phase: Phase,
    /// The newest verdict, not sent yet.
    slot: Option<Verdict>,
    /// What the caller said last of hold (true) and resume (false): said again in every session.
    held: Option<bool>,
    /// Since when nobody has answered, and what was tried since.
    quiet: greeting::Quiet,
    faults: VecDeque<FaultRepr>,
    mcu_state: Option<State>,
    statistics: Statistics,
    events: Vec<Event>,
    /// Not before this time is a fault *version* sent again.
    version_fault_at: u64,
    /// The model is another than the one that the session began with.
    is_other_model: bool,
}

impl<W: Wire> Session<W> {
    /// On a line that the first [`Self::poll`] opens.
    ///
    /// # Errors
    /// [`LinkError::Labels`] unless there are 2 to 4096 labels.
    pub fn new(wire: W, config: Config) -> Result<Self, LinkError> {
        let labels = label_count(&config.labels)?;
        let mut random = config.seed.map_or_else(Random::from_system, Random::new);
        let first = Sequence(random.next_u32());
        let hello_session = SessionId(random.next_u32());
        Ok(Self {
            config,
            labels,
            hello_session,
            line: Line::new(wire, first),
            phase: Phase::Closed { retry_at: 0 },
            slot: None,
            held: None,
            quiet: greeting::Quiet::default(),
            faults: VecDeque::new(),
            mcu_state: None,
            statistics: Statistics::default(),
            events: Vec::new(),
            version_fault_at: 0,
            is_other_model: false,
        })
    }

    /// Takes the newest verdict; one that waits still is replaced.
    ///
    /// # Errors
    /// [`LinkError::VerdictLabels`]: it is of another number of labels than the session's model. Nothing changes then.
    pub fn offer(&mut self, verdict: Verdict) -> Result<(), LinkError> {
        let found = verdict.judgement.labels();
        if found != self.labels {
            return Err(LinkError::VerdictLabels {
                found,
                expected: self.labels,
            });
        }
        self.statistics.offered += 1;
        if self.slot.replace(verdict).is_some() {
            self.statistics.superseded += 1;
        }
        Ok(())
    }

    /// Goes on with another model: the session ends at the next [`Self::poll`], and the next one is of this model. A
    /// verdict that waits is of the model before, and is dropped.
    ///
    /// # Errors
    /// [`LinkError::Labels`] unless there are 2 to 4096 labels. Nothing changes then.
    pub fn set_model(&mut self, model: ModelHash, labels: Vec<String>) -> Result<(), LinkError> {
        self.labels = label_count(&labels)?;
        self.config.model = model;
        self.config.labels = labels;
        if self.slot.take().is_some() {
            self.statistics.superseded += 1;
        }
        self.is_other_model = true;
        Ok(())
    }

    /// Gives no verdicts until the next [`Self::offer`]: the microcontroller goes to its safe value at once.
    pub fn pause(&mut self) {
        if self.slot.take().is_some() {
            self.statistics.superseded += 1;
        }
        if let Phase::Agreed(agreed) = &mut self.phase {
            agreed.pause();
        }
    }

    /// Sends a command. Without a session it is sent as soon as there is one, and hold, resume and the policy are sent
    /// again in every later session.
    pub fn command(&mut self, command: CommandRepr) {
        match command {
            CommandRepr::Hold => self.held = Some(true),
            CommandRepr::Resume => self.held = Some(false),
            CommandRepr::SetPolicy(policy) => self.config.policy = Some(policy),
        }
        if let Phase::Agreed(agreed) = &mut self.phase {
            agreed.requests.command(command);
        }
    }

    /// Tells the microcontroller of a fault of the host, in this session or the next.
    pub fn report(&mut self, fault: FaultRepr) {
        // More faults than this say nothing new.
        if self.faults.len() < 8 {
            self.faults.push_back(fault);
        }
    }

    /// Does what is due at `now_ms`, and listens for at most `wait`. Without an open line it returns at once.
    ///
    /// What is heard is taken as heard at `now_ms`, so that `wait` adds to the times of round trips. `now_ms` is to be
    /// read from the clock for this call: a time from before the last call would make verdicts younger than they are.
    pub fn poll(&mut self, now_ms: u64, wait: Duration) -> Vec<Event> {
        if let Phase::Closed { retry_at } = self.phase {
            if now_ms < retry_at {
                return std::mem::take(&mut self.events);
            }
            self.open(now_ms);
        }
        if std::mem::take(&mut self.is_other_model) {
            match self.phase {
                Phase::Agreed(_) => self.end(now_ms, Ended::Model),
                // The answer to the hello before would be of the model before.
                Phase::Greeting(_) => self.greet(now_ms),
                Phase::Closed { .. } => {}
            }
        }
        if let Phase::Agreed(agreed) = &mut self.phase {
            agreed.echo_ms = Some(agreed.uptime_ms);
        }
        // What lies in the buffer is heard before silence is judged: the caller may have been away.
        self.listen(now_ms, Duration::ZERO);
        self.act(now_ms);
        if !wait.is_zero() {
            self.listen(now_ms, wait);
        }
        self.statistics.decoded = self.line.decoder.statistics();
        self.statistics.bytes_in = self.line.bytes_in;
        self.statistics.bytes_out = self.line.bytes_out;
        std::mem::take(&mut self.events)
    }

    fn act(&mut self, now: u64) {
        match &self.phase {
            Phase::Closed { .. } => return,
            Phase::Greeting(_) => self.say_hello(now),
            Phase::Agreed(_) => self.keep_up(now),
        }
        self.complain(now);
        if let Err(error) = self.line.flush() {
            self.close_line(now, &error);
        }
    }

    /// Ends the session as a host that goes away, for good: the microcontroller goes to its safe value at once.
    pub fn close(&mut self, now_ms: u64) -> Vec<Event> {
        self.pause();
        if matches!(self.phase, Phase::Agreed(_)) {
            self.say_heartbeat(now_ms);
            let _ = self.line.flush();
            self.leave(Ended::Closed);
        }
        self.phase = Phase::Closed { retry_at: u64::MAX };
        std::mem::take(&mut self.events)
    }

    /// Whether the line is open.
    pub const fn is_open(&self) -> bool {
        !matches!(self.phase, Phase::Closed { .. })
    }

    /// What is agreed, while there is a session.
    pub fn agreed(&self) -> Option<Limits> {
        match &self.phase {
            Phase::Agreed(agreed) => Some(agreed.limits),
            _ => None,
        }
    }

    /// The session's number, while there is one.
    pub fn id(&self) -> Option<SessionId> {
        match &self.phase {
            Phase::Agreed(agreed) => Some(agreed.freshness.session()),
            _ => None,
        }
    }

    /// The microcontroller's state as it said last in this session.
    pub const fn mcu_state(&self) -> Option<State> {
        self.mcu_state
    }

    /// What was done so far.
    pub const fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// The policy that is set in each session.
    pub const fn policy(&self) -> Option<Policy> {
        self.config.policy
    }

    fn hello(&self, now: u64) -> HelloRepr {
        HelloRepr {
            versions: Versions::SPOKEN,
            labels: self.labels,
            software: self.config.software,
            limits: self.config.limits,
            uptime_ms: now as u32,
            model: self.config.model,
        }
    }
}

impl<W> Session<W> {
    fn decoder(&mut self) -> &mut Decoder {
        &mut self.line.decoder
    }
}
