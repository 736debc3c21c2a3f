use normgate_protocol::{
    AckRepr, CommandRepr, FaultCode, FaultRepr, Freshness, Header, HelloRepr, Kind, Limits,
    Message, Packet, Sequence, SessionId, State, Status,
};

use super::flight::Flights;
use super::requests::Requests;
use super::{Phase, Session};
use crate::error::{Ended, Problem};
use crate::event::Event;
use crate::wire::Wire;

/// Acknowledgements in a row that may say stale before the session is given up.
const STALE_IN_A_ROW: u8 = 10;

/// A session.
#[derive(Debug)]
pub(super) struct Agreed {
    pub(super) freshness: Freshness,
    pub(super) limits: Limits,
    /// The newest uptime of the microcontroller that was heard before this call of `poll`, ms; none in the first. Only
    /// this may be echoed: what is heard within the call is heard later than its `now`, from which ages are counted,
    /// by as long as the caller was stopped in between.
    pub(super) echo_ms: Option<u32>,
    /// The newest uptime that was heard at all.
    pub(super) uptime_ms: u32,
    pub(super) heard_at: u64,
    pub(super) heartbeat_at: u64,
    /// Verdicts are given.
    pub(super) gives: bool,
    pub(super) flights: Flights,
    pub(super) requests: Requests,
    stale: u8,
}

impl Agreed {
    /// Gives no verdicts any more; the next heartbeat, now, says so.
    pub(super) const fn pause(&mut self) {
        self.gives = false;
        self.heartbeat_at = 0;
    }
}

impl<W: Wire> Session<W> {
    pub(super) fn begin(&mut self, now: u64, id: SessionId, sequence: Sequence, mcu: HelloRepr) {
        let held = self.held.map(|held| match held {
            true => CommandRepr::Hold,
            false => CommandRepr::Resume,
        });
        let policy = self.config.policy.map(CommandRepr::SetPolicy);
        let kept = usize::from(mcu.labels);
        let labels = (0_u16..).zip(self.config.labels.iter().take(kept).cloned());
        self.phase = Phase::Agreed(Box::new(Agreed {
            freshness: Freshness::new(id, sequence, self.labels),
            limits: mcu.limits,
            echo_ms: None,
            uptime_ms: mcu.uptime_ms,
            heard_at: now,
            heartbeat_at: now,
            gives: self.slot.is_some(),
            flights: Flights::default(),
            requests: Requests::new(held.into_iter().chain(policy), labels.collect()),
            stale: 0,
        }));
        self.mcu_state = None;
        self.statistics.sessions += 1;
        self.line.proved();
        self.quiet_from(now);
        let limits = mcu.limits;
        self.events.push(Event::Agreed { limits, mcu });
    }

    /// Ends the session and begins anew.
    pub(super) fn end(&mut self, now: u64, why: Ended) {
        self.leave(why);
        self.quiet_from(now);
        self.greet(now);
    }

    pub(super) fn leave(&mut self, why: Ended) {
        if let Phase::Agreed(agreed) = &mut self.phase {
            agreed.flights.give_up(&mut self.statistics);
        }
        self.mcu_state = None;
        self.events.push(Event::Ended(why));
    }

    pub(super) fn receive(&mut self, now: u64, packet: Packet) {
        let Phase::Agreed(agreed) = &mut self.phase else {
            return self.receive_greeting(now, &packet);
        };
        let is_without = !packet.session.is_some();
        match packet.message {
            Message::Hello(_) if is_without => return self.end(now, Ended::Restarted),
            // A further answer to a hello that was said twice.
            Message::Hello(_) => return,
            Message::Fault(FaultRepr {
                code: FaultCode::NoSession,
                ..
            }) if is_without => return self.end(now, Ended::Restarted),
            Message::Fault(fault) if is_without => return self.tell(Problem::Fault(fault)),
            _ => {}
        }
        if agreed
            .freshness
            .admit(packet.session, packet.sequence)
            .is_err()
        {
            self.statistics.inadmissible += 1;
            return;
        }
        agreed.heard_at = now;
        match packet.message {
            Message::Heartbeat(heartbeat) => {
                agreed.uptime_ms = heartbeat.uptime_ms;
                self.hear_state(heartbeat.state);
            }
            Message::Ack(ack) => self.acknowledged(now, ack),
            Message::Fault(FaultRepr {
                code: FaultCode::NoSession,
                ..
            }) => self.end(now, Ended::Restarted),
            Message::Fault(fault) => self.tell(Problem::Fault(fault)),
            // The decoder refuses what a microcontroller never sends.
            Message::Hello(_) | Message::Label(_) | Message::Verdict(_) | Message::Command(_) => {}
        }
    }

    fn hear_state(&mut self, state: State) {
        if self.mcu_state != Some(state) {
            self.mcu_state = Some(state);
            self.events.push(Event::State(state));
        }
    }

    fn acknowledged(&mut self, now: u64, ack: AckRepr) {
        let Phase::Agreed(agreed) = &mut self.phase else {
            return;
        };
        agreed.uptime_ms = ack.uptime_ms;
        let is_stale = ack.status == Status::Stale;
        agreed.stale = if is_stale { agreed.stale + 1 } else { 0 };
        let is_over = agreed.stale >= STALE_IN_A_ROW;
        if let Some(flight) = agreed.flights.answered(ack.of) {
            match ack.status {
                Status::Applied => self.statistics.acknowledged += 1,
                Status::Stale => self.statistics.stale += 1,
                Status::Refused(_) => self.statistics.refused += 1,
            }
            let round_trip_ms = now.saturating_sub(flight.sent_at);
            self.statistics.round_trips.record(round_trip_ms);
            self.events.push(Event::Answered {
                frame: flight.frame,
                status: ack.status,
                round_trip_ms,
            });
        } else if let Some(command) = agreed.requests.answered(ack.of, ack.status) {
            let status = ack.status;
            self.events.push(Event::Command { command, status });
            if matches!(status, Status::Refused(_)) {
                self.tell(Problem::Command(status));
            }
        }
        if is_over {
            self.end(now, Ended::Stale);
        }
    }

    /// A whole packet that breaks a rule: a sign of life if it is admitted, and nothing more.
    pub(super) fn refused(&mut self, now: u64, header: &Header) {
        if header.kind == Kind::Hello as u8 {
            return;
        }
        if let Phase::Agreed(agreed) = &mut self.phase
            && agreed
                .freshness
                .admit(header.session, header.sequence)
                .is_ok()
        {
            agreed.heard_at = now;
        }
    }
}
