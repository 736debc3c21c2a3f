use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;

use normgate_sink::{HttpError, HttpOptions, HttpSink, Token, TokenError};

use super::{ask, get, meters, options, server};

const SECRET: &str = "abcDEF0123456789+/=";

fn locked() -> HttpSink {
    let mut options = options(&meters());
    options.token = Some(Token::new(SECRET).unwrap());
    HttpSink::bind(options).unwrap()
}

#[test]
fn other_machines_are_served_only_with_a_token() {
    for addr in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80", "[::ffff:10.0.0.1]:0"] {
        let addr: SocketAddr = addr.parse().unwrap();
        let error = HttpSink::bind(HttpOptions::new(addr, meters())).unwrap_err();
        assert!(matches!(error, HttpError::NoToken(_)), "{error}");
        assert_eq!(
            error.to_string(),
            format!(
                "HTTP at {addr} can be reached from other machines: expected a loopback address, as 127.0.0.1, or a token"
            )
        );
    }
    let mut all = options(&meters());
    all.addr = "0.0.0.0:0".parse().unwrap();
    all.token = Some(Token::new(SECRET).unwrap());
    let sink = HttpSink::bind(all).unwrap();
    let local = SocketAddr::from(([127, 0, 0, 1], sink.addr().port()));
    assert_eq!(ask(local, "GET /api/state", &[]).status, 401);
    let shown = format!("Authorization: Bearer {SECRET}");
    // A machine that others reach has any name.
    assert_eq!(
        ask(local, "GET /api/state", &["Host: board.local", &shown]).status,
        200
    );
}

#[test]
fn a_port_in_use_and_an_address_of_another_machine_are_said() {
    let first = server();
    let mut second = options(&meters());
    second.addr = first.addr();
    let error = HttpSink::bind(second.clone()).unwrap_err();
    assert!(matches!(error, HttpError::Busy(_)), "{error}");
    drop(first);
    HttpSink::bind(second).expect("the port is free once the server is dropped");
    let mut other = options(&meters());
    other.addr = "192.0.2.1:0".parse().unwrap();
    other.token = Some(Token::new(SECRET).unwrap());
    let error = HttpSink::bind(other).unwrap_err();
    assert!(matches!(error, HttpError::Address(_)), "{error}");
}

#[test]
fn a_token_file_is_one_line_that_not_everybody_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let write = |text: &str, mode| {
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        Token::read(&path)
    };
    for text in [
        SECRET.to_owned(),
        format!("{SECRET}\n"),
        format!("{SECRET}\r\n"),
    ] {
        write(&text, 0o600).unwrap();
        write(&text, 0o640).unwrap();
        let error = write(&text, 0o644).unwrap_err();
        assert!(
            matches!(error, TokenError::Exposed { mode: 0o644, .. }),
            "{error}"
        );
    }
    let bad = [
        ("", "a token of 0 characters: expected 16 to 256"),
        ("short", "a token of 5 characters: expected 16 to 256"),
        (
            &"a".repeat(257),
            "a token of 257 characters: expected 16 to 256",
        ),
        ("two words of a token", "special character"),
        ("two-lines-of-a-token\nsecond", "line break"),
        ("0123456789abcdef;", "special character"),
    ];
    for (text, why) in bad {
        let line = write(text, 0o600).unwrap_err().to_string();
        assert!(
            line.starts_with(&format!("token file {}: ", path.display())),
            "{line}"
        );
        assert!(line.contains(why), "{line}");
        assert!(
            text.len() < 10 || !line.contains(text),
            "the secret is shown: {line}"
        );
    }
    let error = Token::read(&folder.path().join("missing")).unwrap_err();
    assert!(matches!(error, TokenError::Read { .. }), "{error}");
    assert!(!format!("{:?}", Token::new(SECRET).unwrap()).contains(SECRET));
}

#[test]
fn with_a_token_only_the_health_check_is_open() {
    let sink = locked();
    let addr = sink.addr();
    for path in [
        "/",
        "/page.js",
        "/page.css",
        "/metrics",
        "/frame.jpg",
        "/api/state",
        "/api/events",
        "/api/history",
        "/api/rejects",
        "/rejects/a.png",
        "/nothing",
        "/healthz/",
    ] {
        let answer = get(addr, path);
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Bearer realm=\"normgate\"")
        );
    }
    assert_eq!(get(addr, "/healthz").status, 503);

    let wrong = format!("{}x", &SECRET[..SECRET.len() - 1]);
    let good = [
        format!("Authorization: Bearer {SECRET}"),
        format!("authorization: bearer {SECRET}"),
        format!("Cookie: a=b; normgate={SECRET}; c=d"),
    ];
    for header in &good {
        assert_eq!(ask(addr, "GET /metrics", &[header]).status, 200, "{header}");
        let wrong = header.replace(SECRET, &wrong);
        assert_eq!(ask(addr, "GET /metrics", &[&wrong]).status, 401, "{wrong}");
        let empty = header.replace(SECRET, "");
        assert_eq!(ask(addr, "GET /metrics", &[&empty]).status, 401, "{empty}");
    }
    let basic = format!("Authorization: Basic {SECRET}");
    assert_eq!(ask(addr, "GET /metrics", &[&basic]).status, 401);
}

