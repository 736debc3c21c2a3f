use std::io;
use std::time::Duration;

use normgate_protocol::{
    DecodeError, Decoder, MAX_ENVELOPE, Message, Packet, Role, Sequence, SessionId, Versions,
};

use super::{Phase, Session};
use crate::error::{Ended, Problem};
use crate::event::Event;
use crate::wire::Wire;

/// First and longest time from one try to open the line to the next, ms; each is twice the one before.
const REOPEN_MS: u64 = 100;
const REOPEN_MS_MAX: u64 = 5000;

/// Bytes that wait at most for a line that takes none; what is more is not sent.
const OUTBOX: usize = 16 * MAX_ENVELOPE;

/// The line with its two ends: packets out, packets in.
#[derive(Debug)]
pub(super) struct Line<W> {
    pub(super) wire: W,
    pub(super) decoder: Decoder,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    /// Version of the protocol that packets go out under: in a session as agreed, else the lowest spoken.
    pub(super) version: u8,
    newest: Sequence,
    outbox: Vec<u8>,
    reopen_ms: u64,
    was_open: bool,
}

impl<W: Wire> Line<W> {
    pub(super) const fn new(wire: W, newest: Sequence) -> Self {
        Self {
            wire,
            decoder: Decoder::new(),
            bytes_in: 0,
            bytes_out: 0,
            version: Versions::SPOKEN.min(),
            newest,
            outbox: Vec::new(),
            reopen_ms: REOPEN_MS,
            was_open: false,
        }
    }

    /// The number that the packet got; none if the line takes no more or the message cannot be said.
    pub(super) fn send(&mut self, session: SessionId, message: Message) -> Option<Sequence> {
        if self.outbox.len() + MAX_ENVELOPE > OUTBOX {
            return None;
        }
        let packet = Packet {
            version: message.version_in(self.version),
            from: Role::Host,
            sequence: self.newest.next(),
            session,
            message,
        };
        let envelope = packet.encode().ok()?;
        self.newest = packet.sequence;
        self.outbox.extend_from_slice(&envelope);
        Some(packet.sequence)
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        while !self.outbox.is_empty() {
            let count = self.wire.write(&self.outbox)?.min(self.outbox.len());
            if count == 0 {
                break;
            }
            self.outbox.drain(..count);
            self.bytes_out += count as u64;
        }
        Ok(())
    }

    /// Whether a verdict given now would be on the line soon: no more than an envelope waits before it.
    pub(super) fn has_room(&mut self) -> io::Result<bool> {
        Ok(self.outbox.len() + self.wire.unsent()? <= MAX_ENVELOPE)
    }

    /// What waits is of a session that is over.
    pub(super) fn clear(&mut self) {
        self.outbox.clear();
    }

    /// A session was agreed, so the line is worth trying at once when it breaks.
    pub(super) const fn proved(&mut self) {
        self.reopen_ms = REOPEN_MS;
    }
}

impl<W: Wire> Session<W> {
    pub(super) fn open(&mut self, now: u64) {
        if let Err(error) = self.line.wire.reopen() {
            self.close_line(now, &error);
            return;
        }
        if self.line.was_open {
            self.statistics.reconnects += 1;
        }
        self.line.was_open = true;
        self.decoder().reset();
        self.line.clear();
        self.events.push(Event::Opened);
        self.quiet_from(now);
        self.greet(now);
    }

    pub(super) fn close_line(&mut self, now: u64, error: &io::Error) {
        if matches!(self.phase, Phase::Agreed(_)) {
            self.leave(Ended::Wire);
        }
        self.line.clear();
        self.phase = Phase::Closed {
            retry_at: now + self.line.reopen_ms,
        };
        self.line.reopen_ms = (2 * self.line.reopen_ms).min(REOPEN_MS_MAX);
        let problem = Problem::Wire {
            wire: self.line.wire.name(),
            cause: error.to_string(),
        };
        self.tell(problem);
    }

    pub(super) fn listen(&mut self, now: u64, wait: Duration) {
        let mut bytes = [0; 1024];
        let mut wait = wait;
        // A line that never runs dry must not keep the caller.
        for _ in 0..8 {
            if !self.is_open() {
                return;
            }
            let count = match self.line.wire.read(&mut bytes, wait) {
                Ok(0) => return,
                Ok(count) => count.min(bytes.len()),
                Err(error) => return self.close_line(now, &error),
            };
            self.line.bytes_in += count as u64;
            let mut rest = bytes.get(..count).unwrap_or_default();
            while let (Some(result), after) = self.line.decoder.push(rest) {
                rest = after;
                self.take(now, result);
            }
            wait = Duration::ZERO;
        }
    }

    fn take(&mut self, now: u64, result: Result<Packet, DecodeError>) {
        let from = match &result {
            Ok(packet) => Some(packet.from),
            Err(DecodeError::Body { header, .. }) => Some(header.from),
            Err(_) => None,
        };
        if from == Some(Role::Host) {
            self.statistics.echoes += 1;
            return;
        }
        match result {
            Ok(packet) => self.receive(now, packet),
            Err(DecodeError::Version { found }) => self.wrong_version(now, found),
            Err(DecodeError::Body { header, .. }) => self.refused(now, &header),
            Err(_) => {}
        }
    }
}
