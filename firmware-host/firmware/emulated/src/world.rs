use normgate_protocol::{Decoder, Message, Packet, Role, SessionId, Statistics};

use crate::trace::Hardware;

/// How long a class is output, ms: the protocol's.
const HOLD_MS: u64 = 250;
/// From the last byte of a packet to what it does, ms: one tick, and a full queue of 256 bytes at 64 a tick.
pub const REACTION_MS: u64 = 6;

/// One of the gate's pins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pin {
    /// PF3.
    Open,
    /// PF1.
    Closed,
}

impl Pin {
    const fn of(number: u8) -> Option<Self> {
        match number {
            3 => Some(Self::Open),
            1 => Some(Self::Closed),
            _ => None,
        }
    }
}

/// A packet that was on the line.
#[derive(Debug, Clone, PartialEq)]
pub struct Passed {
    /// When its last byte was, ms of the board.
    pub at: u64,
    /// The packet.
    pub packet: Packet,
}

/// What was seen of a board from outside. It looks at every change whether it may be; what may not is kept in
/// [`Self::wrongs`].
#[derive(Debug, Default)]
pub struct World {
    /// Classes that open the gate.
    opens: Vec<u16>,
    /// Ms that the board counted, also over resets.
    pub now: u64,
    high: [bool; 2],
    /// Until when each pin may be high: by verdicts that came whole.
    until: [u64; 2],
    /// Times at which the pins changed, and what they were then: open, closed.
    pub edges: Vec<(u64, [bool; 2])>,
    /// Times at which the board was reset.
    pub resets: Vec<u64>,
    /// Packets of both sides, in their order.
    pub passed: Vec<Passed>,
    /// When the last byte came in.
    pub heard_at: u64,
    /// When a byte of the board's was given to the line last.
    pub said_at: u64,
    session: Option<SessionId>,
    heard: Decoder,
    said: Decoder,
    /// What must not be.
    pub wrongs: Vec<String>,
}

impl World {
    /// Of a board whose gate these classes open.
    pub fn new(opens: &[u16]) -> Self {
        Self {
            opens: opens.to_vec(),
            ..Self::default()
        }
    }

    /// Whether a pin is high.
    pub const fn is_high(&self, pin: Pin) -> bool {
        self.high[pin as usize]
    }

    /// Whether no pin is high.
    pub const fn is_safe(&self) -> bool {
        !self.is_high(Pin::Open) && !self.is_high(Pin::Closed)
    }

    /// When the pins went to safe for the last time; none if they are not.
    pub fn safe_since(&self) -> Option<u64> {
        match self.edges.last() {
            Some((at, [false, false])) => Some(*at),
            Some(_) => None,
            None => Some(0),
        }
    }

    /// What the host sent and arrived.
    pub const fn arrived(&self) -> Statistics {
        self.heard.statistics()
    }

    /// Packets of one side from place `from` of [`Self::passed`] on.
    pub fn of(&self, role: Role, from: usize) -> impl DoubleEndedIterator<Item = &Passed> {
        let passed = self.passed.get(from..).unwrap_or_default();
        passed
            .iter()
            .filter(move |passed| passed.packet.from == role)
    }

    /// Takes what the hardware did.
    pub fn see(&mut self, hardware: Hardware) {
        match hardware {
            Hardware::Millisecond => {
                self.now += 1;
                self.check_time();
            }
            Hardware::Heard(byte) => {
                self.heard_at = self.now;
                if let Some(Ok(packet)) = self.heard.feed(byte) {
                    self.arrive(packet);
                }
            }
            Hardware::Said(byte) => {
                self.said_at = self.now;
                match self.said.feed(byte) {
                    Some(Ok(packet)) => self.tell(packet),
                    // What was cut off by a reset.
                    Some(Err(_)) if self.resets.len() > 1 => {}
                    Some(Err(error)) => self.wrong(&format!("the board said {error}")),
                    None => {}
                }
            }
            Hardware::Pin { number, high } => {
                let Some(pin) = Pin::of(number) else {
                    return self.wrong(&format!("pin {number} is none of the gate's"));
                };
                self.high[pin as usize] = high;
                self.edges.push((self.now, self.high));
                if self.high == [true; 2] {
                    self.wrong("both pins are high");
                }
                self.check_time();
            }
            Hardware::Reset => {
                // Inputs, which the gate's resistors pull low.
                self.resets.push(self.now);
                self.until = [0; 2];
                self.session = None;
                if self.high != [false; 2] {
                    self.high = [false; 2];
                    self.edges.push((self.now, self.high));
                }
            }
        }
    }

    fn check_time(&mut self) {
        for pin in [Pin::Open, Pin::Closed] {
            let until = self.until[pin as usize];
            if self.is_high(pin) && self.now > until {
                self.wrong(&format!("{pin:?} is high, and may be until {until}"));
                self.until[pin as usize] = u64::MAX;
            }
        }
    }

    fn arrive(&mut self, packet: Packet) {
        if packet.from == Role::Host {
            match &packet.message {
                Message::Verdict(verdict) if self.session == Some(packet.session) => {
                    if let Some(class) = verdict.judgement.committed() {
                        let pin = if self.opens.contains(&class) {
                            Pin::Open
                        } else {
                            Pin::Closed
                        };
                        self.until[pin as usize] = self.now + HOLD_MS + REACTION_MS;
                    }
                }
                Message::Hello(_) if self.session != Some(packet.session) => {
                    self.session = Some(packet.session);
                    for until in &mut self.until {
                        *until = (*until).min(self.now + REACTION_MS);
                    }
                }
                _ => {}
            }
        }
        let at = self.now;
        self.passed.push(Passed { at, packet });
    }

    fn tell(&mut self, packet: Packet) {
        let at = self.now;
        if packet.from != Role::Mcu {
            self.wrong("the board speaks as a host");
        }
        self.passed.push(Passed { at, packet });
    }

    fn wrong(&mut self, what: &str) {
        let now = self.now;
        self.wrongs.push(format!("at {now} ms: {what}"));
    }
}
