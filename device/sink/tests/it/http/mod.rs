//! The HTTP server, asked over plain connections.

mod access;
mod hostile;
mod live;
mod metrics;
mod rejects;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use normgate_core::{Committed, Verdict};
use normgate_sink::{Event, GateTerms, HttpOptions, HttpSink, Meters, Record, Sink, Status, Terms};
use serde_json::Value;

/// Long enough for a machine that is busy with something else.
const DEADLINE: Duration = Duration::from_secs(30);

fn terms() -> Arc<Terms> {
    Arc::new(Terms {
        model: "made-v1".to_owned(),
        graph_sha256: "ab".repeat(32),
        labels: ["cat", "dog"].map(str::to_owned).to_vec(),
        gate: Some(GateTerms {
            score: "energy",
            threshold: 4.5,
        }),
    })
}

fn meters() -> Arc<Meters> {
    Arc::new(Meters::new(terms()))
}

fn options(meters: &Arc<Meters>) -> HttpOptions {
    HttpOptions::new(SocketAddr::from(([127, 0, 0, 1], 0)), Arc::clone(meters))
}

fn server() -> HttpSink {
    HttpSink::bind(options(&meters())).unwrap()
}

fn known(frame: u64, class: u16, score: f32) -> Record {
    Record {
        frame,
        name: format!("frame {frame}"),
        verdict: Verdict::Known {
            class,
            score,
            confidence: 0.75,
            p_value: 0.5,
        },
        committed: Committed::Class(class),
        latency: Duration::from_millis(3),
        ..Record::empty(terms())
    }
}

fn unknown(frame: u64, score: Option<f32>) -> Record {
    Record {
        frame,
        verdict: Verdict::Unknown {
            score,
            nearest: score.map(|_| 1),
            p_value: score.map(|_| 0.0125),
        },
        committed: Committed::Unknown,
        ..known(frame, 0, 0.0)
    }
}

fn tell(sink: &mut HttpSink, status: Status) {
    sink.take(Event::Status(&status)).unwrap();
}

fn take(sink: &mut HttpSink, record: &Record) {
    sink.take(Event::Record(record, None)).unwrap();
}

/// An answer.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_slice(&self.body).unwrap()
    }
}

fn connect(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// The answer to a request of these lines, with `connection: close`.
fn ask(addr: SocketAddr, request: &str, headers: &[&str]) -> Answer {
    let mut stream = connect(addr);
    let mut text = format!("{request} HTTP/1.1\r\nconnection: close\r\n");
    if !headers
        .iter()
        .any(|h| h.to_ascii_lowercase().starts_with("host:"))
    {
        text += "host: localhost\r\n";
    }
    for header in headers {
        text += &format!("{header}\r\n");
    }
    stream.write_all(format!("{text}\r\n").as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    answer(&bytes)
}

fn get(addr: SocketAddr, path: &str) -> Answer {
    ask(addr, &format!("GET {path}"), &[])
}

/// What the bytes of a closed connection say; a chunked body is put together.
fn answer(bytes: &[u8]) -> Answer {
    let end = bytes
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .unwrap_or_else(|| {
            panic!("no answer: {:?}", String::from_utf8_lossy(bytes));
        });
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut answer = Answer {
        status,
        head,
        body: bytes[end + 4..].to_vec(),
    };
    if answer.header("transfer-encoding") == Some("chunked") {
        answer.body = dechunk(&answer.body);
    }
    answer
}

fn dechunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = bytes.windows(2).position(|w| w == b"\r\n") {
        let size = std::str::from_utf8(&bytes[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        body.extend_from_slice(&bytes[end + 2..][..size]);
        bytes = &bytes[end + 2 + size + 2..];
    }
    body
}

/// Waits until `found` is true.
fn until(what: &str, mut found: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !found() {
        assert!(begin.elapsed() < DEADLINE, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
