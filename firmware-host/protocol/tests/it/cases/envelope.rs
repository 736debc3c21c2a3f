use std::slice::from_ref;

use normgate_protocol::{Judgement, Message, Packet, Raw, Role, VerdictRepr};

use super::{Case, Expected, bad, bytes_of, envelope_of, enveloped, packet};

fn verdict(frame: u64) -> Packet {
    let judgement = Judgement::new(10, Some(3), Raw::of(7.5, 6.25)).unwrap();
    let verdict = VerdictRepr {
        frame,
        echo_ms: 9000,
        age_ms: 20,
        judgement,
        drift: false,
    };
    packet(Role::Host, 100, Message::Verdict(verdict))
}

fn line(name: &str, parts: &[&[u8]], expected: &[Expected]) -> Case {
    Case {
        name: name.to_owned(),
        bytes: parts.concat(),
        expected: expected.to_vec(),
    }
}

/// An envelope with bytes that are changed on the line.
fn damaged(name: &str, errors: &[&'static str], change: impl Fn(&mut Vec<u8>)) -> Case {
    let mut bytes = verdict(1).encode().unwrap().to_vec();
    change(&mut bytes);
    let expected = errors.iter().map(|error| Expected::Error(error)).collect();
    Case {
        name: name.to_owned(),
        bytes,
        expected,
    }
}

pub(super) fn cases() -> Vec<Case> {
    let packets = [verdict(1), verdict(2)];
    let [first, second] = packets.clone().map(|packet| packet.encode().unwrap());
    let [one, two] = packets.map(Expected::Packet);
    let (crc, short) = (Expected::Error("crc"), Expected::Error("short"));
    let overlong = Expected::Error("overlong");
    let end = first.len() - 1;
    let bytes = bytes_of(&verdict(1));
    let beyond = envelope_of(&[bytes.as_slice(), &[0x55; 25]].concat());
    let mut past_the_end = first[1..end - 5].to_vec();
    past_the_end[0] += 1;
    let mut all_in_one = [0x55; 34];
    all_in_one[0] = 0xFF;
    vec![
        line("nothing", &[], &[]),
        line("delimiters", &[&[0; 5]], &[]),
        line("no end", &[&first[..end]], &[]),
        line("no delimiter before", &[&first[1..]], from_ref(&one)),
        line(
            "two envelopes",
            &[&first, &second],
            &[one.clone(), two.clone()],
        ),
        line(
            "one delimiter between",
            &[&first[..end], &second],
            &[one.clone(), two.clone()],
        ),
        line(
            "no delimiter between",
            &[&first[..end], &second[1..]],
            from_ref(&overlong),
        ),
        line(
            "noise before",
            &[&[0x11; 30], &first],
            &[crc.clone(), one.clone()],
        ),
        line(
            "noise between",
            &[&first, &[0xFF; 9], &second],
            &[one.clone(), short.clone(), two.clone()],
        ),
        line(
            "an overlong envelope between",
            &[&first, &[0x22; 500], &second],
            &[one.clone(), overlong.clone(), two.clone()],
        ),
        line(
            "70 bytes without a CRC",
            &[&[0x22; 70], &[0]],
            from_ref(&crc),
        ),
        line("71 bytes", &[&[0x22; 71], &[0]], from_ref(&overlong)),
        line("22 bytes", &[&[0x22; 22], &[0]], from_ref(&short)),
        line(
            "an envelope cut at its start",
            &[&first[10..], &second],
            &[crc.clone(), two.clone()],
        ),
        line(
            "an envelope cut at its end",
            &[&first[..end - 3], &second],
            &[crc.clone(), two.clone()],
        ),
        line("a packet of 65 bytes", &[&beyond], &[overlong]),
        bad("a packet of 64 bytes", &verdict(1), "length", |b| {
            b.resize(64, 0x55)
        }),
        damaged("a bit of the header", &["crc"], |b| b[3] ^= 0x10),
        damaged("a code byte", &["crc"], |b| b[1] ^= 0x02),
        damaged("a burst of 32 bits", &["crc"], |b| {
            b[20..24].iter_mut().for_each(|byte| *byte ^= 0x5A)
        }),
        damaged("a bit of the CRC", &["crc"], |b| b[43] ^= 0x01),
        damaged("a set bit of the CRC field", &["crc"], |b| b[42] ^= 0x80),
        damaged("a clear bit of the CRC field", &["crc"], |b| b[46] ^= 0x40),
        damaged("a byte lost", &["crc"], |b| {
            b.remove(20);
        }),
        damaged("a byte twice", &["crc"], |b| b.insert(20, b[20])),
        damaged("a zero within", &["short", "crc"], |b| b[22] = 0),
        damaged("the CRC lost", &["crc"], |b| {
            b.drain(b.len() - 6..b.len() - 1);
        }),
        Case {
            name: "a code that points past the end".to_owned(),
            bytes: enveloped(&past_the_end),
            expected: vec![Expected::Error("cobs")],
        },
        Case {
            name: "code FF".to_owned(),
            bytes: enveloped(&all_in_one),
            expected: vec![Expected::Error("cobs")],
        },
        bad("version 0", &verdict(1), "version", |b| b[0] = 0),
        bad("version 3", &verdict(1), "version", |b| b[0] = 3),
        bad(
            "version 3 and a type of its own",
            &verdict(1),
            "version",
            |b| b[..2].copy_from_slice(&[3, 99]),
        ),
        bad("version 2 and type 8", &verdict(1), "kind", |b| {
            b[..2].copy_from_slice(&[2, 8])
        }),
        bad("type 0", &verdict(1), "kind", |b| b[1] = 0),
        bad("type 8", &verdict(1), "kind", |b| b[1] = 8),
        bad("type 127 of the mcu", &verdict(1), "kind", |b| b[1] = 0xFF),
    ]
}
