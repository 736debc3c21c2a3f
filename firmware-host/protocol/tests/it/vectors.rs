//! The vectors in `vectors/`: written with UPDATE_VECTORS=1, else compared.

use std::path::PathBuf;

use normgate_protocol::{
    BodyError, CommandRepr, DecodeError, Decoder, Message, Packet, Raw, Role, State, Status,
    VerdictRepr, VerdictView,
};
use serde_json::{Map, Value, json};

use crate::cases::{self, Expected};

/// Where the vectors are.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// The name of an error in SPEC.md.
pub(crate) fn name_of(error: &DecodeError) -> &'static str {
    match error {
        DecodeError::Short { .. } => "short",
        DecodeError::Overlong => "overlong",
        DecodeError::CrcField | DecodeError::Crc { .. } => "crc",
        DecodeError::Cobs => "cobs",
        DecodeError::Version { .. } => "version",
        DecodeError::Body { error, .. } => match error {
            BodyError::Kind { .. } => "kind",
            BodyError::Length { .. } => "length",
            BodyError::Direction { .. } => "direction",
            BodyError::NoSession => "no-session",
            BodyError::Reserved => "reserved",
            BodyError::Code { .. } => "code",
            BodyError::Versions { .. } => "versions",
            BodyError::Labels { .. } => "labels",
            BodyError::MaxAge { .. } => "max-age",
            BodyError::HeartbeatInterval { .. } => "heartbeat-interval",
            BodyError::PolicyAge { .. } => "policy-age",
            BodyError::PolicyHold { .. } => "policy-hold",
            BodyError::LabelIndex { .. } => "label-index",
            BodyError::LabelPiece { .. } => "label-piece",
            BodyError::Class { .. } => "class",
            BodyError::NotFinite => "not-finite",
            BodyError::Contradiction => "contradiction",
            BodyError::Unscored => "unscored",
        },
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Host => "host",
        Role::Mcu => "mcu",
    }
}

fn verdict(verdict: &VerdictRepr) -> Value {
    let body = verdict.emit(2).unwrap();
    let flags = VerdictView::new(&body).unwrap().flags();
    let (score, threshold) = match verdict.judgement.raw() {
        Raw::Known { score, threshold } | Raw::Unknown { score, threshold } => {
            (Some(score), Some(threshold))
        }
        Raw::Unscored => (None, None),
    };
    json!({
        "message": "verdict", "frame": verdict.frame, "echo_ms": verdict.echo_ms, "age_ms": verdict.age_ms,
        "committed": flags & 1 != 0, "known": flags & 2 != 0, "scored": flags & 4 != 0,
        "drift": flags & 8 != 0,
        "class": verdict.judgement.committed(), "labels": verdict.judgement.labels(),
        "score": score.map(f64::from), "threshold": threshold.map(f64::from),
    })
}

fn message(message: &Message) -> Value {
    match message {
        Message::Hello(hello) => json!({
            "message": "hello", "version_min": hello.versions.min(), "version_max": hello.versions.max(),
            "labels": hello.labels,
            "software": [hello.software.major, hello.software.minor, hello.software.patch],
            "max_age_ms": hello.limits.max_age_ms(), "heartbeat_ms": hello.limits.heartbeat_ms(),
            "uptime_ms": hello.uptime_ms, "model": hex(&hello.model.0),
        }),
        Message::Label(piece) => json!({
            "message": "label", "index": piece.index, "offset": piece.offset, "last": piece.last,
            "text": hex(&piece.text),
        }),
        Message::Verdict(repr) => verdict(repr),
        Message::Heartbeat(heartbeat) => json!({
            "message": "heartbeat", "uptime_ms": heartbeat.uptime_ms, "last_seen": heartbeat.last_seen.0,
            "state": match heartbeat.state { State::Safe => 1, State::Active => 2, State::Held => 3 },
        }),
        Message::Ack(ack) => json!({
            "message": "ack", "of": ack.of.0, "uptime_ms": ack.uptime_ms,
            "status": match ack.status { Status::Applied => 1, Status::Stale => 2, Status::Refused(_) => 3 },
            "reason": ack.emit()[9],
        }),
        Message::Command(command) => {
            let (max_age_ms, hold_ms) = match command {
                CommandRepr::SetPolicy(policy) => (policy.max_age_ms(), policy.hold_ms()),
                CommandRepr::Hold | CommandRepr::Resume => (0, 0),
            };
            json!({
                "message": "command", "command": command.emit()[0], "max_age_ms": max_age_ms, "hold_ms": hold_ms,
            })
        }
        Message::Fault(fault) => json!({
            "message": "fault", "code": fault.code.code(), "detail": fault.detail,
        }),
    }
}

