use normgate_protocol::{
    DRIFT_VERSION, FaultCode, FaultRepr, HeartbeatRepr, Message, State, VerdictRepr, Versions,
};

use super::flight::Flight;
use super::requests::Due;
use super::{Phase, Session};
use crate::error::{Ended, Problem};
use crate::event::Event;
use crate::wire::Wire;

impl<W: Wire> Session<W> {
    /// What a host does in a session: silence, heartbeat, requests, the verdict.
    pub(super) fn keep_up(&mut self, now: u64) {
        let Phase::Agreed(agreed) = &mut self.phase else {
            return;
        };
        let for_ms = now.saturating_sub(agreed.heard_at);
        if for_ms > u64::from(agreed.limits.timeout_ms()) {
            let fault = Message::Fault(FaultRepr {
                code: FaultCode::LinkLost,
                detail: u32::try_from(for_ms).unwrap_or(u32::MAX),
            });
            self.line.clear();
            self.line.send(agreed.freshness.session(), fault);
            return self.end(now, Ended::Silence { for_ms });
        }
        agreed.flights.expire(now, &mut self.statistics);
        if now >= agreed.heartbeat_at {
            self.say_heartbeat(now);
        }
        self.say_faults();
        self.say_requests(now);
        self.say_verdict(now);
    }

    pub(super) fn say_heartbeat(&mut self, now: u64) {
        let Phase::Agreed(agreed) = &mut self.phase else {
            return;
        };
        let state = if self.held == Some(true) {
            State::Held
        } else if agreed.gives {
            State::Active
        } else {
            State::Safe
        };
        let heartbeat = Message::Heartbeat(HeartbeatRepr {
            uptime_ms: now as u32,
            last_seen: agreed.freshness.guard().newest(),
            state,
        });
        // In step, unless the caller was away for longer than that.
        let every = u64::from(agreed.limits.heartbeat_ms());
        agreed.heartbeat_at = (agreed.heartbeat_at + every).max(now + 1);
        self.line.send(agreed.freshness.session(), heartbeat);
    }

    fn say_faults(&mut self) {
        let Phase::Agreed(agreed) = &self.phase else {
            return;
        };
        while let Some(fault) = self.faults.pop_front() {
            self.line
                .send(agreed.freshness.session(), Message::Fault(fault));
        }
    }

    fn say_requests(&mut self, now: u64) {
        let Phase::Agreed(agreed) = &mut self.phase else {
            return;
        };
        match agreed.requests.due(now) {
            Due::Nothing => {}
            Due::Send(message, is_again) => {
                if let Some(of) = self.line.send(agreed.freshness.session(), message) {
                    agreed.requests.was_sent(of, now);
                    self.statistics.retried += u64::from(is_again);
                }
            }
            Due::Labels(sent, given_up) => self.events.push(Event::Labels { sent, given_up }),
            Due::Unanswered => self.end(now, Ended::Unanswered),
        }
    }

    fn say_verdict(&mut self, now: u64) {
        let Phase::Agreed(agreed) = &mut self.phase else {
            return;
        };
        let (Some(verdict), Some(echo_ms)) = (self.slot, agreed.echo_ms) else {
            return;
        };
        // The clock's ms are cut off, so a capture may be nearly 1 ms older than the difference.
        let age = now.saturating_sub(verdict.captured_ms) + 1;
        if age > u64::from(agreed.limits.max_age_ms()) {
            self.slot = None;
            self.statistics.expired += 1;
            return;
        }
        if self.held == Some(true) {
            return;
        }
        match self.line.has_room() {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => return self.close_line(now, &error),
        }
        let message = Message::Verdict(VerdictRepr {
            frame: verdict.frame,
            echo_ms,
            age_ms: u16::try_from(age).unwrap_or(u16::MAX),
            judgement: verdict.judgement,
            // Refused, with the gate's safe value, by a microcontroller that does not know of it.
            drift: verdict.drift && self.line.version >= DRIFT_VERSION,
        });
        let Some(sequence) = self.line.send(agreed.freshness.session(), message) else {
            return;
        };
        self.slot = None;
        agreed.gives = true;
        self.statistics.sent += 1;
        let flight = Flight {
            sequence,
            frame: verdict.frame,
            sent_at: now,
        };
        agreed.flights.add(flight, &mut self.statistics);
    }

    pub(super) fn wrong_version(&mut self, now: u64, found: u8) {
        self.tell(Problem::PacketVersion { found });
        let session = match &self.phase {
            Phase::Agreed(agreed) => agreed.freshness.session(),
            Phase::Greeting(greeting) => greeting.session,
            Phase::Closed { .. } => return,
        };
        if now < self.version_fault_at {
            return;
        }
        self.version_fault_at = now + u64::from(normgate_protocol::HELLO_INTERVAL_MS);
        let spoken = Versions::SPOKEN;
        let fault = FaultRepr {
            code: FaultCode::Version,
            detail: u32::from(spoken.min()) + 256 * u32::from(spoken.max()),
        };
        self.line.send(session, Message::Fault(fault));
    }
}
