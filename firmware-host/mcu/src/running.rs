use normgate_protocol::labels::Assembler;
use normgate_protocol::{Freshness, HeartbeatRepr, HelloRepr, Limits, Message, Packet, Policy};

use crate::Mcu;

/// A session, as the microcontroller has it.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) freshness: Freshness,
    /// Version of the protocol that is agreed.
    pub(crate) version: u8,
    pub(crate) limits: Limits,
    pub(crate) policy: Policy,
    /// Labels of the host's model.
    pub(crate) labels: u16,
    pub(crate) assembler: Assembler,
    /// Whether the last verdict that was applied told of a drift alarm.
    pub(crate) drift: bool,
    pub(crate) heard_at: u64,
    heartbeat_at: u64,
}

impl Running {
    pub(crate) fn new(
        hello: &HelloRepr,
        packet: &Packet,
        version: u8,
        limits: Limits,
        now: u64,
    ) -> Self {
        Self {
            freshness: Freshness::new(packet.session, packet.sequence, hello.labels),
            version,
            limits,
            policy: Policy::of_session(limits),
            labels: hello.labels,
            assembler: Assembler::new(),
            drift: false,
            heard_at: now,
            heartbeat_at: now,
        }
    }

    /// How long the host has been silent, ms, if that is too long.
    pub(crate) fn silence(&self, now: u64) -> Option<u64> {
        let silence = now.saturating_sub(self.heard_at);
        (silence > u64::from(self.limits.timeout_ms())).then_some(silence)
    }
}

impl Mcu {
    pub(crate) fn say_heartbeat(&mut self, now: u64) {
        let (uptime_ms, state) = (self.uptime_ms(now), self.state());
        let Some(running) = &mut self.session else {
            return;
        };
        if now < running.heartbeat_at {
            return;
        }
        running.heartbeat_at = now + u64::from(running.limits.heartbeat_ms());
        let id = running.freshness.session();
        let last_seen = running.freshness.guard().newest();
        let heartbeat = HeartbeatRepr {
            uptime_ms,
            last_seen,
            state,
        };
        self.send(id, Message::Heartbeat(heartbeat));
    }
}
