//! What a decoder would refuse is not sent, and what is refused is answered.

use normgate_protocol::{
    AckRepr, BodyError, DecodeError, Decoder, FaultCode, FaultRepr, HelloRepr, Judgement,
    LabelPieceRepr, Limits, Message, ModelHash, Packet, PrivateFault, Raw, Reason, Role, Sequence,
    SessionId, Software, Status, VerdictRepr, VerdictView, Versions,
};
use proptest::prelude::*;

use crate::{cases, strategies};

fn sent(from: Role, session: u32, message: Message) -> Result<(), BodyError> {
    sent_in(message.version_in(1), from, session, message)
}

fn sent_in(version: u8, from: Role, session: u32, message: Message) -> Result<(), BodyError> {
    let (sequence, session) = (Sequence(1), SessionId(session));
    Packet {
        version,
        from,
        sequence,
        session,
        message,
    }
    .encode()
    .map(|_| ())
}

fn hello(labels: u16) -> Message {
    Message::Hello(HelloRepr {
        versions: Versions::SPOKEN,
        labels,
        software: Software::default(),
        limits: Limits::new(300, 50).unwrap(),
        uptime_ms: 0,
        model: ModelHash::NONE,
    })
}

fn piece(index: u16, offset: u8, text: &[u8]) -> Message {
    let text = text.iter().copied().collect();
    Message::Label(LabelPieceRepr {
        index,
        offset,
        last: true,
        text,
    })
}

#[test]
fn what_breaks_a_rule_is_not_sent() {
    assert_eq!(
        sent(Role::Host, 1, hello(1)),
        Err(BodyError::Labels { found: 1 })
    );
    assert_eq!(
        sent(Role::Host, 1, hello(4097)),
        Err(BodyError::Labels { found: 4097 })
    );
    assert_eq!(sent(Role::Mcu, 0, hello(0)), Ok(()));
    assert_eq!(sent(Role::Host, 0, hello(2)), Err(BodyError::NoSession));
    assert_eq!(
        sent(Role::Host, 1, piece(4096, 0, b"x")),
        Err(BodyError::LabelIndex { found: 4096 })
    );
    assert_eq!(
        sent(Role::Host, 1, piece(0, 0, b"")),
        Err(BodyError::LabelPiece { offset: 0, len: 0 })
    );
    assert_eq!(
        sent(Role::Host, 1, piece(0, 63, b"xy")),
        Err(BodyError::LabelPiece { offset: 63, len: 2 })
    );
    assert_eq!(
        sent(Role::Mcu, 1, piece(0, 0, b"x")),
        Err(BodyError::Direction { from: Role::Mcu })
    );
    let fault = Message::Fault(FaultRepr {
        code: FaultCode::Source,
        detail: 0,
    });
    assert_eq!(sent(Role::Host, 0, fault), Err(BodyError::NoSession));
    assert_eq!(
        PrivateFault::new(0x7FFF),
        Err(BodyError::Code { found: 0x7FFF })
    );
}

#[test]
fn a_version_without_it_is_not_told_of_drift() {
    let judgement = Judgement::new(10, Some(3), Raw::of(2.0, 1.0)).unwrap();
    for (version, drift, sent) in [
        (1, false, Ok(())),
        (1, true, Err(BodyError::Reserved)),
        (2, false, Ok(())),
        (2, true, Ok(())),
        (3, false, Err(BodyError::Versions { min: 3, max: 2 })),
    ] {
        let verdict = Message::Verdict(VerdictRepr {
            frame: 0,
            echo_ms: 0,
            age_ms: 0,
            judgement,
            drift,
        });
        assert_eq!(
            sent_in(version, Role::Host, 1, verdict),
            sent,
            "{version} {drift}"
        );
    }
    // A hello goes out under the lowest version that it names, whatever is agreed.
    assert_eq!(hello(10).version_in(2), 1);
    assert_eq!(
        sent_in(2, Role::Host, 1, hello(10)),
        Err(BodyError::Versions { min: 2, max: 2 })
    );
}

