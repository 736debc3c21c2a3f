//! What a person reads who listens to the line.

use std::io;
use std::time::Duration;

use normgate_link::monitor::{Monitor, watch};
use normgate_link::{Clock, SimulatedClock, Wire};
use normgate_protocol::{
    AckRepr, CommandRepr, FaultCode, FaultRepr, HeartbeatRepr, HelloRepr, Judgement, Limits,
    Message, ModelHash, Packet, Policy, Raw, Reason, Role, Sequence, SessionId, Software, State,
    Status, VerdictRepr, Versions, labels,
};
use proptest::prelude::*;

fn envelope(from: Role, sequence: u32, session: u32, message: Message) -> Vec<u8> {
    let packet = Packet {
        version: message.version_in(2),
        from,
        sequence: Sequence(sequence),
        session: SessionId(session),
        message,
    };
    packet.encode().unwrap().to_vec()
}

fn hello() -> Message {
    Message::Hello(HelloRepr {
        versions: Versions::SPOKEN,
        labels: 2,
        software: Software {
            major: 1,
            minor: 2,
            patch: 3,
        },
        limits: Limits::new(200, 50).unwrap(),
        uptime_ms: 77,
        model: ModelHash([0xAB; 32]),
    })
}

fn verdict(class: Option<u16>, raw: Raw) -> Message {
    Message::Verdict(VerdictRepr {
        frame: 17,
        echo_ms: 9000,
        age_ms: 12,
        judgement: Judgement::new(2, class, raw).unwrap(),
        drift: class == Some(0),
    })
}

/// One of each message, and what is said of it.
fn talk() -> Vec<(Vec<u8>, &'static str)> {
    let host = |sequence, message| envelope(Role::Host, sequence, 0x5E3F_0A11, message);
    let mcu = |sequence, message| envelope(Role::Mcu, sequence, 0x5E3F_0A11, message);
    let piece = labels::pieces(1, "naïve").next().unwrap();
    vec![
        (
            envelope(Role::Mcu, 1, 0, hello()),
            "mcu  #1          -------- hello      versions 1 to 2, software 1.2.3, 2 labels, model abababab, age 200 ms, heartbeat 50 ms, up 77 ms",
        ),
        (
            host(10, hello()),
            "host #10         5e3f0a11 hello      versions 1 to 2, software 1.2.3, 2 labels, model abababab, age 200 ms, heartbeat 50 ms, up 77 ms",
        ),
        (
            host(11, Message::Label(piece)),
            "host #11         5e3f0a11 label      1 from byte 0: \"naïve\", last",
        ),
        (
            host(12, verdict(Some(1), Raw::of(7.5, 6.25))),
            "host #12         5e3f0a11 verdict    frame 17: class 1 \"naïve\", score 7.5 >= 6.25, 12 ms old, echo 9000 ms",
        ),
        (
            host(15, verdict(Some(0), Raw::of(5.0, 6.25))),
            "host #15         5e3f0a11 verdict    frame 17: class 0, score 5 < 6.25, drift alarm, 12 ms old, echo 9000 ms (2 packets before it are missing)",
        ),
        (
            host(16, verdict(None, Raw::Unscored)),
            "host #16         5e3f0a11 verdict    frame 17: unknown, no score, 12 ms old, echo 9000 ms",
        ),
        (
            mcu(
                5,
                Message::Ack(AckRepr {
                    of: Sequence(16),
                    uptime_ms: 9001,
                    status: Status::Refused(Reason::Held),
                }),
            ),
            "mcu  #5          5e3f0a11 ack        of #16: refused: held, up 9001 ms",
        ),
        (
            mcu(
                6,
                Message::Heartbeat(HeartbeatRepr {
                    uptime_ms: 9010,
                    last_seen: Sequence(16),
                    state: State::Held,
                }),
            ),
            "mcu  #6          5e3f0a11 heartbeat  held, up 9010 ms, heard up to #16",
        ),
        (
            host(
                17,
                Message::Command(CommandRepr::SetPolicy(Policy::new(150, 100).unwrap())),
            ),
            "host #17         5e3f0a11 command    set the policy: age 150 ms, hold 100 ms",
        ),
        (
            host(
                18,
                Message::Fault(FaultRepr {
                    code: FaultCode::Source,
                    detail: 16,
                }),
            ),
            "host #18         5e3f0a11 fault      Source, detail 0x10",
        ),
    ]
}

