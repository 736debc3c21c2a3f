use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;
use std::vec::Vec;

use embedded_hal::digital::{self, ErrorKind, ErrorType, OutputPin};
use embedded_hal_nb::nb;
use embedded_hal_nb::serial::{self, Write};
use heapless::spsc::Queue;
use normgate_protocol::{
    Decoder, HelloRepr, Judgement, Message, ModelHash, Packet, Raw, Role, Sequence, SessionId,
    Software, VerdictRepr, Versions,
};

use crate::product::{CONFIG, OPENS};
use crate::{Gate, Liveness, Received, Service, Watchdog};

pub(super) const SESSION: SessionId = SessionId(77);
pub(super) const IDLE_MS: u64 = 100;

/// What was done: a pin's name and level.
pub(super) type Log = Rc<RefCell<Vec<(&'static str, bool)>>>;

#[derive(Debug)]
pub(super) struct Stuck;

impl digital::Error for Stuck {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// A pin that writes down what it does, and may be stuck at low.
pub(super) struct Pin {
    pub(super) name: &'static str,
    pub(super) log: Log,
    pub(super) is_stuck: Rc<RefCell<bool>>,
}

impl Pin {
    pub(super) fn new(name: &'static str, log: &Log) -> Self {
        Self {
            name,
            log: Rc::clone(log),
            is_stuck: Rc::default(),
        }
    }
}

impl ErrorType for Pin {
    type Error = Stuck;
}

impl OutputPin for Pin {
    fn set_low(&mut self) -> Result<(), Stuck> {
        self.log.borrow_mut().push((self.name, false));
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Stuck> {
        if *self.is_stuck.borrow() {
            return Err(Stuck);
        }
        self.log.borrow_mut().push((self.name, true));
        Ok(())
    }
}

/// A watchdog that counts.
pub(super) struct Dog(Rc<RefCell<u32>>);

impl Watchdog for Dog {
    fn feed(&mut self) {
        *self.0.borrow_mut() += 1;
    }
}

/// A line that takes everything.
#[derive(Default)]
struct Line(Vec<u8>);

impl serial::ErrorType for Line {
    type Error = Infallible;
}

impl Write<u8> for Line {
    fn write(&mut self, word: u8) -> nb::Result<(), Infallible> {
        self.0.push(word);
        Ok(())
    }

    fn flush(&mut self) -> nb::Result<(), Infallible> {
        Ok(())
    }
}

/// A service on a line, with a host of a few words.
pub(super) struct Bench {
    pub(super) service: Service<Pin, Pin, Dog>,
    pub(super) log: Log,
    pub(super) open_is_stuck: Rc<RefCell<bool>>,
    pub(super) fed: Rc<RefCell<u32>>,
    pub(super) now: u64,
    pub(super) turns: u32,
    pub(super) lost: u32,
    /// Verdicts tell of a drift alarm.
    pub(super) drift: bool,
    sequence: Sequence,
    queue: Queue<u8, 512>,
    decoder: Decoder,
    pub(super) said: Vec<Message>,
}

impl Bench {
    pub(super) fn new(bitten: Option<u32>) -> Self {
        let log = Log::default();
        let fed = Rc::default();
        let open = Pin::new("open", &log);
        let open_is_stuck = Rc::clone(&open.is_stuck);
        let gate = Gate::new(open, Pin::new("closed", &log));
        let dog = Dog(Rc::clone(&fed));
        let config = normgate_mcu::McuConfig {
            labels: 4,
            ..CONFIG
        };
        Self {
            service: Service::new(config, OPENS, gate, dog, Liveness::new(IDLE_MS), bitten),
            log,
            open_is_stuck,
            fed,
            now: 0,
            turns: 0,
            lost: 0,
            drift: false,
            sequence: Sequence(5),
            queue: Queue::new(),
            decoder: Decoder::new(),
            said: Vec::new(),
        }
    }

    pub(super) fn send(&mut self, message: Message) {
        self.sequence = self.sequence.next();
        let packet = Packet {
            version: message.version_in(Versions::SPOKEN.max()),
            from: Role::Host,
            sequence: self.sequence,
            session: SESSION,
            message,
        };
        for byte in packet.encode().unwrap() {
            self.queue.enqueue(byte).unwrap();
        }
    }

    pub(super) fn hello(&mut self) {
        self.send(Message::Hello(HelloRepr {
            versions: Versions::SPOKEN,
            labels: 10,
            software: Software {
                major: 1,
                minor: 0,
                patch: 0,
            },
            limits: CONFIG.limits,
            uptime_ms: 0,
            model: ModelHash([1; 32]),
        }));
        self.run(10);
    }

    pub(super) fn verdict(&mut self, class: Option<u16>) {
        let raw = Raw::of(if class.is_some() { 7.5 } else { 5.0 }, 6.25);
        self.send(Message::Verdict(VerdictRepr {
            frame: 3,
            echo_ms: self.now as u32,
            age_ms: 2,
            judgement: Judgement::new(10, class, raw).unwrap(),
            drift: self.drift,
        }));
        self.run(10);
    }

    /// Lets time pass while the idle loop turns.
    pub(super) fn run(&mut self, ms: u64) {
        for _ in 0..ms {
            self.turns += 1;
            self.hang(1);
        }
    }

    /// Lets time pass while the idle loop stands still.
    pub(super) fn hang(&mut self, ms: u64) {
        for _ in 0..ms {
            self.now += 1;
            let (_, mut consumer) = self.queue.split();
            let received = Received {
                queue: &mut consumer,
                lost: self.lost,
                turns: self.turns,
            };
            self.service.run(self.now, received);
            let mut line = Line::default();
            self.service.transmit(&mut line);
            let said = self.decoder.packets(&line.0);
            self.said.extend(said.map(|packet| packet.unwrap().message));
        }
    }

    /// The pins as they are: open, closed.
    pub(super) fn pins(&self) -> [bool; 2] {
        let log = self.log.borrow();
        ["open", "closed"].map(|name| {
            let mut last = log.iter().rev();
            last.find(|(pin, _)| *pin == name)
                .is_some_and(|(_, high)| *high)
        })
    }
}
