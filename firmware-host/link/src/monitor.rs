use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use normgate_protocol::labels::Assembler;
use normgate_protocol::{
    DecodeError, Decoder, Message, Packet, Role, Sequence, SessionId, Statistics,
};

use crate::clock::Clock;
use crate::wire::Wire;
use crate::words::Words;

/// How long nothing, or nothing of use, may be heard before a hint is given, ms.
const PATIENCE_MS: u64 = 3000;

/// From one try to open the line to the next.
const REOPEN: Duration = Duration::from_millis(500);

const LISTEN: Duration = Duration::from_millis(100);

/// Reads along on a line and says what it hears: a line of text for each packet and each error. It says nothing itself.
#[derive(Debug, Default)]
pub struct Monitor {
    decoder: Decoder,
    assembler: Assembler,
    /// Labels of the session, as they were heard.
    labels: BTreeMap<u16, String>,
    /// The newest packet of the host and of the microcontroller, and its session.
    newest: [Option<(SessionId, Sequence)>; 2],
    bytes: u64,
}

impl Monitor {
    /// One that has heard nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes as they come, heard at `at_ms`; gives lines without line ends. No line has a control character.
    pub fn hear(&mut self, at_ms: u64, bytes: &[u8]) -> Vec<String> {
        self.bytes += bytes.len() as u64;
        let mut lines = Vec::new();
        let mut rest = bytes;
        while let (Some(result), after) = self.decoder.push(rest) {
            rest = after;
            let line = match result {
                Ok(packet) => self.packet(&packet),
                Err(error) => error_line(&error),
            };
            lines.push(format!("{:>10} {line}", seconds(at_ms)));
        }
        lines
    }

    /// Forgets the envelope that has begun, as after the line was opened anew.
    pub fn reset(&mut self) {
        self.decoder.reset();
    }

    /// Packets and errors so far.
    pub const fn statistics(&self) -> Statistics {
        self.decoder.statistics()
    }

    /// All of it in one line.
    pub fn summary(&self) -> String {
        let Statistics {
            good,
            crc,
            framing,
            overlong,
            version,
            refused,
        } = self.statistics();
        format!(
            "{} bytes, {good} packets; errors: {crc} crc, {framing} framing, {overlong} overlong, {version} version, \
             {refused} refused",
            self.bytes
        )
    }

    /// What may be wrong if no packet was heard for a while.
    pub const fn hint(&self) -> Option<&'static str> {
        match (self.bytes, self.statistics().good) {
            (_, 1..) => None,
            (0, 0) => Some(
                "nothing heard: is the other side powered, and its TX connected to this port's RX?",
            ),
            (_, 0) => Some("no packet in what is heard: is the baud rate the other side's?"),
        }
    }

    fn packet(&mut self, packet: &Packet) -> String {
        let missing = self.missing(packet);
        let mut line = head(packet.from, packet.sequence, packet.session);
        // Writing to a string does not fail.
        let _ = match &packet.message {
            Message::Hello(hello) => {
                if packet.from == Role::Host {
                    self.labels.clear();
                }
                write!(line, "hello      {}", Words(hello))
            }
            Message::Label(piece) => {
                if let Ok(Some(label)) = self.assembler.push(piece) {
                    self.labels
                        .insert(label.index, label.text.as_str().to_owned());
                }
                write!(line, "label      {}", Words(piece))
            }
            Message::Verdict(verdict) => {
                let class = verdict.judgement.committed();
                let label = class.and_then(|class| self.labels.get(&class));
                let judgement = Words((verdict.judgement, label.map(String::as_str)));
                let drift = if verdict.drift { ", drift alarm" } else { "" };
                write!(
                    line,
                    "verdict    frame {}: {judgement}{drift}, {} ms old, echo {} ms",
                    verdict.frame, verdict.age_ms, verdict.echo_ms
                )
            }
            Message::Heartbeat(heartbeat) => write!(line, "heartbeat  {}", Words(heartbeat)),
            Message::Ack(ack) => write!(line, "ack        {}", Words(ack)),
            Message::Command(command) => write!(line, "command    {}", Words(*command)),
            Message::Fault(fault) => write!(line, "fault      {}", Words(*fault)),
        };
        if missing > 0 {
            let _ = write!(line, " ({missing} packets before it are missing)");
        }
        line
    }

    /// Packets of this sender that were not heard since its last one, if the two are of one session.
    fn missing(&mut self, packet: &Packet) -> u32 {
        let [host, mcu] = &mut self.newest;
        let newest = match packet.from {
            Role::Host => host,
            Role::Mcu => mcu,
        };
        let before = newest.replace((packet.session, packet.sequence));
        match before {
            Some((session, sequence))
                if session == packet.session && packet.sequence.is_newer_than(sequence) =>
            {
                packet.sequence.ahead_of(sequence) - 1
            }
            _ => 0,
        }
    }
}

