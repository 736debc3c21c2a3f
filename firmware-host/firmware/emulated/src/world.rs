use normgate_protocol::{Decoder, Message, Packet, Role, SessionId, Statistics};

use crate::trace::Hardware;

/// How long a class is output, ms: the protocol's.
const HOLD_MS: u64 = 250;
/// From the last byte of a packet to what it does, ms: a queue of 512 bytes at 32 a tick, and
/// what is left of a tick.
pub const REACTION_MS: u64 = 18;

/// A time on the board, as two counts of its milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moment {
    /// All, also those in which the emulated processor stood still. No more have passed.
    pub all: u64,
    /// Those in which the emulated processor ran: at the end of each it took the timer's interrupt before the next end.
    /// No fewer have passed for the firmware. A machine that is too slow lets the board sleep over many.
    pub ran: u64,
}

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
    /// When its last byte was.
    pub at: Moment,
    /// The packet.
    pub packet: Packet,
}

/// A reset of the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reset {
    /// When.
    pub at: Moment,
    /// How many changes of the pins were before it: the one that it makes is the next in [`World::edges`].
    pub edges: usize,
    /// How many packets were before it.
    pub passed: usize,
}

/// What was seen of a board from outside. It looks at every change whether it may be; what may not is kept in
/// [`Self::wrongs`].
#[derive(Debug, Default)]
pub struct World {
    /// Classes that open the gate.
    opens: Vec<u16>,
    /// Time since the start, also over resets.
    pub now: Moment,
    /// The firmware took the timer's last interrupt.
    taken: bool,
    high: [bool; 2],
    /// Until when each pin may be high, ms that the processor ran: by verdicts that came whole.
    until: [u64; 2],
    /// Times at which the pins changed, and what they were then: open, closed.
    pub edges: Vec<(Moment, [bool; 2])>,
    /// Resets of the board, the first when it was switched on.
    pub resets: Vec<Reset>,
    /// Packets of both sides, in their order.
    pub passed: Vec<Passed>,
    /// When the last byte came in.
    pub heard_at: Moment,
    /// When a byte of the board's was given to the line last.
    pub said_at: Moment,
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
    pub fn safe_since(&self) -> Option<Moment> {
        match self.edges.last() {
            Some((at, [false, false])) => Some(*at),
            Some(_) => None,
            None => Some(Moment::default()),
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
                self.now.all += 1;
                self.now.ran += u64::from(self.taken);
                self.taken = false;
                self.check_time();
            }
            Hardware::Taken => self.taken = true,
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
                self.resets.push(Reset {
                    at: self.now,
                    edges: self.edges.len(),
                    passed: self.passed.len(),
                });
                self.until = [0; 2];
                self.session = None;
                // What was half said is no packet, even if the next delimiter would end it.
                self.said.reset();
                self.heard.reset();
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
            if self.is_high(pin) && self.now.ran > until {
                self.wrong(&format!("{pin:?} is high, and may be until {until}"));
                self.until[pin as usize] = u64::MAX;
            }
        }
    }

    fn arrive(&mut self, packet: Packet) {
        if packet.from == Role::Host
            && self.session == Some(packet.session)
            && let Message::Verdict(verdict) = &packet.message
            && let Some(class) = verdict.judgement.committed()
        {
            let pin = if self.opens.contains(&class) {
                Pin::Open
            } else {
                Pin::Closed
            };
            self.until[pin as usize] = self.now.ran + HOLD_MS + REACTION_MS;
        }
        let at = self.now;
        self.passed.push(Passed { at, packet });
    }

    fn tell(&mut self, packet: Packet) {
        let at = self.now;
        if packet.from != Role::Mcu {
            self.wrong("the board speaks as a host");
        }
        // A session begins with its answer: the hello itself may have been lost in a full queue.
        if packet.session.is_some() && matches!(packet.message, Message::Hello(_)) {
            self.session = Some(packet.session);
            self.until = self.until.map(|until| until.min(self.now.ran));
        }
        self.passed.push(Passed { at, packet });
    }

    fn wrong(&mut self, what: &str) {
        let Moment { all, ran } = self.now;
        self.wrongs.push(format!("at {all} ms ({ran}): {what}"));
    }
}