#[test]
fn each_message_is_a_line() {
    let mut monitor = Monitor::new();
    assert!(monitor.hint().unwrap().starts_with("nothing heard"));
    for (bytes, expected) in talk() {
        assert_eq!(
            monitor.hear(1250, &bytes),
            [format!("     1.250 {expected}")]
        );
    }
    assert_eq!(monitor.hint(), None);
    let mut damaged = talk().remove(3).0;
    damaged[9] ^= 4;
    let lines = monitor.hear(12_000, &damaged);
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0].starts_with("    12.000 ---- damaged: an envelope with the CRC"),
        "{lines:?}"
    );
    assert!(
        monitor.summary().ends_with(
            " bytes, 10 packets; errors: 1 crc, 0 framing, 0 overlong, 0 version, 0 refused"
        ),
        "{}",
        monitor.summary()
    );
}

#[test]
fn noise_alone_asks_for_the_baud_rate() {
    let mut monitor = Monitor::new();
    monitor.hear(0, &[0xFF, 0x31, 0, 7, 0]);
    assert!(monitor.hint().unwrap().contains("baud rate"));
}

proptest! {
    #[test]
    fn any_bytes_in_any_pieces_are_lines_for_a_terminal(
        noise in prop::collection::vec(any::<u8>(), 0..400),
        at in 0_usize..400,
        cut in prop::collection::vec(1_usize..80, 1..20),
    ) {
        let mut bytes = noise;
        let at = at.min(bytes.len());
        let talk: Vec<u8> = talk().into_iter().flat_map(|(bytes, _)| bytes).collect();
        bytes.splice(at..at, talk);
        let whole = Monitor::new().hear(0, &bytes);
        prop_assert!(whole.len() >= 9);
        prop_assert!(whole.iter().all(|line| !line.chars().any(char::is_control)));
        let mut monitor = Monitor::new();
        let (mut pieces, mut rest) = (Vec::new(), bytes.as_slice());
        for len in cut.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*len).min(rest.len()));
            pieces.extend(monitor.hear(0, piece));
            rest = after;
        }
        prop_assert_eq!(whole, pieces);
    }
}

/// A port that is not there, comes, says something and is pulled out.
struct Shy {
    tries: u32,
    reads: u32,
    clock: SimulatedClock,
}

impl Wire for Shy {
    fn read(&mut self, bytes: &mut [u8], wait: Duration) -> io::Result<usize> {
        self.clock.advance(u64::try_from(wait.as_millis()).unwrap());
        self.reads += 1;
        match self.reads {
            1 => {
                let heard = talk().remove(0).0;
                bytes[..heard.len()].copy_from_slice(&heard);
                Ok(heard.len())
            }
            2 => Err(io::ErrorKind::BrokenPipe.into()),
            _ => Ok(0),
        }
    }

    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        panic!("who listens says nothing")
    }

    fn unsent(&mut self) -> io::Result<usize> {
        Ok(0)
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.tries += 1;
        match self.tries {
            1 | 2 => Err(io::ErrorKind::NotFound.into()),
            _ => Ok(()),
        }
    }

    fn name(&self) -> String {
        "shy".to_owned()
    }
}

#[test]
fn a_port_is_watched_until_it_is_enough() {
    let clock = SimulatedClock::new();
    let mut wire = Shy {
        tries: 0,
        reads: 0,
        clock: clock.clone(),
    };
    let mut out = Vec::new();
    let stop = || clock.now_ms() >= 5000;
    watch(&mut wire, &clock, &mut out, stop).unwrap();
    let out = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 6, "{out}");
    assert_eq!(lines[0], "     0.000 ---- shy: entity not found");
    assert_eq!(lines[1], "     0.000 ---- listening to shy");
    assert!(lines[2].starts_with("     0.100 mcu  #1 "), "{out}");
    assert!(lines[3].ends_with("---- shy: broken pipe"), "{out}");
    assert!(lines[4].ends_with("---- listening to shy"), "{out}");
    assert!(lines[5].contains("1 packets; errors: 0 crc"), "{out}");
}