#[test]
fn a_contradiction_is_sent_as_unknown() {
    let unknown = Judgement::new(10, None, Raw::Unscored).unwrap();
    let known = Raw::Known {
        score: 2.0,
        threshold: 1.0,
    };
    let doubtful = [
        (Some(10), known),
        (
            Some(3),
            Raw::Known {
                score: 1.0,
                threshold: 2.0,
            },
        ),
        (
            None,
            Raw::Unknown {
                score: 2.0,
                threshold: 1.0,
            },
        ),
        (Some(3), Raw::of(f32::NAN, 1.0)),
        (Some(3), Raw::of(1.0, f32::NEG_INFINITY)),
        (
            Some(3),
            Raw::Known {
                score: f32::INFINITY,
                threshold: 1.0,
            },
        ),
        (Some(3), Raw::Unscored),
    ];
    for (class, raw) in doubtful {
        assert!(Judgement::new(10, class, raw).is_err(), "{class:?} {raw:?}");
        assert_eq!(
            Judgement::or_unknown(10, class, raw),
            Ok(unknown),
            "{class:?} {raw:?}"
        );
    }
    assert_eq!(
        Judgement::or_unknown(10, Some(3), known)
            .unwrap()
            .committed(),
        Some(3)
    );
    assert_eq!(
        Judgement::or_unknown(1, None, known),
        Err(BodyError::Labels { found: 1 })
    );
}

#[test]
fn a_refused_packet_of_the_host_is_answered_by_its_number() {
    let all = cases::all();
    let results = all
        .iter()
        .flat_map(|(_, cases)| cases)
        .flat_map(|case| Decoder::new().packets(&case.bytes).collect::<Vec<_>>());
    let mut reasons = Vec::new();
    for error in results.filter_map(Result::err) {
        let answer = AckRepr::refusal(&error, 77);
        match error {
            DecodeError::Body { header, .. } if header.from == Role::Host && header.kind != 1 => {
                let answer = answer.expect("an answer");
                assert_eq!((answer.of, answer.uptime_ms), (header.sequence, 77));
                let Status::Refused(reason) = answer.status else {
                    panic!("not refused: {answer:?}")
                };
                reasons.push(reason);
            }
            _ => assert_eq!(answer, None, "{error}"),
        }
    }
    for reason in [Reason::Malformed, Reason::Range, Reason::Unsupported] {
        assert!(reasons.contains(&reason), "{reason:?}");
    }
}

proptest! {
    /// Whatever the numbers, what a receiver reads is known only if the score reaches the threshold, and finite.
    #[test]
    fn no_verdict_contradicts_itself(body: [u8; 28], version in 1_u8..=2) {
        let view = VerdictView::new(&body).unwrap();
        if let Ok(verdict) = VerdictRepr::parse(&view, version) {
            prop_assert_eq!(verdict.emit(version), Ok(body));
            let judgement = verdict.judgement;
            prop_assert!(judgement.committed().is_none_or(|class| class < judgement.labels()));
            prop_assert!(version == 2 || !verdict.drift);
        }
    }

    /// A drift alarm changes one bit, and nothing of what is judged. Version 1 refuses the bit as it always did.
    #[test]
    fn drift_is_one_bit(packet in strategies::verdicts()) {
        let Message::Verdict(verdict) = packet.message else {
            return Err(TestCaseError::fail("not a verdict"));
        };
        let with = |drift| VerdictRepr { drift, ..verdict };
        let (quiet, alarm) = (with(false).emit(2).unwrap(), with(true).emit(2).unwrap());
        let mut changed = quiet;
        changed[14] ^= 8;
        prop_assert_eq!(changed, alarm);
        prop_assert_eq!(with(false).emit(1), Ok(quiet));
        prop_assert_eq!(with(true).emit(1), Err(BodyError::Reserved));
        let read = |body, version| VerdictRepr::parse(&VerdictView::new(body).unwrap(), version);
        prop_assert_eq!(read(&alarm, 2), Ok(with(true)));
        prop_assert_eq!(read(&quiet, 2), Ok(with(false)));
        prop_assert_eq!(read(&alarm, 1), Err(BodyError::Reserved));
    }

    #[test]
    fn a_sender_can_say_anything_and_is_understood(
        labels in 2_u16..=4096, class: Option<u16>, score: f32, threshold: f32, drift: bool,
    ) {
        let judgement = Judgement::or_unknown(labels, class, Raw::of(score, threshold)).unwrap();
        let verdict = VerdictRepr { frame: 0, echo_ms: 0, age_ms: 0, judgement, drift };
        let body = verdict.emit(2).unwrap();
        let read = VerdictRepr::parse(&VerdictView::new(&body).unwrap(), 2);
        prop_assert_eq!(read, Ok(verdict));
        if judgement.committed().is_some() {
            prop_assert_eq!(judgement.committed(), class);
            prop_assert!(score.is_finite() && threshold.is_finite());
        }
    }
}
