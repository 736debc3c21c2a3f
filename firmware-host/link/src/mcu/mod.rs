//! The model of `SPEC.md`'s microcontroller: its rules for sessions, admission, verdicts, heartbeats, labels and
//! commands, as a machine without a thread and without a clock. For simulators and tests: it drives no hardware.

mod answer;
mod running;
mod sim;

use std::io;
use std::time::Duration;

use normgate_protocol::{
    Decoder, FaultCode, FaultRepr, HELLO_INTERVAL_MS, HelloRepr, Judgement, Limits, Message,
    ModelHash, Packet, Role, Sequence, SessionId, Software, State, Statistics, Versions,
};

use crate::clock::Clock;
use crate::wire::Wire;
use running::Running;
pub use sim::{Pins, Simulator};

/// What the microcontroller is.
#[derive(Debug, Clone, PartialEq)]
pub struct McuConfig {
    /// Labels whose text it keeps.
    pub labels: u16,
    /// Version of its firmware.
    pub software: Software,
    /// What it asks for.
    pub limits: Limits,
    /// The only model that it serves; none serves any.
    pub model: Option<ModelHash>,
    /// Its uptime at 0 ms of the driver's clock, ms.
    pub uptime_ms: u32,
}

impl McuConfig {
    /// Keeps 16 labels, serves any model, wants `limits`.
    pub const fn new(limits: Limits) -> Self {
        Self {
            labels: 16,
            software: Software {
                major: 1,
                minor: 0,
                patch: 0,
            },
            limits,
            model: None,
            uptime_ms: 0,
        }
    }
}

/// What the gate is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// The value that does no harm.
    Safe,
    /// What belongs to this class.
    Class(u16),
}

/// What the microcontroller did.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum McuEvent {
    /// A session began.
    Agreed(SessionId),
    /// The session ended: the host was silent.
    Lost,
    /// A verdict was applied.
    Applied {
        /// Its frame.
        frame: u64,
        /// What it says.
        judgement: Judgement,
    },
    /// A label is whole.
    Label {
        /// Which.
        index: u16,
        /// Its text.
        text: String,
    },
    /// The host has a fault.
    Fault(FaultRepr),
}

/// A microcontroller.
#[derive(Debug)]
pub struct Mcu {
    config: McuConfig,
    decoder: Decoder,
    newest: Sequence,
    outbox: Vec<u8>,
    session: Option<Running>,
    held: bool,
    /// The class that is output, and until when.
    open: Option<(u16, u64)>,
    hello_at: u64,
    no_session_at: u64,
    version_at: u64,
    events: Vec<McuEvent>,
}

impl Mcu {
    /// One that was switched on just now.
    pub const fn new(config: McuConfig) -> Self {
        Self {
            config,
            decoder: Decoder::new(),
            newest: Sequence(0xFFFF_FFF0),
            outbox: Vec::new(),
            session: None,
            held: false,
            open: None,
            hello_at: 0,
            no_session_at: 0,
            version_at: 0,
            events: Vec::new(),
        }
    }

    /// Listens for at most `wait`, does what is due then, and writes what there is to say. A line that takes nothing
    /// loses what was to be said.
    ///
    /// # Errors
    /// The line's. The output goes to its safe value in time nevertheless, if this is called again.
    pub fn serve(
        &mut self,
        wire: &mut impl Wire,
        clock: &impl Clock,
        wait: Duration,
    ) -> io::Result<Vec<McuEvent>> {
        let mut bytes = [0; 1024];
        let heard = wire.read(&mut bytes, wait);
        // After the reading: a verdict is judged at a time when it was there, not at one before.
        let now_ms = clock.now_ms();
        self.tick(now_ms);
        let count = heard?;
        self.receive(now_ms, bytes.get(..count).unwrap_or_default());
        self.tick(now_ms);
        let outbox = std::mem::take(&mut self.outbox);
        let mut rest = outbox.as_slice();
        while !rest.is_empty() {
            let count = wire.write(rest)?;
            if count == 0 {
                break;
            }
            rest = rest.get(count..).unwrap_or_default();
        }
        Ok(std::mem::take(&mut self.events))
    }

    /// What the gate is told at `now_ms`.
    pub fn output(&self, now_ms: u64) -> Output {
        match self.open {
            Some((class, until)) if now_ms < until => Output::Class(class),
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

    /// What the decoder made of the bytes heard.
    pub const fn decoded(&self) -> Statistics {
        self.decoder.statistics()
    }

    /// As after a loss of power: everything is forgotten. Its uptime begins anew.
    pub fn restart(&mut self, now_ms: u64) {
        let mut config = self.config.clone();
        config.uptime_ms = 0_u32.wrapping_sub(now_ms as u32);
        *self = Self::new(config);
        self.hello_at = now_ms;
    }

    fn uptime_ms(&self, now: u64) -> u32 {
        self.config.uptime_ms.wrapping_add(now as u32)
    }

    fn safe(&mut self) {
        self.open = None;
    }

    fn tick(&mut self, now: u64) {
        if self.open.is_some_and(|(_, until)| now >= until) {
            self.safe();
        }
        let silence = self
            .session
            .as_ref()
            .and_then(|running| running.silence(now));
        if let (Some(for_ms), Some(id)) = (silence, self.session()) {
            self.safe();
            let fault = FaultRepr {
                code: FaultCode::LinkLost,
                detail: u32::try_from(for_ms).unwrap_or(u32::MAX),
            };
            self.send(id, Message::Fault(fault));
            self.session = None;
            self.hello_at = now;
            self.events.push(McuEvent::Lost);
        }
        if self.session.is_some() {
            self.say_heartbeat(now);
        } else if now >= self.hello_at {
            self.hello_at = now + u64::from(HELLO_INTERVAL_MS);
            let model = self.config.model.unwrap_or(ModelHash([0; 32]));
            let hello = self.hello(now, self.config.limits, model);
            self.send(SessionId::NONE, Message::Hello(hello));
        }
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
        let packet = Packet {
            from: Role::Mcu,
            sequence: self.newest,
            session,
            message,
        };
        if let Ok(envelope) = packet.encode() {
            self.outbox.extend_from_slice(&envelope);
        }
    }
}
