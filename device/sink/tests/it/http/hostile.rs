use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use normgate_sink::{HttpLimits, HttpSink, Sink};

use super::{DEADLINE, answer, ask, connect, get, known, meters, options, server, take, until};

fn limited(limits: HttpLimits) -> HttpSink {
    let mut options = options(&meters());
    options.limits = limits;
    HttpSink::bind(options).unwrap()
}

/// What comes until the other side closes the connection.
fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => bytes,
        Err(e) if matches!(e.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => bytes,
        Err(e) => panic!("the connection stays open: {e}"),
    }
}

#[test]
fn what_is_no_request_is_hung_up_on() {
    let sink = server();
    let long = format!(
        "GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n",
        "a".repeat(100_000)
    );
    let big = format!(
        "GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n",
        "a".repeat(1_000_000)
    );
    let many = format!(
        "GET / HTTP/1.1\r\nhost: localhost\r\n{}\r\n",
        "x: y\r\n".repeat(1000)
    );
    for bytes in [
        b"\0\x01\x02 nonsense\r\n\r\n".as_slice(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS client",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
        long.as_bytes(),
        big.as_bytes(),
        many.as_bytes(),
    ] {
        let mut stream = connect(sink.addr());
        // The server may hang up before all is sent.
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let said = rest(&mut stream);
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).into_owned();
        if !said.is_empty() {
            assert!((400..500).contains(&answer(&said).status), "{shown}");
        }
    }
    assert_eq!(get(sink.addr(), "/metrics").status, 200);
}

#[test]
fn a_body_is_not_read() {
    let sink = server();
    let mut stream = connect(sink.addr());
    stream
        .write_all(
            b"GET /metrics HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999999\r\n\r\n",
        )
        .unwrap();
    let said = rest(&mut stream);
    assert_eq!(answer(&said).status, 200);
}

#[test]
fn who_never_ends_a_request_is_hung_up_on() {
    let limits = HttpLimits {
        header_time: Duration::from_millis(200),
        ..HttpLimits::default()
    };
    let sink = limited(limits);
    for begin in [
        "",
        "GET / HT",
        "GET /metrics HTTP/1.1\r\nhost: localhost\r\nx-slow: ",
    ] {
        let mut stream = connect(sink.addr());
        stream.write_all(begin.as_bytes()).unwrap();
        rest(&mut stream);
    }
    // A byte now and then does not help.
    let mut stream = connect(sink.addr());
    until("the drip is hung up on", || {
        std::thread::sleep(Duration::from_millis(20));
        stream.write_all(b"a").is_err()
    });
    // Nor does an answered request keep its connection for ever.
    let mut stream = connect(sink.addr());
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .unwrap();
    assert_eq!(answer(&rest(&mut stream)).status, 200);
}

#[test]
fn who_takes_nothing_of_the_answer_is_hung_up_on() {
    let folder = tempfile::tempdir().unwrap();
    // More than any socket's buffers hold.
    std::fs::File::create(folder.path().join("big.png"))
        .unwrap()
        .set_len(64 << 20)
        .unwrap();
    let mut options = options(&meters());
    options.rejects = Some(folder.path().to_owned());
    options.limits = HttpLimits {
        connections: 1,
        patience: Duration::from_millis(200),
        ..HttpLimits::default()
    };
    let sink = HttpSink::bind(options).unwrap();
    let mut stream = connect(sink.addr());
    stream
        .write_all(b"GET /rejects/big.png HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .unwrap();
    // It has the only seat; that is free again once the server lost patience.
    until("the seat is free", || is_served(&sink));
    assert!(rest(&mut stream).len() < 64 << 20);
}

fn is_served(sink: &HttpSink) -> bool {
    let mut stream = connect(sink.addr());
    let _ =
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    !rest(&mut stream).is_empty()
}

#[test]
fn connections_are_counted_and_those_that_end_make_room() {
    let sink = limited(HttpLimits {
        connections: 8,
        ..HttpLimits::default()
    });
    let idle: Vec<_> = (0..8).map(|_| connect(sink.addr())).collect();
    until("all seats are taken", || !is_served(&sink));
    drop(idle);
    until("a seat is free", || is_served(&sink));
}

#[test]
fn a_flood_of_clients_leaves_the_sink_alone() {
    let mut sink = server();
    let addr = sink.addr();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let stopped = || stop.load(std::sync::atomic::Ordering::Relaxed);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stopped() {
                    let Ok(mut stream) = TcpStream::connect(addr) else {
                        continue;
                    };
                    let _ = stream.set_read_timeout(Some(DEADLINE));
                    let _ =
                        stream.write_all(b"GET /api/events HTTP/1.1\r\nhost: localhost\r\n\r\n");
                    let _ = stream.read(&mut [0; 64]);
                }
            });
        }
        for frame in 0..20_000 {
            take(&mut sink, &known(frame, 0, 5.0));
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert_eq!(get(addr, "/api/state").json()["verdict"]["frame"], 19_999);
}

#[test]
fn requests_in_a_row_share_a_connection() {
    let sink = server();
    let mut stream = connect(sink.addr());
    let one = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let last = "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream
        .write_all(format!("{one}{one}{last}").as_bytes())
        .unwrap();
    let said = String::from_utf8(rest(&mut stream)).unwrap();
    assert_eq!(said.matches("HTTP/1.1 503").count(), 2);
    assert_eq!(said.matches("HTTP/1.1 200").count(), 1);
}

#[test]
fn dropping_the_sink_closes_everything() {
    let sink = server();
    let (addr, name) = (sink.addr(), sink.name());
    assert_eq!(name, "http");
    let mut idle = connect(addr);
    assert_eq!(ask(addr, "GET /healthz", &[]).status, 503);
    drop(sink);
    assert!(rest(&mut idle).is_empty());
    assert!(TcpStream::connect(addr).is_err());
}