pub(crate) fn seconds(at_ms: u64) -> String {
    format!("{}.{:03}", at_ms / 1000, at_ms % 1000)
}

fn head(from: Role, sequence: Sequence, session: SessionId) -> String {
    let from = match from {
        Role::Host => "host",
        Role::Mcu => "mcu ",
    };
    let session = if session.is_some() {
        format!("{:08x}", session.0)
    } else {
        "--------".to_owned()
    };
    format!("{from} #{:<10} {session} ", sequence.0)
}

fn error_line(error: &DecodeError) -> String {
    match error {
        DecodeError::Body { header, error } => {
            let head = head(header.from, header.sequence, header.session);
            format!("{head}refused    type {:#04x}: {error}", header.kind)
        }
        _ => format!("---- damaged: {error}"),
    }
}

/// Opens a line and writes what is heard on it to `out`, until `stop` says so: asked at least every 500 ms. A line that
/// breaks or is not there is tried again; that is a line in `out`, too.
///
/// # Errors
/// Those of `out` only.
pub fn watch(
    wire: &mut impl Wire,
    clock: &impl Clock,
    out: &mut impl io::Write,
    mut stop: impl FnMut() -> bool,
) -> io::Result<()> {
    let mut monitor = Monitor::new();
    let mut opened_at = None;
    let mut told = None;
    let mut hinted = false;
    let mut bytes = [0; 1024];
    while !stop() {
        let now = clock.now_ms();
        let Some(since) = opened_at else {
            match wire.reopen() {
                Ok(()) => {
                    writeln!(
                        out,
                        "{:>10} ---- listening to {}",
                        seconds(now),
                        wire.name()
                    )?;
                    monitor.reset();
                    (opened_at, told, hinted) = (Some(now), None, false);
                }
                Err(error) => {
                    complain(out, now, wire, &error, &mut told)?;
                    clock.sleep(REOPEN);
                }
            }
            out.flush()?;
            continue;
        };
        match wire.read(&mut bytes, LISTEN) {
            Ok(count) => {
                let heard = bytes.get(..count).unwrap_or_default();
                for line in monitor.hear(clock.now_ms(), heard) {
                    writeln!(out, "{line}")?;
                }
            }
            Err(error) => {
                complain(out, now, wire, &error, &mut told)?;
                opened_at = None;
            }
        }
        if !hinted && now.saturating_sub(since) >= PATIENCE_MS {
            hinted = true;
            if let Some(hint) = monitor.hint() {
                writeln!(out, "{:>10} ---- {hint}", seconds(now))?;
            }
        }
        out.flush()?;
    }
    writeln!(
        out,
        "{:>10} ---- {}",
        seconds(clock.now_ms()),
        monitor.summary()
    )?;
    out.flush()
}

/// Each error is told once until it is another.
fn complain(
    out: &mut impl io::Write,
    now: u64,
    wire: &impl Wire,
    error: &io::Error,
    told: &mut Option<String>,
) -> io::Result<()> {
    let cause = error.to_string();
    if told.as_ref() != Some(&cause) {
        writeln!(out, "{:>10} ---- {}: {cause}", seconds(now), wire.name())?;
        *told = Some(cause);
    }
    Ok(())
}
