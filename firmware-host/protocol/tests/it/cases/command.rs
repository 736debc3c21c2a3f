use normgate_protocol::{CommandRepr, Message, Packet, Policy, Role};

use super::{Case, at, bad, good, packet};

fn command(command: CommandRepr) -> Packet {
    packet(Role::Host, 30, Message::Command(command))
}

fn policy(max_age_ms: u16, hold_ms: u16) -> Packet {
    command(CommandRepr::SetPolicy(
        Policy::new(max_age_ms, hold_ms).unwrap(),
    ))
}

pub(super) fn cases() -> Vec<Case> {
    let hold = command(CommandRepr::Hold);
    let set = policy(200, 250);
    vec![
        good("hold", hold.clone()),
        good("resume", command(CommandRepr::Resume)),
        good("set the policy", set.clone()),
        good("set the policy, least", policy(50, 10)),
        good("set the policy, most", policy(10_000, 10_000)),
        bad("command 0", &hold, "code", at(0, [0])),
        bad("command 4", &hold, "code", at(0, [4])),
        bad("age of 49 ms", &set, "policy-age", at(2, [49, 0])),
        bad(
            "age of 10001 ms",
            &set,
            "policy-age",
            at(2, 10_001_u16.to_le_bytes()),
        ),
        bad("hold time of 9 ms", &set, "policy-hold", at(4, [9, 0])),
        bad(
            "hold time of 10001 ms",
            &set,
            "policy-hold",
            at(4, 10_001_u16.to_le_bytes()),
        ),
        bad("hold with an age", &hold, "reserved", at(2, [50, 0])),
        bad("hold with a hold time", &hold, "reserved", at(4, [10, 0])),
        bad("first reserved byte", &set, "reserved", at(1, [1])),
        bad("last reserved byte", &set, "reserved", at(7, [1])),
        bad("from the mcu", &hold, "direction", |b| b[1] |= 0x80),
        bad("no session", &hold, "no-session", |b| b[8..12].fill(0)),
    ]
}
