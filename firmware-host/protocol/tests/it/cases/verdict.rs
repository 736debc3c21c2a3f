use normgate_protocol::{Judgement, Message, Packet, Raw, Role, VerdictRepr};

use super::{Case, at, bad, good, packet};

fn verdict(labels: u16, committed: Option<u16>, raw: Raw) -> Packet {
    let judgement = Judgement::new(labels, committed, raw).unwrap();
    let verdict = VerdictRepr {
        frame: 1000,
        echo_ms: 9000,
        age_ms: 20,
        judgement,
        drift: false,
    };
    packet(Role::Host, 41, Message::Verdict(verdict))
}

fn with(packet: &Packet, frame: u64, echo_ms: u32, age_ms: u16) -> Packet {
    let Message::Verdict(verdict) = &packet.message else {
        panic!("not a verdict")
    };
    let message = Message::Verdict(VerdictRepr {
        frame,
        echo_ms,
        age_ms,
        ..*verdict
    });
    Packet {
        message,
        ..packet.clone()
    }
}

/// In version 2, with or without a drift alarm.
fn second(packet: &Packet, drift: bool) -> Packet {
    let Message::Verdict(verdict) = &packet.message else {
        panic!("not a verdict")
    };
    Packet {
        version: 2,
        message: Message::Verdict(VerdictRepr { drift, ..*verdict }),
        ..packet.clone()
    }
}

pub(super) fn cases() -> Vec<Case> {
    let known = verdict(10, Some(3), Raw::of(7.5, 6.25));
    let unknown = verdict(10, None, Raw::of(2.0, 6.25));
    let unscored = verdict(10, None, Raw::Unscored);
    let tiny = f32::from_bits(1);
    let mut cases = vec![
        good("known", known.clone()),
        good("unknown", unknown.clone()),
        good("unscored", unscored.clone()),
        good(
            "known, not yet committed",
            verdict(10, None, Raw::of(7.5, 6.25)),
        ),
        good(
            "unknown, still committed",
            verdict(10, Some(9), Raw::of(2.0, 6.25)),
        ),
        good(
            "score at the threshold",
            verdict(10, Some(0), Raw::of(6.25, 6.25)),
        ),
        good(
            "score just below",
            verdict(10, None, Raw::of(6.25_f32.next_down(), 6.25)),
        ),
        good(
            "minus zero reaches zero",
            verdict(10, Some(0), Raw::of(-0.0, 0.0)),
        ),
        good(
            "least positive score",
            verdict(10, Some(0), Raw::of(tiny, 0.0)),
        ),
        good(
            "largest score",
            verdict(10, Some(0), Raw::of(f32::MAX, f32::MIN)),
        ),
        good(
            "least score",
            verdict(10, None, Raw::of(f32::MIN, f32::MAX)),
        ),
        good("2 labels", verdict(2, Some(1), Raw::of(1.0, 0.0))),
        good("4096 labels", verdict(4096, Some(4095), Raw::of(1.0, 0.0))),
        good("least header and counts", with(&unscored, 0, 0, 0)),
        good("largest counts", with(&known, u64::MAX, u32::MAX, u16::MAX)),
        good("version 2, no drift", second(&known, false)),
        good("drift, known", second(&known, true)),
        good("drift, unknown", second(&unknown, true)),
        good("drift, unscored", second(&unscored, true)),
        good(
            "drift, unknown, still committed",
            second(&verdict(10, Some(9), Raw::of(2.0, 6.25)), true),
        ),
        bad("drift in version 1", &known, "reserved", at(14, [0x0F])),
        bad(
            "drift in version 1, unscored",
            &unscored,
            "reserved",
            at(14, [0x08]),
        ),
        bad(
            "drift, committed and not scored",
            &second(&unscored, true),
            "unscored",
            |b| {
                at(14, [0x09])(b);
                at(16, [3, 0])(b);
            },
        ),
        bad("reserved", &known, "reserved", at(15, [1])),
        bad(
            "reserved, version 2",
            &second(&known, true),
            "reserved",
            at(15, [1]),
        ),
        bad("class equals labels", &known, "class", at(16, [10, 0])),
        bad("class 65535, committed", &known, "class", at(16, [0xFF; 2])),
        bad(
            "class without committed",
            &unknown,
            "contradiction",
            at(16, [3, 0]),
        ),
        bad("1 label", &unknown, "labels", at(18, [1, 0])),
        bad("4097 labels", &known, "labels", at(18, [1, 16])),
        bad(
            "known below the threshold",
            &known,
            "contradiction",
            at(20, 6.0_f32.to_le_bytes()),
        ),
        bad(
            "unknown above the threshold",
            &unknown,
            "contradiction",
            at(20, 6.5_f32.to_le_bytes()),
        ),
        bad(
            "unknown at the threshold",
            &unknown,
            "contradiction",
            at(20, 6.25_f32.to_le_bytes()),
        ),
        bad(
            "known and not scored",
            &unscored,
            "contradiction",
            at(14, [2]),
        ),
        bad(
            "score and not scored",
            &unscored,
            "contradiction",
            at(20, [0, 0, 0, 0x80]),
        ),
        bad(
            "threshold and not scored",
            &unscored,
            "contradiction",
            at(24, [1]),
        ),
        bad("committed and not scored", &unscored, "unscored", |b| {
            at(14, [1])(b);
            at(16, [3, 0])(b);
        }),
        bad("from the mcu", &known, "direction", |b| b[1] |= 0x80),
        bad("no session", &known, "no-session", |b| b[8..12].fill(0)),
    ];
    let numbers = [
        ("NaN", f32::NAN),
        ("minus NaN", -f32::NAN),
        ("infinity", f32::INFINITY),
        ("minus infinity", f32::NEG_INFINITY),
    ];
    for bit in 4..8 {
        for (version, base) in [(1, known.clone()), (2, second(&known, true))] {
            let Message::Verdict(verdict) = &base.message else {
                panic!("not a verdict")
            };
            let flags = 7 | u8::from(verdict.drift) << 3 | 1 << bit;
            let name = format!("flag {bit}, version {version}");
            cases.push(bad(&name, &base, "reserved", at(14, [flags])));
        }
    }
    for (name, number) in numbers {
        for (field, offset) in [("score", 20), ("threshold", 24)] {
            for (kind, base) in [("known", &known), ("unknown", &unknown)] {
                let name = format!("{kind}, {field} is {name}");
                cases.push(bad(
                    &name,
                    base,
                    "not-finite",
                    at(offset, number.to_le_bytes()),
                ));
            }
        }
    }
    cases
}