#[cfg(test)]
mod tests {
    use normgate_protocol::{Judgement, Raw, Sequence, VerdictRepr};

    use super::*;

    const OPEN: u8 = 3;
    const CLOSED: u8 = 1;

    fn pass_by(world: &mut World, from: Role, sequence: u32, message: Message) {
        let packet = Packet {
            version: message.version_in(2),
            from,
            sequence: Sequence(sequence),
            session: SessionId(4),
            message,
        };
        for byte in packet.encode().unwrap() {
            world.see(match from {
                Role::Host => Hardware::Heard(byte),
                Role::Mcu => Hardware::Said(byte),
            });
        }
    }

    fn hello(world: &mut World) {
        use normgate_protocol::{HelloRepr, Limits, ModelHash, Software, Versions};
        let hello = HelloRepr {
            versions: Versions::SPOKEN,
            labels: 10,
            software: Software {
                major: 1,
                minor: 0,
                patch: 0,
            },
            limits: Limits::new(300, 60).unwrap(),
            uptime_ms: 0,
            model: ModelHash([0; 32]),
        };
        pass_by(world, Role::Host, 1, Message::Hello(hello));
        pass_by(world, Role::Mcu, 1, Message::Hello(hello));
    }

    fn verdict(world: &mut World, class: Option<u16>) {
        let judgement = Judgement::new(10, class, Raw::of(2.0, 1.0)).unwrap();
        let verdict = VerdictRepr {
            frame: 0,
            echo_ms: 0,
            age_ms: 0,
            judgement,
            drift: true,
        };
        pass_by(world, Role::Host, 2, Message::Verdict(verdict));
    }

    fn pin(world: &mut World, number: u8, high: bool) {
        world.see(Hardware::Pin { number, high });
    }

    fn pass(world: &mut World, ms: u64) {
        for _ in 0..ms {
            world.see(Hardware::Taken);
            world.see(Hardware::Millisecond);
        }
    }

    /// A board in a session, whose host said class 1, which opens.
    fn opened() -> World {
        let mut world = World::new(&[1]);
        hello(&mut world);
        verdict(&mut world, Some(1));
        pin(&mut world, OPEN, true);
        world
    }

    #[test]
    fn what_may_be_is_not_wrong() {
        let mut world = opened();
        pass(&mut world, HOLD_MS);
        pin(&mut world, OPEN, false);
        verdict(&mut world, Some(2));
        pin(&mut world, CLOSED, true);
        pass(&mut world, 100);
        world.see(Hardware::Reset);
        assert!(world.is_safe());
        pass(&mut world, 1000);
        assert_eq!(world.wrongs, Vec::<String>::new());
    }

    #[test]
    fn what_may_not_be_is_found() {
        let both: fn(&mut World) = |world| {
            verdict(world, Some(2));
            pin(world, CLOSED, true);
        };
        let too_long = |world: &mut World| pass(world, HOLD_MS + REACTION_MS + 1);
        let unasked = |world: &mut World| {
            pin(world, OPEN, false);
            pin(world, CLOSED, true);
        };
        let after_a_reset = |world: &mut World| {
            world.see(Hardware::Reset);
            pin(world, OPEN, true);
        };
        let after_a_hello = |world: &mut World| {
            hello(world);
            pass(world, 1);
        };
        let another_pin = |world: &mut World| pin(world, 0, true);
        for (what, act) in [
            ("both", both),
            ("too long", too_long),
            ("unasked", unasked),
            ("after a reset", after_a_reset),
            ("after a hello", after_a_hello),
            ("another pin", another_pin),
        ] {
            let mut world = opened();
            pass(&mut world, 20);
            act(&mut world);
            assert_eq!(world.wrongs.len(), 1, "{what}: {:?}", world.wrongs);
        }
    }

    #[test]
    fn a_machine_that_is_too_slow_moves_no_deadline() {
        let mut world = opened();
        pass(&mut world, HOLD_MS - 1);
        // The emulator lets the processor sleep over these.
        for _ in 0..100 {
            world.see(Hardware::Millisecond);
        }
        assert_eq!(world.now.all, world.now.ran + 100);
        assert_eq!(world.wrongs, Vec::<String>::new());
        pass(&mut world, REACTION_MS + 2);
        assert_eq!(world.wrongs.len(), 1);
    }
}
