use normgate_protocol::{FaultCode, FaultRepr, Message, Packet, PrivateFault, Role, SessionId};

use super::{Case, at, bad, good, packet};

fn fault(from: Role, code: FaultCode, detail: u32) -> Packet {
    packet(from, 70, Message::Fault(FaultRepr { code, detail }))
}

pub(super) fn cases() -> Vec<Case> {
    let private = |code| FaultCode::Private(PrivateFault::new(code).unwrap());
    let lost = fault(Role::Mcu, FaultCode::LinkLost, 151);
    let no_session = Packet {
        session: SessionId::NONE,
        ..fault(Role::Mcu, FaultCode::NoSession, 0xC0FF_EE00)
    };
    let host = fault(Role::Host, FaultCode::Source, 0);
    let mut cases = vec![
        good("mcu, no session", no_session),
        good("mcu, in a session", lost.clone()),
        good("least private code", fault(Role::Host, private(0x8000), 0)),
        good(
            "largest private code",
            fault(Role::Mcu, private(0xFFFF), u32::MAX),
        ),
        bad("code 0", &lost, "code", at(0, [0, 0])),
        bad("code 11", &lost, "code", at(0, [11, 0])),
        bad("code 0x7FFF", &lost, "code", at(0, [0xFF, 0x7F])),
        bad("reserved", &lost, "reserved", at(2, [1])),
        bad("host, no session", &host, "no-session", |b| {
            b[8..12].fill(0)
        }),
    ];
    let codes = [
        ("version", FaultCode::Version),
        ("model", FaultCode::Model),
        ("source", FaultCode::Source),
        ("inference", FaultCode::Inference),
        ("output", FaultCode::Output),
        ("watchdog", FaultCode::Watchdog),
        ("line", FaultCode::Line),
        ("internal", FaultCode::Internal),
    ];
    for (name, code) in codes {
        cases.push(good(name, fault(Role::Host, code, 1)));
    }
    cases
}
