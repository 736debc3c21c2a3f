use normgate_protocol::labels::Label;
use normgate_protocol::{
    AckRepr, CommandRepr, DecodeError, FaultCode, FaultRepr, HELLO_INTERVAL_MS, HelloRepr,
    Inadmissible, Kind, LabelPieceRepr, Message, Packet, Reason, Role, Sequence, SessionId, State,
    Status, VerdictRepr, Versions,
};

use crate::running::Running;
use crate::{Mcu, McuEvent};

impl Mcu {
    /// Takes bytes as they came, up to the end of an envelope, and gives what that did and the bytes that are left. At most
    /// one packet is said for each call: who writes [`Self::unsent`] in between loses no answer.
    pub fn receive<'i>(&mut self, now: u64, bytes: &'i [u8]) -> (Option<McuEvent>, &'i [u8]) {
        let (result, rest) = self.decoder.push(bytes);
        let event = match result {
            Some(Ok(packet)) if packet.from == Role::Host => self.take(now, &packet),
            // An echo of the line, or no end of an envelope.
            Some(Ok(_)) | None => None,
            Some(Err(error)) => {
                self.refuse(now, &error);
                None
            }
        };
        (event, rest)
    }

    fn take(&mut self, now: u64, packet: &Packet) -> Option<McuEvent> {
        if let Message::Hello(hello) = &packet.message {
            return self.greeted(now, packet, hello);
        }
        let kind = packet.message.kind() as u8;
        if !self.admit(now, packet.session, packet.sequence, kind) {
            return None;
        }
        let (status, event) = match &packet.message {
            Message::Verdict(verdict) => self.judge(now, verdict),
            Message::Label(piece) => self.label(piece),
            Message::Command(command) => (self.command(*command), None),
            Message::Heartbeat(heartbeat) => {
                if heartbeat.state != State::Active {
                    self.safe();
                }
                return None;
            }
            Message::Fault(fault) => return Some(self.fault(*fault)),
            Message::Hello(_) | Message::Ack(_) => return None,
        };
        self.acknowledge(now, packet.sequence, status);
        event
    }

    fn greeted(&mut self, now: u64, packet: &Packet, hello: &HelloRepr) -> Option<McuEvent> {
        if self.session() == Some(packet.session) {
            // A copy that the line made: no hello is said twice under one number.
            return None;
        }
        let Some(version) = hello.versions.agree(Versions::SPOKEN) else {
            self.wrong_version();
            return None;
        };
        if let Some(model) = self.config.model.filter(|model| *model != hello.model) {
            let head = model.0.first_chunk().copied().unwrap_or_default();
            let fault = FaultRepr {
                code: FaultCode::Model,
                detail: u32::from_le_bytes(head),
            };
            self.send(SessionId::NONE, Message::Fault(fault));
            return None;
        }
        self.safe();
        let limits = self.config.limits.agree(hello.limits);
        self.session = Some(Running::new(hello, packet, version, limits, now));
        let answer = self.hello(now, limits, hello.model);
        self.send(packet.session, Message::Hello(answer));
        Some(McuEvent::Agreed(packet.session))
    }

    /// Whether a packet may be used; answers it if not.
    fn admit(&mut self, now: u64, session: SessionId, sequence: Sequence, kind: u8) -> bool {
        let admitted = match &mut self.session {
            Some(running) => running.freshness.admit(session, sequence),
            None => Err(Inadmissible::Session {
                found: session,
                expected: SessionId::NONE,
            }),
        };
        match (admitted, &mut self.session) {
            (Ok(_), Some(running)) => {
                running.heard_at = now;
                return true;
            }
            (Err(error), _) => match Status::of(&error) {
                Some(status) if is_acknowledged(kind) => self.acknowledge(now, sequence, status),
                Some(_) => {}
                None if now >= self.no_session_at => {
                    self.no_session_at = now + u64::from(HELLO_INTERVAL_MS);
                    let fault = FaultRepr {
                        code: FaultCode::NoSession,
                        detail: session.0,
                    };
                    self.send(SessionId::NONE, Message::Fault(fault));
                }
                None => {}
            },
            (Ok(_), None) => {}
        }
        false
    }

    fn judge(&mut self, now: u64, verdict: &VerdictRepr) -> (Status, Option<McuEvent>) {
        if self.held {
            return (Status::Refused(Reason::Held), None);
        }
        let uptime_ms = self.uptime_ms(now);
        let Some(running) = &mut self.session else {
            return (Status::Stale, None);
        };
        let policy = running.policy;
        match running.freshness.deadline_ms(verdict, policy, uptime_ms) {
            Ok(_) => {
                let until = now + u64::from(policy.hold_ms());
                running.drift = verdict.drift;
                self.open = verdict.judgement.committed().map(|class| (class, until));
                let event = McuEvent::Applied {
                    frame: verdict.frame,
                    judgement: verdict.judgement,
                    drift: verdict.drift,
                };
                (Status::Applied, Some(event))
            }
            Err(error) => {
                let status = Status::of(&error).unwrap_or(Status::Stale);
                if status != Status::Stale {
                    self.safe();
                }
                (status, None)
            }
        }
    }

    fn label(&mut self, piece: &LabelPieceRepr) -> (Status, Option<McuEvent>) {
        let Some(running) = &mut self.session else {
            return (Status::Stale, None);
        };
        if piece.index >= running.labels {
            return (Status::Refused(Reason::Range), None);
        }
        if piece.index >= self.config.labels {
            return (Status::Refused(Reason::Capacity), None);
        }
        match running.assembler.push(piece) {
            Ok(label) => {
                let event = label.map(|Label { index, text }| McuEvent::Label { index, text });
                (Status::Applied, event)
            }
            Err(_) => (Status::Refused(Reason::Label), None),
        }
    }

    fn command(&mut self, command: CommandRepr) -> Status {
        match command {
            CommandRepr::Hold => {
                self.held = true;
                self.safe();
            }
            CommandRepr::Resume => self.held = false,
            CommandRepr::SetPolicy(policy) => match &mut self.session {
                Some(running) if policy.is_within(running.limits) => running.policy = policy,
                _ => return Status::Refused(Reason::Range),
            },
        }
        Status::Applied
    }

    fn fault(&mut self, fault: FaultRepr) -> McuEvent {
        let harmless = matches!(
            fault.code,
            FaultCode::Watchdog | FaultCode::Line | FaultCode::Private(_)
        );
        if !harmless {
            self.safe();
        }
        McuEvent::Fault(fault)
    }

    fn refuse(&mut self, now: u64, error: &DecodeError) {
        match error {
            DecodeError::Version { .. } if now >= self.version_at => {
                self.version_at = now + u64::from(HELLO_INTERVAL_MS);
                self.wrong_version();
            }
            DecodeError::Body { header, .. }
                if header.from == Role::Host && header.kind != Kind::Hello as u8 =>
            {
                if !self.admit(now, header.session, header.sequence, header.kind) {
                    return;
                }
                if header.kind == Kind::Verdict as u8 {
                    self.safe();
                }
                let answer = AckRepr::refusal(error, self.uptime_ms(now));
                if let Some(ack) = answer.filter(|_| is_acknowledged(header.kind)) {
                    self.acknowledge(now, ack.of, ack.status);
                }
            }
            _ => {}
        }
    }

    fn wrong_version(&mut self) {
        let spoken = Versions::SPOKEN;
        let fault = FaultRepr {
            code: FaultCode::Version,
            detail: u32::from(spoken.min()) + 256 * u32::from(spoken.max()),
        };
        self.send(SessionId::NONE, Message::Fault(fault));
    }

    fn acknowledge(&mut self, now: u64, of: Sequence, status: Status) {
        let uptime_ms = self.uptime_ms(now);
        let ack = AckRepr {
            of,
            uptime_ms,
            status,
        };
        if let Some(id) = self.session() {
            self.send(id, Message::Ack(ack));
        }
    }
}

/// Hello, heartbeat and fault never are.
const fn is_acknowledged(kind: u8) -> bool {
    !matches!(
        Kind::from_code(kind),
        Some(Kind::Hello | Kind::Heartbeat | Kind::Fault)
    )
}
