//! The machine alone: what it says and keeps, whatever comes in. `normgate-link` tests its rules against a host.

use normgate_mcu::{Mcu, McuConfig, McuEvent, OUTBOX, Output, Pins};
use normgate_protocol::{
    Decoder, FaultCode, FaultRepr, HelloRepr, Judgement, Limits, Message, ModelHash, Packet, Raw,
    Role, Sequence, SessionId, Software, VerdictRepr, Versions,
};
use proptest::prelude::*;

const SESSION: SessionId = SessionId(9);

fn limits() -> Limits {
    Limits::new(300, 60).unwrap()
}

fn packet(sequence: u32, message: Message) -> Vec<u8> {
    let packet = Packet {
        version: message.version_in(2),
        from: Role::Host,
        sequence: Sequence(sequence),
        session: SESSION,
        message,
    };
    packet.encode().unwrap().to_vec()
}

fn hello() -> Vec<u8> {
    hello_of(Versions::SPOKEN)
}

fn hello_of(versions: Versions) -> Vec<u8> {
    let hello = HelloRepr {
        versions,
        labels: 10,
        software: Software {
            major: 1,
            minor: 2,
            patch: 3,
        },
        limits: limits(),
        uptime_ms: 5,
        model: ModelHash([3; 32]),
    };
    packet(1, Message::Hello(hello))
}

fn verdict(sequence: u32, echo_ms: u32, class: u16) -> Vec<u8> {
    verdict_with(sequence, echo_ms, class, false)
}

fn verdict_with(sequence: u32, echo_ms: u32, class: u16, drift: bool) -> Vec<u8> {
    let judgement = Judgement::new(10, Some(class), Raw::of(2.0, 1.0)).unwrap();
    let verdict = VerdictRepr {
        frame: 4,
        echo_ms,
        age_ms: 1,
        judgement,
        drift,
    };
    packet(sequence, Message::Verdict(verdict))
}

fn said(mcu: &mut Mcu) -> Vec<Packet> {
    let mut bytes = Vec::new();
    while let count @ 1.. = mcu.unsent().len() {
        bytes.extend_from_slice(mcu.unsent());
        mcu.sent(count);
    }
    let mut decoder = Decoder::new();
    decoder.packets(&bytes).collect::<Result<_, _>>().unwrap()
}

fn receive(mcu: &mut Mcu, now: u64, bytes: &[u8]) -> Vec<McuEvent> {
    let mut rest = bytes;
    let mut events = Vec::new();
    while !rest.is_empty() {
        let (event, after) = mcu.receive(now, rest);
        assert!(after.len() < rest.len());
        rest = after;
        events.extend(event);
    }
    events
}

#[test]
fn bytes_are_taken_up_to_the_end_of_an_envelope() {
    let mut mcu = Mcu::new(McuConfig::new(limits()));
    let both = [hello(), verdict(2, 10, 3)].concat();
    let (event, rest) = mcu.receive(10, &both);
    assert_eq!(event, Some(McuEvent::Agreed(SESSION)));
    // The first delimiter of the next envelope is left, with all of it.
    assert_eq!(rest, verdict(2, 10, 3));
    let (event, rest) = mcu.receive(10, rest);
    assert!(matches!(event, Some(McuEvent::Applied { frame: 4, .. })));
    assert_eq!((mcu.output(10), rest.len()), (Output::Class(3), 0));
}

#[test]
fn what_finds_no_room_is_left_out_whole_and_counted() {
    let mut mcu = Mcu::new(McuConfig::new(limits()));
    receive(&mut mcu, 0, &hello());
    let answers = 50;
    for sequence in 2..2 + answers {
        receive(&mut mcu, 0, &verdict(sequence, 0, 3));
    }
    let unsaid = mcu.unsaid();
    let packets = said(&mut mcu);
    assert!(unsaid > 0 && packets.len() > 3);
    assert_eq!(packets.len() as u32 + unsaid, 1 + answers);
    // After that there is room.
    receive(&mut mcu, 0, &verdict(100, 0, 3));
    assert_eq!((said(&mut mcu).len(), mcu.unsaid()), (1, unsaid));
}

#[test]
fn a_fault_is_told_in_the_session_and_without_one() {
    let mut mcu = Mcu::new(McuConfig::new(limits()));
    let fault = FaultRepr {
        code: FaultCode::Output,
        detail: 6,
    };
    for session in [SessionId::NONE, SESSION] {
        mcu.report(fault);
        let packets = said(&mut mcu);
        let [packet] = packets.as_slice() else {
            panic!("{packets:?}");
        };
        assert_eq!(
            (packet.session, &packet.message),
            (session, &Message::Fault(fault))
        );
        receive(&mut mcu, 0, &hello());
        said(&mut mcu);
    }
}

