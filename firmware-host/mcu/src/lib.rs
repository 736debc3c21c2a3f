//! The microcontroller of `SPEC.md`: its rules for sessions, admission, verdicts, heartbeats, labels and commands, as a
//! machine without a thread, a clock or hardware. No `std`, no allocation, no `unsafe`.
//!
//! ```text
//! bytes, now -receive-> McuEvent        now -tick-> McuEvent
//! output(now) -> Output -> Pins         unsent, sent -> bytes for the line
//! ```
//!
//! ```
//! use normgate_mcu::{Mcu, McuConfig, Output};
//! use normgate_protocol::Limits;
//!
//! let mut mcu = Mcu::new(McuConfig::new(Limits::new(300, 60).unwrap()));
//! // Every millisecond or so:
//! let (now, bytes) = (1, b"what came");
//! mcu.tick(now);
//! let mut rest = bytes.as_slice();
//! while !rest.is_empty() {
//!     let (event, after) = mcu.receive(now, rest);
//!     rest = after;
//!     assert_eq!(event, None);
//! }
//! assert_eq!(mcu.output(now), Output::Safe);
//! // Hello, for the line:
//! let count = mcu.unsent().len();
//! mcu.sent(count);
//! ```

#![no_std]
#![forbid(unsafe_code)]

mod answer;
mod config;
mod event;
mod outbox;
mod output;
mod running;

use normgate_protocol::{
    Decoder, FaultCode, FaultRepr, HELLO_INTERVAL_MS, HelloRepr, Limits, Message, ModelHash,
    Packet, Role, Sequence, SessionId, State, Statistics, Versions,
};

pub use config::McuConfig;
pub use event::McuEvent;
pub use outbox::OUTBOX;
pub use output::{Output, Pins};

use outbox::Outbox;
use running::Running;

/// A microcontroller. All its times are ms of one clock of the driver's, which only goes up.
#[derive(Debug)]
pub struct Mcu {
    config: McuConfig,
    decoder: Decoder,
    newest: Sequence,
    outbox: Outbox,
    session: Option<Running>,
    held: bool,
    /// The class that is output, and until when.
    open: Option<(u16, u64)>,
    hello_at: u64,
    no_session_at: u64,
    version_at: u64,
}

impl Mcu {
    /// One that was switched on just now.
    pub const fn new(config: McuConfig) -> Self {
        Self {
            config,
            decoder: Decoder::new(),
            newest: Sequence(0xFFFF_FFF0),
            outbox: Outbox::new(),
            session: None,
            held: false,
            open: None,
            hello_at: 0,
            no_session_at: 0,
            version_at: 0,
        }
    }

    /// What the gate is told at `now`.
    pub fn output(&self, now: u64) -> Output {
        match self.open {
            Some((class, until)) if now < until => Output::Class(class),
            _ => Output::Safe,
        }
    }

    /// Whether a session is agreed.
    pub const fn session(&self) -> Option<SessionId> {
        match &self.session {
            Some(running) => Some(running.freshness.session()),
            None => None,
        }
    }

    /// Whether a command of the host holds the output at its safe value.
    pub const fn is_held(&self) -> bool {
        self.held
    }

    /// Whether a drift alarm stands on the host, as the last verdict said that was applied in this session. It changes
    /// no output: it is there to be shown.
    pub fn drift(&self) -> bool {
        self.session.as_ref().is_some_and(|running| running.drift)
    }

    /// What the decoder made of the bytes heard.
    pub const fn decoded(&self) -> Statistics {
        self.decoder.statistics()
    }

    /// Packets that were not said because the line took nothing for too long; stays at `u32::MAX`.
    pub const fn unsaid(&self) -> u32 {
        self.outbox.unsaid()
    }

    /// As after a loss of power: everything is forgotten. Its uptime begins anew.
    pub fn restart(&mut self, now: u64) {
        let mut config = self.config.clone();
        config.uptime_ms = 0_u32.wrapping_sub(now as u32);
        *self = Self::new(config);
        self.hello_at = now;
    }

    /// Does what is due: the hold time, the host's silence, hello, heartbeat. Wants to be called every ms or so, and
    /// before [`Self::receive`].
    pub fn tick(&mut self, now: u64) -> Option<McuEvent> {
        if self.open.is_some_and(|(_, until)| now >= until) {
            self.safe();
        }
        let silence = self
            .session
            .as_ref()
            .and_then(|running| running.silence(now));
        let mut event = None;
        if let (Some(for_ms), Some(id)) = (silence, self.session()) {
            self.safe();
            let fault = FaultRepr {
                code: FaultCode::LinkLost,
                detail: u32::try_from(for_ms).unwrap_or(u32::MAX),
            };
            self.send(id, Message::Fault(fault));
            self.session = None;
            self.hello_at = now;
            event = Some(McuEvent::Lost);
        }
        if self.session.is_some() {
            self.say_heartbeat(now);
        } else if now >= self.hello_at {
            self.hello_at = now + u64::from(HELLO_INTERVAL_MS);
            let model = self.config.model.unwrap_or(ModelHash([0; 32]));
            let hello = self.hello(now, self.config.limits, model);
            self.send(SessionId::NONE, Message::Hello(hello));
        }
        event
    }

    /// Tells the host of a fault of this side's, in the session if there is one.
    pub fn report(&mut self, fault: FaultRepr) {
        let session = self.session().unwrap_or(SessionId::NONE);
        self.send(session, Message::Fault(fault));
    }

    /// Bytes to be written, the oldest first; maybe not all of them. Empty says that there are none.
    pub fn unsent(&self) -> &[u8] {
        self.outbox.front()
    }

    /// So many bytes of [`Self::unsent`] were written.
    pub fn sent(&mut self, count: usize) {
        self.outbox.pop(count);
    }

    fn uptime_ms(&self, now: u64) -> u32 {
        self.config.uptime_ms.wrapping_add(now as u32)
    }

    fn safe(&mut self) {
        self.open = None;
    }

    fn state(&self) -> State {
        if self.held {
            State::Held
        } else if self.open.is_some() {
            State::Active
        } else {
            State::Safe
        }
    }

    fn hello(&self, now: u64, limits: Limits, model: ModelHash) -> HelloRepr {
        HelloRepr {
            versions: Versions::SPOKEN,
            labels: self.config.labels,
            software: self.config.software,
            limits,
            uptime_ms: self.uptime_ms(now),
            model,
        }
    }

    fn send(&mut self, session: SessionId, message: Message) {
        self.newest = self.newest.next();
        let agreed = match &self.session {
            Some(running) if running.freshness.session() == session => running.version,
            _ => Versions::SPOKEN.min(),
        };
        let packet = Packet {
            version: message.version_in(agreed),
            from: Role::Mcu,
            sequence: self.newest,
            session,
            message,
        };
        if let Ok(envelope) = packet.encode() {
            self.outbox.push(&envelope);
        }
    }
}
