use normgate_protocol::{HeartbeatRepr, Message, Packet, Role, Sequence, State};

use super::{Case, at, bad, good, packet};

fn heartbeat(from: Role, uptime_ms: u32, last_seen: u32, state: State) -> Packet {
    let last_seen = Sequence(last_seen);
    packet(
        from,
        60,
        Message::Heartbeat(HeartbeatRepr {
            uptime_ms,
            last_seen,
            state,
        }),
    )
}

pub(super) fn cases() -> Vec<Case> {
    let base = heartbeat(Role::Mcu, 9000, 41, State::Active);
    let last = Packet {
        sequence: Sequence(u32::MAX),
        ..base.clone()
    };
    vec![
        good("mcu", base.clone()),
        good("host", heartbeat(Role::Host, 123_500, 8, State::Active)),
        good("least", heartbeat(Role::Host, 0, 0, State::Safe)),
        good(
            "most",
            heartbeat(Role::Mcu, u32::MAX, u32::MAX, State::Held),
        ),
        good("last number before the wrap", last),
        good(
            "version 2",
            Packet {
                version: 2,
                ..base.clone()
            },
        ),
        bad("state 0", &base, "code", at(8, [0])),
        bad("state 4", &base, "code", at(8, [4])),
        bad("first reserved byte", &base, "reserved", at(9, [1])),
        bad("last reserved byte", &base, "reserved", at(11, [1])),
        bad("mcu, no session", &base, "no-session", |b| b[8..12].fill(0)),
        bad("a byte more", &base, "length", |b| b.push(1)),
        bad(
            "a byte more, and the header says so",
            &base,
            "length",
            |b| {
                b.push(1);
                b[2] += 1;
            },
        ),
    ]
}
