//! Each hello asks for a session of its own: packet by packet.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use normgate_link::mcu::{Mcu, McuEvent};
use normgate_link::{Clock, Session, SimulatedClock, Wire};
use normgate_protocol::{
    Decoder, HelloRepr, Message, Packet, Role, Sequence, SessionId, Software, Versions,
};

use crate::bench::{Bench, LABELS, config, mcu_config};
use normgate_link::Faults;

/// What is heard is put in, what is said is taken out.
#[derive(Clone, Default)]
pub(crate) struct Script {
    heard: Rc<RefCell<Vec<u8>>>,
    said: Rc<RefCell<Vec<u8>>>,
}

impl Wire for Script {
    fn read(&mut self, bytes: &mut [u8], _: Duration) -> io::Result<usize> {
        let mut heard = self.heard.borrow_mut();
        let count = bytes.len().min(heard.len());
        bytes[..count].copy_from_slice(&heard[..count]);
        heard.drain(..count);
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.said.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn unsent(&mut self) -> io::Result<usize> {
        Ok(0)
    }

    fn reopen(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn name(&self) -> String {
        "script".to_owned()
    }
}

impl Script {
    /// What is said is heard.
    pub(crate) fn shorted() -> Self {
        let bytes = Rc::default();
        Self {
            heard: Rc::clone(&bytes),
            said: bytes,
        }
    }

    pub(crate) fn hear(&self, packet: &Packet) {
        self.hear_bytes(&packet.encode().unwrap());
    }

    pub(crate) fn hear_bytes(&self, bytes: &[u8]) {
        self.heard.borrow_mut().extend_from_slice(bytes);
    }

    pub(crate) fn said(&self) -> Vec<Packet> {
        let bytes = std::mem::take(&mut *self.said.borrow_mut());
        let mut decoder = Decoder::new();
        decoder.packets(&bytes).map(Result::unwrap).collect()
    }

    /// The session of the only hello.
    pub(crate) fn hello(&self) -> SessionId {
        let said = self.said();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(matches!(said[0].message, Message::Hello(_)), "{said:?}");
        said[0].session
    }
}

pub(crate) fn hello(from: Role, session: SessionId, sequence: u32) -> Packet {
    let (config, mcu) = (config(), mcu_config());
    Packet {
        version: 1,
        from,
        sequence: Sequence(sequence),
        session,
        message: Message::Hello(HelloRepr {
            versions: Versions::SPOKEN,
            labels: LABELS,
            software: Software {
                major: 1,
                minor: 0,
                patch: 0,
            },
            limits: config.limits.agree(mcu.limits),
            uptime_ms: 1000,
            model: config.model,
        }),
    }
}

#[test]
fn only_the_answer_to_the_last_hello_begins_a_session() {
    let line = Script::default();
    let mut session = Session::new(line.clone(), config()).unwrap();
    session.poll(0, Duration::ZERO);
    let first = line.hello();
    session.poll(499, Duration::ZERO);
    assert_eq!(line.said(), []);
    session.poll(500, Duration::ZERO);
    let second = line.hello();
    assert_eq!(second, first.next());
    // A microcontroller without a session makes the host say it at once.
    line.hear(&hello(Role::Mcu, SessionId::NONE, 7));
    session.poll(510, Duration::ZERO);
    let third = line.hello();
    assert_eq!(third, second.next());
    for late in [first, second] {
        line.hear(&hello(Role::Mcu, late, 8));
        session.poll(520, Duration::ZERO);
        assert_eq!(session.id(), None);
    }
    line.hear(&hello(Role::Mcu, third, 9));
    session.poll(530, Duration::ZERO);
    assert_eq!(session.id(), Some(third));
    // Also the next session has a new number.
    line.said();
    line.hear(&hello(Role::Mcu, SessionId::NONE, 10));
    session.poll(540, Duration::ZERO);
    assert_eq!(line.hello(), third.next());
}

#[test]
fn a_host_that_starts_anew_draws_anew() {
    let first = |seed| {
        let line = Script::default();
        let config = normgate_link::Config { seed, ..config() };
        Session::new(line.clone(), config)
            .unwrap()
            .poll(0, Duration::ZERO);
        line.hello()
    };
    assert_eq!(first(Some(5)), first(Some(5)));
    assert_ne!(first(Some(5)), first(Some(6)));
    assert_ne!(first(None), first(None));
}

#[test]
fn a_microcontroller_takes_a_hello_once() {
    let (clock, mut line) = (SimulatedClock::new(), Script::default());
    let mut mcu = Mcu::new(mcu_config());
    let mut serve = |line: &mut Script| {
        clock.advance(1);
        mcu.serve(line, &clock, Duration::ZERO).unwrap()
    };
    line.hear(&hello(Role::Host, SessionId(5), 100));
    assert_eq!(serve(&mut line), [McuEvent::Agreed(SessionId(5))]);
    line.said();
    line.hear(&hello(Role::Host, SessionId(5), 100));
    assert_eq!(serve(&mut line), []);
    assert_eq!(line.said(), []);
    line.hear(&hello(Role::Host, SessionId(6), 101));
    assert_eq!(serve(&mut line), [McuEvent::Agreed(SessionId(6))]);
    assert!(clock.now_ms() < 50);
}

/// A long way, and heartbeats that are as long.
#[test]
fn a_round_trip_longer_than_the_interval_of_hellos_keeps_a_session() {
    let faults = Faults {
        delay_ms: 600..=700,
        ..Faults::NONE
    };
    let (mut config, mut mcu) = (config(), mcu_config());
    config.limits = normgate_protocol::Limits::new(10_000, 1000).unwrap();
    mcu.limits = config.limits;
    let mut bench = Bench::of(config, mcu, faults, 1, [crate::bench::BAUD; 2]);
    bench.stream(20_000, 100, 5);
    assert_eq!(bench.session.statistics().sessions, 1);
    assert!(bench.applied.len() > 150, "{}", bench.applied.len());
}
