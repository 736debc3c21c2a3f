use normgate_protocol::{
    HelloRepr, Limits, Message, ModelHash, Packet, Role, SessionId, Software, Versions,
};

use super::{Case, at, bad, good, packet};

fn of_host() -> HelloRepr {
    HelloRepr {
        versions: Versions::SPOKEN,
        labels: 10,
        software: Software {
            major: 0,
            minor: 1,
            patch: 0,
        },
        limits: Limits::new(300, 50).unwrap(),
        uptime_ms: 123_456,
        model: ModelHash(core::array::from_fn(|i| 0x40 + i as u8)),
    }
}

pub(super) fn cases() -> Vec<Case> {
    let host = |hello| packet(Role::Host, 0, Message::Hello(hello));
    let without_session = |hello| Packet {
        session: SessionId::NONE,
        ..packet(Role::Mcu, 7, Message::Hello(hello))
    };
    let none = HelloRepr {
        labels: 0,
        model: ModelHash::NONE,
        ..of_host()
    };
    let least = HelloRepr {
        labels: 2,
        software: Software::default(),
        limits: Limits::new(50, 20).unwrap(),
        uptime_ms: 0,
        model: ModelHash::NONE,
        ..of_host()
    };
    let most = HelloRepr {
        versions: Versions::new(1, 255).unwrap(),
        labels: 4096,
        software: Software {
            major: u16::MAX,
            minor: u16::MAX,
            patch: u16::MAX,
        },
        limits: Limits::new(10_000, 1_000).unwrap(),
        uptime_ms: u32::MAX,
        model: ModelHash([0xFF; 32]),
    };
    let first = HelloRepr {
        versions: Versions::new(1, 1).unwrap(),
        ..of_host()
    };
    let later = HelloRepr {
        versions: Versions::new(3, 4).unwrap(),
        ..of_host()
    };
    let tight = HelloRepr {
        limits: Limits::new(200, 100).unwrap(),
        ..of_host()
    };
    let base = host(of_host());
    let mcu = packet(Role::Mcu, 8, Message::Hello(none));
    vec![
        good("host", base.clone()),
        good("host, least", host(least)),
        good("host, most", host(most)),
        good("host, age of two heartbeats", host(tight)),
        good("host, version 1 alone", host(first)),
        good("host, later versions", host(later)),
        good("mcu, no session", without_session(none)),
        good("mcu, in a session", mcu.clone()),
        bad("host, no session", &base, "no-session", |b| {
            b[8..12].fill(0)
        }),
        bad("reserved", &base, "reserved", at(14, [0, 1])),
        bad("version 0", &base, "versions", at(0, [0, 1])),
        bad("versions reversed", &base, "versions", at(0, [2, 1])),
        bad(
            "version of the header is not the lowest",
            &base,
            "versions",
            |b| b[0] = 2,
        ),
        bad("host, 1 label", &base, "labels", at(2, [1, 0])),
        bad("host, 4097 labels", &base, "labels", at(2, [1, 16])),
        bad("mcu, 4097 labels", &mcu, "labels", at(2, [1, 16])),
        bad(
            "heartbeat every 19 ms",
            &base,
            "heartbeat-interval",
            at(12, [19, 0]),
        ),
        bad(
            "heartbeat every 1001 ms",
            &base,
            "heartbeat-interval",
            at(12, 1001_u16.to_le_bytes()),
        ),
        bad("age of 49 ms", &host(least), "max-age", at(10, [49, 0])),
        bad(
            "age of 10001 ms",
            &base,
            "max-age",
            at(10, 10_001_u16.to_le_bytes()),
        ),
        bad(
            "age below two heartbeats",
            &host(tight),
            "max-age",
            at(10, [199, 0]),
        ),
        bad("a byte short", &base, "length", |b| {
            b.pop();
        }),
    ]
}
