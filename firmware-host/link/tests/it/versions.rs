//! Each side with another that speaks fewer versions.

use std::time::Duration;

use normgate_link::mcu::{Mcu, McuEvent, Output};
use normgate_link::{Clock, Ended, Event, Session, SimulatedClock, Verdict};
use normgate_protocol::crc::{checksum, to_wire};
use normgate_protocol::{
    FaultCode, FaultRepr, HeartbeatRepr, Message, Packet, Role, Sequence, SessionId, State,
    VerdictRepr, Versions,
};

use crate::bench::{config, judgement, mcu_config};
use crate::greeting::{Script, hello};

fn of(versions: Versions, mut hello: Packet) -> Packet {
    if let Message::Hello(hello) = &mut hello.message {
        hello.versions = versions;
    }
    hello
}

fn only(version: u8) -> Versions {
    Versions::new(1, version).unwrap()
}

/// What a host says in a session with a microcontroller of these versions, while a drift alarm stands.
fn said_to(versions: Versions) -> Vec<Packet> {
    let line = Script::default();
    let mut session = Session::new(line.clone(), config()).unwrap();
    session.poll(0, Duration::ZERO);
    line.hear(&of(versions, hello(Role::Mcu, line.hello(), 7)));
    session.poll(1, Duration::ZERO);
    for now in 2..40 {
        let verdict = Verdict {
            frame: now,
            captured_ms: now,
            judgement: judgement(now),
            drift: true,
        };
        session.offer(verdict).unwrap();
        session.poll(now, Duration::ZERO);
    }
    line.said()
}

fn verdicts(packets: &[Packet]) -> Vec<VerdictRepr> {
    let verdict = |packet: &Packet| match packet.message {
        Message::Verdict(verdict) => Some(verdict),
        _ => None,
    };
    packets.iter().filter_map(verdict).collect()
}

/// One that refuses the flag, and with it the verdict, would close the gate for as long as the alarm stands.
#[test]
fn a_microcontroller_of_version_1_gets_the_verdicts_without_drift() {
    let packets = said_to(only(1));
    assert!(packets.iter().all(|packet| packet.version == 1));
    let verdicts = verdicts(&packets);
    assert!(verdicts.len() > 30, "{}", verdicts.len());
    for verdict in verdicts {
        assert!(!verdict.drift);
        assert_eq!(verdict.judgement, judgement(verdict.frame));
    }
}

#[test]
fn one_of_version_2_or_later_is_told_of_it() {
    for max in [2, 3, 255] {
        let packets = said_to(only(max));
        assert!(packets.iter().all(|packet| packet.version == 2));
        let verdicts = verdicts(&packets);
        assert!(verdicts.len() > 30 && verdicts.iter().all(|verdict| verdict.drift));
    }
}

/// Another firmware is loaded while the host runs.
#[test]
fn the_next_session_may_be_of_another_version() {
    let line = Script::default();
    let mut session = Session::new(line.clone(), config()).unwrap();
    session.poll(0, Duration::ZERO);
    for (n, max) in [2_u8, 1, 2].into_iter().enumerate() {
        let now = 100 * n as u64 + 10;
        let greeting = line.said().pop().unwrap();
        assert_eq!(greeting.version, 1);
        let answer = hello(Role::Mcu, greeting.session, now as u32);
        line.hear(&of(only(max), answer));
        session.poll(now, Duration::ZERO);
        session
            .offer(Verdict {
                frame: now,
                captured_ms: now,
                judgement: judgement(1),
                drift: true,
            })
            .unwrap();
        session.poll(now + 1, Duration::ZERO);
        let packets = line.said();
        assert!(packets.iter().all(|packet| packet.version == max));
        let told: Vec<_> = verdicts(&packets).iter().map(|v| v.drift).collect();
        assert_eq!(told, [max == 2]);
        line.hear(&hello(Role::Mcu, SessionId::NONE, 1));
        let events = session.poll(now + 2, Duration::ZERO);
        assert!(
            events.contains(&Event::Ended(Ended::Restarted)),
            "{events:?}"
        );
    }
}

/// Also after a session of a later version: before the next one it is not known who listens.
#[test]
fn a_fault_outside_of_a_session_has_the_lowest_version() {
    let line = Script::default();
    let mut session = Session::new(line.clone(), config()).unwrap();
    session.poll(0, Duration::ZERO);
    line.hear(&hello(Role::Mcu, line.hello(), 7));
    session.poll(1, Duration::ZERO);
    // A packet of version 3: 17 bytes without a zero.
    let mut stuffed = [1; 18];
    stuffed[..3].copy_from_slice(&[18, 3, 0x84]);
    let later = [&[0], stuffed.as_slice(), &to_wire(checksum(&stuffed)), &[0]].concat();
    let mut found = Vec::new();
    for now in [2, 1000] {
        line.hear_bytes(&later);
        session.poll(now, Duration::ZERO);
        found.extend(
            line.said()
                .into_iter()
                .filter_map(|packet| match packet.message {
                    Message::Fault(fault) => Some((packet.version, fault)),
                    _ => None,
                }),
        );
        line.hear(&hello(Role::Mcu, SessionId::NONE, 8));
        session.poll(now + 1, Duration::ZERO);
        line.said();
    }
    let fault = FaultRepr {
        code: FaultCode::Version,
        detail: 1 + 256 * 2,
    };
    assert_eq!(found, [(2, fault), (1, fault)]);
}

/// A host of version 1 is answered in its version, and its verdicts move the gate.
#[test]
fn a_host_of_version_1_has_its_gate() {
    let (clock, mut line) = (SimulatedClock::new(), Script::default());
    let mut mcu = Mcu::new(mcu_config());
    let id = SessionId(5);
    line.hear(&of(only(1), hello(Role::Host, id, 100)));
    mcu.serve(&mut line, &clock, Duration::ZERO).unwrap();
    let echo_ms = mcu_config().uptime_ms;
    let in_session = |sequence, message| Packet {
        version: 1,
        from: Role::Host,
        sequence: Sequence(sequence),
        session: id,
        message,
    };
    line.hear(&in_session(
        101,
        Message::Verdict(VerdictRepr {
            frame: 1,
            echo_ms,
            age_ms: 5,
            judgement: judgement(1),
            drift: false,
        }),
    ));
    line.hear(&in_session(
        102,
        Message::Heartbeat(HeartbeatRepr {
            uptime_ms: 0,
            last_seen: Sequence(0),
            state: State::Active,
        }),
    ));
    clock.advance(1);
    let events = mcu.serve(&mut line, &clock, Duration::ZERO).unwrap();
    assert!(
        matches!(
            events[..],
            [McuEvent::Applied {
                frame: 1,
                drift: false,
                ..
            }]
        ),
        "{events:?}"
    );
    assert_eq!(mcu.output(clock.now_ms()), Output::Class(1));
    let packets = line.said();
    assert!(packets.len() >= 3 && packets.iter().all(|packet| packet.version == 1));
}
