use normgate_protocol::{AckRepr, Message, Packet, Reason, Role, Sequence, Status};

use super::{Case, at, bad, good, packet};

fn ack(of: u32, uptime_ms: u32, status: Status) -> Packet {
    packet(
        Role::Mcu,
        61,
        Message::Ack(AckRepr {
            of: Sequence(of),
            uptime_ms,
            status,
        }),
    )
}

pub(super) fn cases() -> Vec<Case> {
    let base = ack(41, 9010, Status::Applied);
    let mut cases = vec![
        good("applied", base.clone()),
        good("stale", ack(0, 0, Status::Stale)),
        good(
            "most",
            ack(u32::MAX, u32::MAX, Status::Refused(Reason::Fault)),
        ),
        bad("status 0", &base, "code", at(8, [0])),
        bad("status 4", &base, "code", at(8, [4])),
        bad("applied with a reason", &base, "code", at(9, [1])),
        bad("stale with a reason", &base, "code", at(8, [2, 1])),
        bad("refused without a reason", &base, "code", at(8, [3, 0])),
        bad("refused for reason 9", &base, "code", at(8, [3, 9])),
        bad("reserved", &base, "reserved", at(11, [0x80])),
        bad("from the host", &base, "direction", |b| b[1] &= 0x7F),
        bad("no session", &base, "no-session", |b| b[8..12].fill(0)),
    ];
    let reasons = [
        ("malformed", Reason::Malformed),
        ("range", Reason::Range),
        ("held", Reason::Held),
        ("labels", Reason::Labels),
        ("capacity", Reason::Capacity),
        ("label", Reason::Label),
        ("unsupported", Reason::Unsupported),
        ("fault", Reason::Fault),
    ];
    for (name, reason) in reasons {
        cases.push(good(
            &format!("refused: {name}"),
            ack(42, 9020, Status::Refused(reason)),
        ));
    }
    cases
}