#[test]
fn a_link_with_the_token_becomes_a_cookie() {
    let sink = locked();
    let encoded = SECRET
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    for shown in [SECRET, &encoded] {
        let answer = get(sink.addr(), &format!("/?token={shown}"));
        assert_eq!(answer.status, 303);
        assert_eq!(answer.header("location"), Some("/"));
        let cookie = answer.header("set-cookie").unwrap();
        assert_eq!(
            cookie,
            format!("normgate={SECRET}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict")
        );
        let pair = format!("Cookie: {}", cookie.split(';').next().unwrap());
        assert_eq!(ask(sink.addr(), "GET /", &[&pair]).status, 200);
    }
    let wrong = ask(
        sink.addr(),
        "GET /?token=0123456789abcdef",
        &["Accept: text/html"],
    );
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, None));
    assert!(wrong.text().contains("token is wrong"), "{}", wrong.text());
    // The address is no way to the rest: it would stay in logs.
    assert_eq!(
        get(sink.addr(), &format!("/metrics?token={SECRET}")).status,
        401
    );
}

#[test]
fn a_name_that_is_not_this_machines_is_refused_on_loopback() {
    for sink in [server(), locked()] {
        for host in ["evil.test", "evil.test:80", "localhost.evil.test", ""] {
            let answer = ask(sink.addr(), "GET /healthz", &[&format!("Host: {host}")]);
            assert_eq!(answer.status, 421, "{host}");
        }
        let twice = ask(
            sink.addr(),
            "GET /healthz",
            &["Host: localhost", "Host: evil.test"],
        );
        assert!([400, 421].contains(&twice.status), "{}", twice.status);
    }
    let sink = server();
    let own = sink.addr().to_string();
    for host in [
        "localhost",
        "LocalHost:9090",
        "127.0.0.1",
        "[::1]:9090",
        &own,
    ] {
        assert_eq!(
            ask(sink.addr(), "GET /api/state", &[&format!("Host: {host}")]).status,
            200,
            "{host}"
        );
    }
}

#[test]
fn every_answer_forbids_what_a_page_of_others_could_do() {
    for sink in [server(), locked()] {
        for request in [
            "GET /",
            "GET /metrics",
            "GET /healthz",
            "GET /nothing",
            "POST /",
            "GET /rejects/..%2f",
        ] {
            let answer = ask(sink.addr(), request, &[]);
            let policy = answer.header("content-security-policy").unwrap();
            assert!(policy.starts_with("default-src 'none';"), "{policy}");
            assert!(
                policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
                "{policy}"
            );
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("cache-control", "no-store"),
                ("referrer-policy", "no-referrer"),
                ("cross-origin-resource-policy", "same-origin"),
            ] {
                assert_eq!(answer.header(name), Some(value), "{request}");
            }
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
}

#[test]
fn only_reading_is_allowed() {
    let sink = server();
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"] {
        for path in ["/", "/metrics", "/nothing"] {
            let answer = ask(sink.addr(), &format!("{method} {path}"), &[]);
            assert_eq!(
                (answer.status, answer.header("allow")),
                (405, Some("GET, HEAD")),
                "{method} {path}"
            );
        }
    }
    assert_eq!(get(sink.addr(), "/nothing").status, 404);
    assert_eq!(get(sink.addr(), "/rejects/a.png").status, 404);
    assert_eq!(get(sink.addr(), "/api/rejects").status, 404);
    for path in ["/", "/page.js", "/metrics", "/api/state"] {
        let (whole, head) = (
            get(sink.addr(), path),
            ask(sink.addr(), &format!("HEAD {path}"), &[]),
        );
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        assert_eq!(head.header("content-type"), whole.header("content-type"));
        assert!(!whole.body.is_empty());
    }
    assert_eq!(ask(sink.addr(), "HEAD /api/events", &[]).status, 200);
}

#[test]
fn the_pages_files_are_what_they_say() {
    let sink = server();
    for (path, kind, part) in [
        ("/", "text/html; charset=utf-8", "<!doctype html>"),
        ("/page.css", "text/css; charset=utf-8", ":root"),
        ("/page.js", "text/javascript; charset=utf-8", "EventSource"),
        (
            "/curve.js",
            "text/javascript; charset=utf-8",
            "export function",
        ),
        (
            "/rejects.js",
            "text/javascript; charset=utf-8",
            "export async function",
        ),
        ("/icon.svg", "image/svg+xml", "<svg"),
    ] {
        let answer = get(sink.addr(), path);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(kind)),
            "{path}"
        );
        assert!(answer.text().contains(part), "{path}");
    }
}
