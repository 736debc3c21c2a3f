//! Packets damaged by chance, and how many of them are taken for others. Shared with `examples/false_accepts.rs`.

use normgate_protocol::crc::from_wire;
use normgate_protocol::{
    AckRepr, CommandRepr, DecodeError, Decoder, FaultCode, FaultRepr, HeartbeatRepr, HelloRepr,
    Judgement, LabelPieceRepr, Limits, Message, ModelHash, Packet, Policy, PrivateFault, Raw, Role,
    Sequence, SessionId, Software, State, Statistics, Status, VerdictRepr, Versions,
};

/// SplitMix64: the same numbers on every machine.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to `end - 1`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }
}

/// What came of some trials.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Streams made.
    pub(crate) trials: u64,
    /// Streams that the damage left as they were.
    pub(crate) unchanged: u64,
    /// Packets accepted that had been sent.
    pub(crate) sent: u64,
    /// Packets accepted that had not been sent.
    pub(crate) false_accepts: u64,
    /// Envelopes dropped: CRC, framing, overlong, version, contents.
    pub(crate) dropped: [u64; 5],
    /// Envelopes dropped whose CRC field is whole and whose other bytes are not.
    pub(crate) crc_differs: u64,
    /// Of these, CRCs that are the same in their low 16 and 24 bits: what a narrower CRC would let through.
    pub(crate) crc_alike: [u64; 2],
}

impl Tally {
    fn compare(&mut self, difference: u32) {
        self.crc_differs += 1;
        self.crc_alike[0] += u64::from(difference.trailing_zeros() >= 16);
        self.crc_alike[1] += u64::from(difference.trailing_zeros() >= 24);
    }

    fn add(&mut self, seen: Statistics) {
        let counts = [
            seen.crc,
            seen.framing,
            seen.overlong,
            seen.version,
            seen.refused,
        ];
        for (total, count) in self.dropped.iter_mut().zip(counts) {
            *total += u64::from(count);
        }
    }
}

/// Damages streams of two packets, `trials` times.
pub(crate) fn run(trials: u64, seed: u64) -> Tally {
    let mut random = Random(seed);
    let mut tally = Tally::default();
    let mut stream = Vec::new();
    for _ in 0..trials {
        let sent = [packet(&mut random), packet(&mut random)];
        let envelopes = sent
            .each_ref()
            .map(|packet| packet.encode().expect("a packet that can be sent"));
        let fields = envelopes.each_ref().map(|envelope| {
            envelope[..envelope.len() - 1]
                .last_chunk()
                .and_then(|field| from_wire(*field))
        });
        stream.clear();
        stream.extend(envelopes.iter().flatten());
        for _ in 0..=random.below(4) / 3 {
            damage(&mut random, &mut stream, envelopes[0].len());
        }
        tally.trials += 1;
        tally.unchanged += u64::from(stream.iter().eq(envelopes.iter().flatten()));
        let mut decoder = Decoder::new();
        for result in decoder.packets(&stream) {
            match result {
                Ok(packet) if sent.contains(&packet) => tally.sent += 1,
                Ok(_) => tally.false_accepts += 1,
                Err(DecodeError::Crc { found, computed }) if fields.contains(&Some(found)) => {
                    tally.compare(found ^ computed);
                }
                Err(_) => {}
            }
        }
        tally.add(decoder.statistics());
    }
    tally
}

