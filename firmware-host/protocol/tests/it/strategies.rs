//! Packets of every kind, for properties.

use normgate_protocol::{
    AckRepr, CommandRepr, FaultCode, FaultRepr, HeartbeatRepr, HelloRepr, Judgement,
    LabelPieceRepr, Limits, Message, ModelHash, Packet, Policy, PrivateFault, Raw, Reason, Role,
    Sequence, SessionId, Software, State, Status, VerdictRepr, Versions,
};
use proptest::prelude::*;

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Host), Just(Role::Mcu)]
}

/// Any u32, the ends more often.
fn number() -> impl Strategy<Value = u32> {
    prop_oneof![any::<u32>(), Just(0), Just(u32::MAX)]
}

fn finite() -> impl Strategy<Value = f32> {
    prop_oneof![
        any::<f32>().prop_filter("finite", |x| x.is_finite()),
        -20.0_f32..20.0,
        Just(0.0),
        Just(-0.0),
        Just(f32::MAX),
        Just(f32::MIN),
        Just(f32::from_bits(1)),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    (20_u16..=1000).prop_flat_map(|heartbeat_ms| {
        (50.max(2 * heartbeat_ms)..=10_000)
            .prop_map(move |max_age_ms| Limits::new(max_age_ms, heartbeat_ms).unwrap())
    })
}

fn hello() -> impl Strategy<Value = (Role, Message)> {
    let versions = (1_u8..=255)
        .prop_flat_map(|min| (Just(min), min..=255))
        .prop_map(|(min, max)| Versions::new(min, max).unwrap());
    (
        role(),
        versions,
        0_u16..=4096,
        any::<[u16; 3]>(),
        limits(),
        number(),
        any::<[u8; 32]>(),
    )
        .prop_map(
            |(from, versions, labels, [major, minor, patch], limits, uptime_ms, model)| {
                let labels = if from == Role::Host {
                    labels.max(2)
                } else {
                    labels
                };
                let software = Software {
                    major,
                    minor,
                    patch,
                };
                let model = ModelHash(model);
                (
                    from,
                    Message::Hello(HelloRepr {
                        versions,
                        labels,
                        software,
                        limits,
                        uptime_ms,
                        model,
                    }),
                )
            },
        )
}

fn label() -> impl Strategy<Value = (Role, Message)> {
    (
        0_u16..4096,
        prop::collection::vec(any::<u8>(), 1..=32),
        any::<bool>(),
        any::<prop::sample::Index>(),
    )
        .prop_map(|(index, text, last, at)| {
            let offset = at.index(64 - text.len() + 1) as u8;
            let text = text.into_iter().collect();
            (
                Role::Host,
                Message::Label(LabelPieceRepr {
                    index,
                    offset,
                    last,
                    text,
                }),
            )
        })
}

/// Judgements of every form.
pub(crate) fn judgement() -> impl Strategy<Value = Judgement> {
    let committed = prop::option::of(any::<prop::sample::Index>());
    (
        2_u16..=4096,
        committed,
        prop::option::of((finite(), finite())),
    )
        .prop_map(|(labels, class, scored)| {
            let raw = scored.map_or(Raw::Unscored, |(score, threshold)| {
                Raw::of(score, threshold)
            });
            let class = class
                .filter(|_| raw != Raw::Unscored)
                .map(|at| at.index(usize::from(labels)) as u16);
            Judgement::new(labels, class, raw).unwrap()
        })
}

fn verdict() -> impl Strategy<Value = (Role, Message)> {
    let drift = any::<bool>();
    (any::<u64>(), number(), any::<u16>(), judgement(), drift).prop_map(
        |(frame, echo_ms, age_ms, judgement, drift)| {
            (
                Role::Host,
                Message::Verdict(VerdictRepr {
                    frame,
                    echo_ms,
                    age_ms,
                    judgement,
                    drift,
                }),
            )
        },
    )
}

fn heartbeat() -> impl Strategy<Value = (Role, Message)> {
    let state = prop_oneof![Just(State::Safe), Just(State::Active), Just(State::Held)];
    (role(), number(), number(), state).prop_map(|(from, uptime_ms, last_seen, state)| {
        let last_seen = Sequence(last_seen);
        (
            from,
            Message::Heartbeat(HeartbeatRepr {
                uptime_ms,
                last_seen,
                state,
            }),
        )
    })
}

fn ack() -> impl Strategy<Value = (Role, Message)> {
    let status = prop::sample::select(vec![
        Status::Applied,
        Status::Stale,
        Status::Refused(Reason::Malformed),
        Status::Refused(Reason::Range),
        Status::Refused(Reason::Held),
        Status::Refused(Reason::Labels),
        Status::Refused(Reason::Capacity),
        Status::Refused(Reason::Label),
        Status::Refused(Reason::Unsupported),
        Status::Refused(Reason::Fault),
    ]);
    (number(), number(), status).prop_map(|(of, uptime_ms, status)| {
        (
            Role::Mcu,
            Message::Ack(AckRepr {
                of: Sequence(of),
                uptime_ms,
                status,
            }),
        )
    })
}

fn command() -> impl Strategy<Value = (Role, Message)> {
    let policy = (50_u16..=10_000, 10_u16..=10_000).prop_map(|(max_age_ms, hold_ms)| {
        CommandRepr::SetPolicy(Policy::new(max_age_ms, hold_ms).unwrap())
    });
    prop_oneof![Just(CommandRepr::Hold), Just(CommandRepr::Resume), policy]
        .prop_map(|command| (Role::Host, Message::Command(command)))
}

fn fault() -> impl Strategy<Value = (Role, Message)> {
    let private =
        (0x8000_u16..=0xFFFF).prop_map(|code| FaultCode::Private(PrivateFault::new(code).unwrap()));
    let code = prop_oneof![
        prop::sample::select(vec![
            FaultCode::NoSession,
            FaultCode::Version,
            FaultCode::Model,
            FaultCode::LinkLost,
            FaultCode::Source,
            FaultCode::Inference,
            FaultCode::Output,
            FaultCode::Watchdog,
            FaultCode::Line,
            FaultCode::Internal,
        ]),
        private
    ];
    (role(), code, number())
        .prop_map(|(from, code, detail)| (from, Message::Fault(FaultRepr { code, detail })))
}

fn with_header(message: impl Strategy<Value = (Role, Message)>) -> impl Strategy<Value = Packet> {
    (message, number(), number(), 1_u8..=2).prop_map(
        |((from, message), sequence, session, agreed)| {
            let may_be_none =
                from == Role::Mcu && matches!(message, Message::Hello(_) | Message::Fault(_));
            let session = SessionId(if may_be_none { session } else { session.max(1) });
            let tells_of_drift = matches!(&message, Message::Verdict(verdict) if verdict.drift);
            let agreed = if tells_of_drift { 2 } else { agreed };
            Packet {
                version: message.version_in(agreed),
                from,
                sequence: Sequence(sequence),
                session,
                message,
            }
        },
    )
}

macro_rules! packets_of {
    ($($name:ident = $message:ident;)*) => {$(
        pub(crate) fn $name() -> BoxedStrategy<Packet> {
            with_header($message()).boxed()
        }
    )*};
}

packets_of! {
    hellos = hello;
    labels = label;
    verdicts = verdict;
    heartbeats = heartbeat;
    acks = ack;
    commands = command;
    faults = fault;
}

/// Packets of every kind.
pub(crate) fn packets() -> BoxedStrategy<Packet> {
    prop_oneof![
        hellos(),
        labels(),
        verdicts(),
        heartbeats(),
        acks(),
        commands(),
        faults()
    ]
    .boxed()
}