/// A message with the version of its packet.
fn versioned(packet: &Packet) -> Value {
    let mut value = message(&packet.message);
    if let Value::Object(fields) = &mut value {
        fields.insert("version".to_owned(), json!(packet.version));
    }
    value
}

fn result(result: &Result<Packet, DecodeError>) -> Value {
    let (mut value, from, sequence, session) = match result {
        Ok(packet) => (
            versioned(packet),
            packet.from,
            packet.sequence,
            packet.session,
        ),
        Err(DecodeError::Body { header, error }) => {
            let error = DecodeError::Body {
                header: *header,
                error: *error,
            };
            let value = json!({"error": name_of(&error), "type": header.kind});
            (value, header.from, header.sequence, header.session)
        }
        Err(error) => return json!({"error": name_of(error)}),
    };
    let head = json!({"from": role(from), "sequence": sequence.0, "session": session.0});
    if let (Value::Object(fields), Value::Object(head)) = (&mut value, head) {
        fields.extend(head);
    }
    value
}

/// A list with one vector a line, so that a change is read as one.
fn listing(vectors: &[Map<String, Value>]) -> String {
    let lines: Vec<String> = vectors
        .iter()
        .map(|vector| serde_json::to_string(vector).unwrap())
        .collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

#[test]
fn receivers_give_what_the_cases_expect() {
    for (file, cases) in cases::all() {
        for case in cases {
            let mut decoder = Decoder::new();
            let received: Vec<Expected> = decoder
                .packets(&case.bytes)
                .map(|result| {
                    result.map_or_else(|error| Expected::Error(name_of(&error)), Expected::Packet)
                })
                .collect();
            assert_eq!(received, case.expected, "{file}: {}", case.name);
        }
    }
}

#[test]
fn every_error_has_a_vector() {
    let all = cases::all();
    let seen: Vec<&str> = all
        .iter()
        .flat_map(|(_, cases)| cases)
        .flat_map(|case| &case.expected)
        .filter_map(|expected| match expected {
            Expected::Error(name) => Some(*name),
            Expected::Packet(_) => None,
        })
        .collect();
    let spec = std::fs::read_to_string(folder().with_file_name("SPEC.md")).unwrap();
    let names = [
        "short",
        "overlong",
        "crc",
        "cobs",
        "version",
        "kind",
        "length",
        "direction",
        "no-session",
        "reserved",
        "code",
        "versions",
        "labels",
        "max-age",
        "heartbeat-interval",
        "policy-age",
        "policy-hold",
        "label-index",
        "label-piece",
        "class",
        "not-finite",
        "contradiction",
        "unscored",
    ];
    for name in names {
        assert!(seen.contains(&name), "no vector for {name}");
        assert!(
            spec.contains(&format!("*{name}*")),
            "SPEC.md does not name {name}"
        );
    }
}

#[test]
fn stored_vectors_are_what_receivers_give() {
    let update = std::env::var_os("UPDATE_VECTORS").is_some_and(|value| value == "1");
    for (file, cases) in cases::all() {
        let vectors: Vec<Map<String, Value>> = cases
            .iter()
            .map(|case| {
                let expect: Vec<Value> = Decoder::new()
                    .packets(&case.bytes)
                    .map(|found| result(&found))
                    .collect();
                let fields = [
                    ("name".to_owned(), json!(case.name)),
                    ("bytes".to_owned(), json!(hex(&case.bytes))),
                    ("expect".to_owned(), Value::Array(expect)),
                ];
                Map::from_iter(fields)
            })
            .collect();
        let path = folder().join(format!("{file}.json"));
        let found = listing(&vectors);
        if update {
            std::fs::create_dir_all(folder()).unwrap();
            std::fs::write(&path, found).unwrap();
        } else {
            let stored = std::fs::read_to_string(&path).unwrap();
            let [stored, found] =
                [stored, found].map(|text| serde_json::from_str::<Value>(&text).unwrap());
            assert!(
                stored == found,
                "{} differs; UPDATE_VECTORS=1 writes it anew",
                path.display()
            );
        }
    }
}