#[test]
fn drift_is_what_the_last_applied_verdict_says_and_moves_no_pin() {
    let mut mcu = Mcu::new(McuConfig::new(limits()));
    receive(&mut mcu, 0, &hello());
    assert!(!mcu.drift());
    for (sequence, drift) in [(2, true), (3, false), (4, true)] {
        let now = u64::from(sequence);
        let events = receive(&mut mcu, now, &verdict_with(sequence, 0, 3, drift));
        assert!(
            matches!(events[..], [McuEvent::Applied { drift: told, .. }] if told == drift),
            "{events:?}"
        );
        assert_eq!((mcu.drift(), mcu.output(now)), (drift, Output::Class(3)));
    }
    // Too old: nothing of it is used.
    receive(&mut mcu, 900, &verdict_with(5, 0, 3, false));
    assert!(mcu.drift());
    // Its hold is over, and the alarm is still what was said last.
    mcu.tick(900);
    assert_eq!((mcu.drift(), mcu.output(900)), (true, Output::Safe));
    mcu.restart(901);
    assert!(!mcu.drift());
    receive(&mut mcu, 901, &hello());
    assert!(!mcu.drift());
}

#[test]
fn packets_have_the_version_that_is_agreed() {
    use normgate_protocol::Kind::{Ack, Fault, Heartbeat, Hello};
    for (max, agreed) in [(1, 1), (2, 2), (9, 2)] {
        let mut mcu = Mcu::new(McuConfig::new(limits()));
        mcu.tick(0);
        receive(&mut mcu, 0, &verdict(1, 0, 3));
        let before = said(&mut mcu);
        assert!(
            before.iter().all(|packet| packet.version == 1),
            "{before:?}"
        );
        assert_eq!(before.len(), 2, "{before:?}");
        receive(&mut mcu, 0, &hello_of(Versions::new(1, max).unwrap()));
        mcu.tick(0);
        receive(&mut mcu, 0, &verdict(2, 0, 3));
        mcu.tick(1000);
        let packets = said(&mut mcu);
        let versions: Vec<_> = packets
            .iter()
            .map(|packet| (packet.message.kind(), packet.version))
            .collect();
        // A hello has the lowest, also where a session has just begun or ended.
        assert_eq!(
            versions,
            [
                (Hello, 1),
                (Heartbeat, agreed),
                (Ack, agreed),
                (Fault, agreed),
                (Hello, 1)
            ]
        );
    }
}

#[test]
fn a_host_without_a_common_version_gets_no_session() {
    let mut mcu = Mcu::new(McuConfig::new(limits()));
    receive(&mut mcu, 0, &hello_of(Versions::new(3, 9).unwrap()));
    let fault = FaultRepr {
        code: FaultCode::Version,
        detail: 1 + 256 * 2,
    };
    let packets = said(&mut mcu);
    let [packet] = packets.as_slice() else {
        panic!("{packets:?}");
    };
    assert_eq!(packet.message, Message::Fault(fault));
    assert_eq!((packet.version, mcu.session()), (1, None));
}

#[test]
fn each_output_has_its_pin() {
    for (output, opens, pins) in [
        (Output::Safe, None, Pins::Safe),
        (Output::Safe, Some([0_u16, 1].as_slice()), Pins::Safe),
        (Output::Class(1), Some([0, 1].as_slice()), Pins::Open),
        (Output::Class(2), Some([0, 1].as_slice()), Pins::Closed),
        (Output::Class(2), Some([].as_slice()), Pins::Closed),
        (Output::Class(2), None, Pins::Open),
    ] {
        assert_eq!(output.pins(opens), pins);
    }
}

proptest! {
    /// Anything in, in any pieces, a line that takes what it likes: what is said is whole packets in their order, and
    /// nothing is output without a verdict.
    #[test]
    fn anything_may_come(
        pieces in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..100),
                Just(hello()),
                (2..1000_u32, 0..200_u32, 0..10_u16, any::<bool>())
                    .prop_map(|(at, echo, class, drift)| verdict_with(at, echo, class, drift)),
            ],
            0..40,
        ),
        step in 1..70_usize,
        takes in 0..400_usize,
    ) {
        let mut mcu = Mcu::new(McuConfig::new(limits()));
        let mut decoder = Decoder::new();
        let (mut written, mut now, mut applied) = (Vec::new(), 0, false);
        for piece in pieces.concat().chunks(step) {
            now += 3;
            mcu.tick(now);
            for event in receive(&mut mcu, now, piece) {
                if let McuEvent::Applied { drift, .. } = event {
                    applied = true;
                    prop_assert_eq!(mcu.drift(), drift);
                }
            }
            prop_assert!(applied || !mcu.drift());
            prop_assert!(applied || mcu.output(now) == Output::Safe);
            let count = takes.min(mcu.unsent().len());
            prop_assert!(count <= OUTBOX);
            written.extend_from_slice(&mcu.unsent()[..count]);
            mcu.sent(count);
        }
        let packets: Vec<_> = decoder.packets(&written).collect();
        let newest = |packet: &Packet| packet.sequence.0.wrapping_sub(0xFFFF_FFF0);
        let packets: Result<Vec<_>, _> = packets.into_iter().collect();
        prop_assert!(packets.is_ok(), "{packets:?}");
        prop_assert!(packets.unwrap().is_sorted_by(|a, b| newest(a) < newest(b)));
    }
}
