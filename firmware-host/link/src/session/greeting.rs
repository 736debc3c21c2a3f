use normgate_protocol::{
    FaultCode, FaultRepr, HELLO_INTERVAL_MS, HelloRepr, Message, Packet, SessionId, Versions,
};

use super::{Phase, Session};
use crate::error::Problem;
use crate::event::Event;
use crate::wire::Wire;

/// A session that is asked for.
#[derive(Debug)]
pub(super) struct Greeting {
    /// Of the hello said last; only its answer counts.
    pub(super) session: SessionId,
    hello_at: u64,
}

/// What was tried since somebody answered last.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    since: u64,
    hellos: u64,
    bytes: u64,
    damaged: u32,
    echoes: u64,
    told: bool,
    /// The last problem told, so that it is not told again and again.
    problem: Option<Problem>,
}

impl<W: Wire> Session<W> {
    /// Begins to say hello.
    pub(super) fn greet(&mut self, now: u64) {
        self.line.version = Versions::SPOKEN.min();
        self.phase = Phase::Greeting(Greeting {
            session: SessionId::NONE,
            hello_at: now,
        });
    }

    /// Says hello if it is time, each time under a new number: an answer to the one before may be of a microcontroller
    /// that was restarted since, and whose clock began anew.
    pub(super) fn say_hello(&mut self, now: u64) {
        let hello = Message::Hello(self.hello(now));
        let interval = HELLO_INTERVAL_MS.max(self.config.limits.timeout_ms());
        if let Phase::Greeting(greeting) = &mut self.phase
            && now >= greeting.hello_at
        {
            greeting.hello_at = now + u64::from(interval);
            let session = self.hello_session.next();
            if self.line.send(session, hello).is_some() {
                self.hello_session = session;
                greeting.session = session;
                self.statistics.hellos += 1;
            }
        }
    }

    /// Counts from here on what is tried in vain.
    pub(super) fn quiet_from(&mut self, now: u64) {
        let decoded = self.line.decoder.statistics();
        self.quiet = Quiet {
            since: now,
            hellos: self.statistics.hellos,
            bytes: self.line.bytes_in,
            damaged: decoded.bad(),
            echoes: self.statistics.echoes,
            told: false,
            problem: None,
        };
    }

    pub(super) fn complain(&mut self, now: u64) {
        let for_ms = now.saturating_sub(self.quiet.since);
        if self.quiet.told
            || for_ms < self.config.patience_ms
            || !matches!(self.phase, Phase::Greeting(_))
        {
            return;
        }
        self.quiet.told = true;
        let damaged = self.line.decoder.statistics().bad();
        let narrow = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        let problem = Problem::NoHello {
            wire: self.line.wire.name(),
            hellos: narrow(self.statistics.hellos - self.quiet.hellos),
            for_ms,
            bytes: self.line.bytes_in - self.quiet.bytes,
            damaged: damaged.saturating_sub(self.quiet.damaged),
            echoes: narrow(self.statistics.echoes - self.quiet.echoes),
        };
        self.events.push(Event::Problem(problem));
    }

    /// Tells a problem, unless it is the one told last.
    pub(super) fn tell(&mut self, problem: Problem) {
        if self.quiet.problem.as_ref() != Some(&problem) {
            self.quiet.problem = Some(problem.clone());
            self.events.push(Event::Problem(problem));
        }
    }

    /// A packet that came while hello is said.
    pub(super) fn receive_greeting(&mut self, now: u64, packet: &Packet) {
        let Phase::Greeting(greeting) = &mut self.phase else {
            return;
        };
        match &packet.message {
            Message::Hello(hello) if !packet.session.is_some() => {
                greeting.hello_at = now;
                self.check_versions(hello);
            }
            Message::Hello(hello) if packet.session == greeting.session => {
                self.answered(now, packet, *hello);
            }
            Message::Fault(fault) if !packet.session.is_some() => self.told_of(*fault),
            // Of a session that is over, or the answer to a hello before the last.
            _ => self.statistics.inadmissible += 1,
        }
    }

    fn answered(&mut self, now: u64, packet: &Packet, hello: HelloRepr) {
        let Some(version) = self.check_versions(&hello) else {
            return;
        };
        if !hello.limits.is_within(self.config.limits) || hello.model != self.config.model {
            self.tell(Problem::Answer(hello));
            return;
        }
        self.line.version = version;
        self.begin(now, packet.session, packet.sequence, hello);
    }

    /// The version that is agreed on; without one that is told.
    fn check_versions(&mut self, hello: &HelloRepr) -> Option<u8> {
        let agreed = hello.versions.agree(Versions::SPOKEN);
        if agreed.is_none() {
            self.tell(Problem::Version {
                mcu: hello.versions,
                host: Versions::SPOKEN,
            });
        }
        agreed
    }

    /// A fault of a microcontroller without a session.
    fn told_of(&mut self, fault: FaultRepr) {
        let [min, max, ..] = fault.detail.to_le_bytes();
        match fault.code {
            // It has not heard the hello yet.
            FaultCode::NoSession => {}
            FaultCode::Model => self.tell(Problem::Model {
                mcu: fault.detail,
                host: self.config.model,
            }),
            FaultCode::Version => match Versions::new(min, max) {
                Ok(mcu) => self.tell(Problem::Version {
                    mcu,
                    host: Versions::SPOKEN,
                }),
                Err(_) => self.tell(Problem::Fault(fault)),
            },
            _ => self.tell(Problem::Fault(fault)),
        }
    }
}