/// Damages a stream whose first envelope has `first` bytes.
fn damage(random: &mut Random, stream: &mut Vec<u8>, first: usize) {
    let len = stream.len();
    match random.below(8) {
        // Single bits anywhere.
        0 => {
            for _ in 0..=random.below(16) {
                let bit = random.below(8 * len);
                stream[bit / 8] ^= 1 << (bit % 8);
            }
        }
        // A burst of up to 128 bits.
        1 => {
            let (start, bits) = (random.below(8 * len), 1 + random.below(128));
            for bit in start..(start + bits).min(8 * len) {
                stream[bit / 8] ^= ((random.next() & 1) as u8) << (bit % 8);
            }
        }
        // Bytes that are lost.
        2 => {
            let start = random.below(len);
            let end = (start + 1 + random.below(20)).min(len);
            stream.drain(start..end);
        }
        // The start of one packet and the end of another.
        3 => {
            let end = random.below(first.min(len));
            let start = end + random.below(len - end);
            stream.drain(end..start);
        }
        // Bytes out of nothing.
        4 => {
            let start = random.below(len);
            let noise: Vec<u8> = (0..=random.below(20))
                .map(|_| random.next() as u8)
                .collect();
            stream.splice(start..start, noise);
        }
        // Bytes of the stream at another place.
        5 => {
            let (from, to) = (random.below(len), random.below(len));
            let count = (1 + random.below(12)).min(len - from.max(to));
            stream.copy_within(from..from + count, to);
        }
        // Other bytes, none of them a delimiter: the CRC alone has to find them.
        6 => {
            for _ in 0..=random.below(8) {
                let at = random.below(len);
                if stream[at] != 0 {
                    stream[at] = 1 + random.below(255) as u8;
                }
            }
        }
        // Two bytes exchanged.
        _ => stream.swap(random.below(len), random.below(len)),
    }
}

fn packet(random: &mut Random) -> Packet {
    let word = random.next();
    let (low, high) = (word as u32, (word >> 32) as u32);
    let short = (word >> 16) as u16;
    let agreed = 1 + (word >> 63) as u8;
    let limits = Limits::new(500, 100).expect("limits");
    let score = (low >> 8) as f32 / 1e6;
    let (from, message) = match random.below(8) {
        0 => {
            let hello = HelloRepr {
                versions: Versions::SPOKEN,
                labels: 2 + short % 4095,
                software: Software {
                    major: 0,
                    minor: short,
                    patch: 1,
                },
                limits,
                uptime_ms: high,
                model: ModelHash(std::array::from_fn(|_| random.next() as u8)),
            };
            (Role::Host, Message::Hello(hello))
        }
        1 => {
            let text = (0..=random.below(32).min(31))
                .map(|_| random.next() as u8)
                .collect();
            (
                Role::Host,
                Message::Label(LabelPieceRepr {
                    index: short % 4096,
                    offset: 0,
                    last: true,
                    text,
                }),
            )
        }
        2 => {
            let last_seen = Sequence(low);
            (
                Role::Mcu,
                Message::Heartbeat(HeartbeatRepr {
                    uptime_ms: high,
                    last_seen,
                    state: State::Active,
                }),
            )
        }
        3 => (
            Role::Mcu,
            Message::Ack(AckRepr {
                of: Sequence(low),
                uptime_ms: high,
                status: Status::Applied,
            }),
        ),
        4 => {
            let policy =
                Policy::new(50 + short % 9951, 10 + (low as u16) % 9991).expect("a policy");
            (Role::Host, Message::Command(CommandRepr::SetPolicy(policy)))
        }
        5 => {
            let code =
                FaultCode::Private(PrivateFault::new(short | 0x8000).expect("a private code"));
            (Role::Host, Message::Fault(FaultRepr { code, detail: low }))
        }
        _ => {
            let class = (random.below(2) == 0).then_some(short % 10);
            let judgement = Judgement::or_unknown(10, class, Raw::of(score, 6.25)).expect("labels");
            let verdict = VerdictRepr {
                frame: u64::from(low),
                echo_ms: high,
                age_ms: short,
                judgement,
                drift: agreed == 2 && low & 1 == 1,
            };
            (Role::Host, Message::Verdict(verdict))
        }
    };
    let (sequence, session) = (Sequence(random.next() as u32), SessionId(high | 1));
    Packet {
        version: message.version_in(agreed),
        from,
        sequence,
        session,
        message,
    }
}
