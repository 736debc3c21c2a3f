use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use normgate_core::Drift;
use normgate_frame::{ColorSpace, Picture, PixelFormat};
use normgate_sink::{Demand, DriftState, Event, HttpSink, Sink, Status, Summary};
use serde_json::{Value, json};

use super::{
    DEADLINE, connect, get, known, meters, options, server, take, tell, terms, unknown, until,
};

fn state(sink: &HttpSink) -> Value {
    get(sink.addr(), "/api/state").json()
}

fn lost() -> Status {
    Status::Lost {
        why: "unplugged".to_owned(),
    }
}

#[test]
fn the_state_and_the_health_follow_the_loop() {
    let mut sink = server();
    let check = |sink: &HttpSink, name: &str, code: u16, text: &str| {
        assert_eq!(state(sink)["state"], name);
        let health = get(sink.addr(), "/healthz");
        assert_eq!((health.status, health.text()), (code, text));
        assert_eq!(
            health.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
    };
    check(&sink, "waiting", 503, "no verdict yet\n");
    tell(
        &mut sink,
        Status::Started {
            source: "demo:".to_owned(),
            terms: terms(),
        },
    );
    check(&sink, "waiting", 503, "no verdict yet\n");
    take(&mut sink, &known(7, 0, 5.25));
    check(&sink, "known", 200, "ok\n");
    let told = state(&sink);
    assert_eq!(told["committed"], "cat");
    assert_eq!(told["source"], "demo:");
    let verdict = &told["verdict"];
    let part = |name: &str| verdict[name].clone();
    assert_eq!(
        [
            part("frame"),
            part("class"),
            part("nearest"),
            part("score"),
            part("confidence"),
            part("latency_us")
        ],
        [
            json!(7),
            json!("cat"),
            Value::Null,
            json!(5.25),
            json!(0.75),
            json!(3000)
        ]
    );
    take(&mut sink, &unknown(8, Some(1.5)));
    check(&sink, "unknown", 200, "ok\n");
    let told = state(&sink);
    assert_eq!(
        (&told["committed"], &told["verdict"]["nearest"]),
        (&Value::Null, &json!("dog"))
    );
    take(&mut sink, &known(9, 1, 6.0));
    tell(&mut sink, lost());
    check(&sink, "lost", 503, "the source is lost: unplugged\n");
    assert_eq!(
        (&state(&sink)["committed"], &state(&sink)["verdict"]),
        (&Value::Null, &Value::Null)
    );
    tell(&mut sink, Status::Restored);
    check(&sink, "waiting", 503, "no verdict yet\n");
    take(&mut sink, &known(10, 1, 6.0));
    tell(&mut sink, Status::Swapped { terms: terms() });
    check(&sink, "waiting", 503, "no verdict yet\n");
    tell(
        &mut sink,
        Status::SwapRefused {
            why: "not a model".to_owned(),
        },
    );
    assert_eq!(state(&sink)["notice"], "not a model");
    check(&sink, "waiting", 503, "no verdict yet\n");
    take(&mut sink, &known(11, 1, 6.0));
    tell(
        &mut sink,
        Status::SwapRefused {
            why: "nor this".to_owned(),
        },
    );
    check(&sink, "known", 200, "ok\n");
    assert_eq!(state(&sink)["notice"], "nor this");
    tell(&mut sink, Status::Ended(Summary::default()));
    check(&sink, "ended", 503, "the loop has ended\n");
}

#[test]
fn a_drift_alarm_is_told_and_is_no_fault() {
    let meters = meters();
    let mut sink = HttpSink::bind(options(&meters)).unwrap();
    take(&mut sink, &known(7, 0, 5.25));
    assert_eq!(state(&sink)["drift"], Value::Null);
    let alarms = meters.count_drift(Drift::Falling);
    meters.set_drift(Some(DriftState {
        evidence: 0.5,
        alarm: Some(Drift::Falling),
    }));
    tell(
        &mut sink,
        Status::Drifted {
            drift: Drift::Falling,
            frame: 7,
            alarms,
        },
    );
    let told = state(&sink);
    assert_eq!(
        (&told["state"], &told["committed"]),
        (&json!("known"), &json!("cat"))
    );
    assert_eq!(told["verdict"]["p_value"], 0.5);
    assert_eq!(told["counts"]["drifts"], 1);
    assert_eq!(
        told["drift"],
        json!({
            "evidence": 0.5,
            "alarm": "falling",
            "meaning": "frames look less like the calibration images",
        })
    );
    let health = get(sink.addr(), "/healthz");
    assert_eq!((health.status, health.text()), (200, "ok\n"));
}

#[test]
fn old_verdicts_are_stale() {
    let mut options = options(&meters());
    options.stale_after = Duration::from_millis(1);
    let mut sink = HttpSink::bind(options).unwrap();
    take(&mut sink, &known(1, 0, 5.0));
    until("stale", || state(&sink)["state"] == "stale");
    assert_eq!(state(&sink)["committed"], Value::Null);
    assert_eq!(get(sink.addr(), "/healthz").text(), "no verdict for 0 s\n");
}

#[test]
fn the_state_has_the_counts_and_the_times() {
    let meters = meters();
    let mut sink = HttpSink::bind(options(&meters)).unwrap();
    for i in 0..100 {
        let mut record = known(i, 0, 5.0);
        record.latency = Duration::from_millis(100 - i);
        meters.count(&record.verdict, false);
        take(&mut sink, &record);
    }
    meters.dropped.store(3, Relaxed);
    let meter = meters.add_sink("mqtt");
    meter.missed.store(4, Relaxed);
    meter.failed.store(5, Relaxed);
    let told = state(&sink);
    assert_eq!(told["latency_us"], json!({"p50": 50_000, "p99": 99_000}));
    let counts = &told["counts"];
    assert_eq!(
        [
            &counts["frames"],
            &counts["known"],
            &counts["unknown"],
            &counts["dropped"],
            &counts["missed"]
        ],
        [100, 100, 0, 3, 9]
    );
    let model = &told["model"];
    assert_eq!(
        [
            &model["name"],
            &model["score"],
            &model["threshold"],
            &model["classes"]
        ],
        [&json!("made-v1"), &json!("energy"), &json!(4.5), &json!(2)]
    );
}

#[test]
fn the_history_has_every_frame_and_no_number_that_is_none() {
    let mut sink = server();
    take(&mut sink, &known(0, 0, 5.0));
    take(&mut sink, &unknown(1, Some(f32::NAN)));
    take(&mut sink, &unknown(2, None));
    take(&mut sink, &unknown(3, Some(-2.0)));
    let history = get(sink.addr(), "/api/history").json();
    assert_eq!(history["step_ms"], 250);
    let points = history["points"].as_array().unwrap();
    let sum = |name: &str| {
        points
            .iter()
            .map(|p| p[name].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!((sum("frames"), sum("unknown")), (4, 3));
    let lows: Vec<f64> = points.iter().filter_map(|p| p["low"].as_f64()).collect();
    let highs: Vec<f64> = points.iter().filter_map(|p| p["high"].as_f64()).collect();
    assert_eq!(lows.into_iter().reduce(f64::min), Some(-2.0));
    assert_eq!(highs.into_iter().reduce(f64::max), Some(5.0));
}

/// The states that a page hears, until the connection is closed.
fn listen(addr: SocketAddr) -> mpsc::Receiver<Value> {
    let mut stream = connect(addr);
    stream
        .write_all(b"GET /api/events HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .unwrap();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        for line in lines {
            if let Some(event) = line.strip_prefix("data: ")
                && tell.send(serde_json::from_str(event).unwrap()).is_err()
            {
                return;
            }
        }
    });
    told
}

#[test]
fn a_page_hears_the_state_at_once_and_each_change() {
    let mut sink = server();
    let events = listen(sink.addr());
    let hear = |name: &str| {
        until(name, || {
            events.recv_timeout(DEADLINE).unwrap()["state"] == name
        });
    };
    hear("waiting");
    take(&mut sink, &known(1, 0, 5.0));
    hear("known");
    take(&mut sink, &unknown(2, Some(0.5)));
    hear("unknown");
    tell(&mut sink, lost());
    hear("lost");
    // Without any change, too: a page tells a quiet camera from a broken connection.
    hear("lost");
    drop(sink);
    until("the end", || {
        matches!(events.try_recv(), Err(mpsc::TryRecvError::Disconnected))
    });
}

#[test]
fn pictures_are_asked_for_only_while_somebody_looks() {
    let sink = server();
    assert_eq!(sink.demand(), Demand::Nothing);
    let events = listen(sink.addr());
    events.recv_timeout(DEADLINE).unwrap();
    assert_eq!(sink.demand(), Demand::Every(Duration::from_millis(200)));
    drop(events);
    until("nobody looks", || sink.demand() == Demand::Nothing);
    assert_eq!(get(sink.addr(), "/frame.jpg").status, 503);
    assert_ne!(
        sink.demand(),
        Demand::Nothing,
        "who asked for a picture gets the next one"
    );
    until("nobody looks", || sink.demand() == Demand::Nothing);
}

#[test]
fn too_many_pages_are_told_to_come_back() {
    let sink = server();
    let pages: Vec<_> = (0..16).map(|_| listen(sink.addr())).collect();
    for page in &pages {
        page.recv_timeout(DEADLINE).unwrap();
    }
    let refused = get(sink.addr(), "/api/events");
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (503, Some("5"))
    );
    assert_eq!(get(sink.addr(), "/metrics").status, 200);
}

#[test]
fn the_picture_is_the_newest_frame_and_small() {
    let mut sink = server();
    let rgb: Vec<u8> = (0..1280 * 960)
        .flat_map(|i| {
            if i % 1280 < 640 {
                [200, 40, 40]
            } else {
                [20, 60, 220]
            }
        })
        .collect();
    let picture = Picture::rgb(1280, 960, &rgb).unwrap();
    sink.take(Event::Record(&known(41, 0, 5.0), Some(picture)))
        .unwrap();
    let answer = get(sink.addr(), "/frame.jpg");
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("image/jpeg"))
    );
    assert_eq!(answer.header("x-frame"), Some("41"));
    assert_eq!(state(&sink)["picture"], json!({"id": 1, "frame": 41}));
    let image = image::load_from_memory(&answer.body).unwrap().to_rgb8();
    assert_eq!(image.dimensions(), (640, 480));
    for (x, wanted) in [(100, [200, 40, 40]), (500, [20, 60, 220])] {
        let found = image.get_pixel(x, 240).0;
        let is_near = found
            .iter()
            .zip(wanted)
            .all(|(&a, b): (&u8, u8)| a.abs_diff(b) < 8);
        assert!(is_near, "{found:?} at {x}, not {wanted:?}");
    }
    let green = [30, 220, 30].repeat(32 * 32);
    let small = Picture::rgb(32, 32, &green).unwrap();
    sink.take(Event::Record(&known(42, 0, 5.0), Some(small)))
        .unwrap();
    let answer = get(sink.addr(), "/frame.jpg?id=2");
    assert_eq!(answer.header("x-frame"), Some("42"));
    assert_eq!(
        image::load_from_memory(&answer.body)
            .unwrap()
            .to_rgb8()
            .dimensions(),
        (32, 32)
    );
}

#[test]
fn a_picture_that_cannot_be_shown_is_said_and_the_next_one_is_shown() {
    let mut sink = server();
    let format = (PixelFormat::Jpeg, ColorSpace::default());
    let broken = Picture::new(format.0, format.1, (8, 8), 0, b"\xff\xd8 no jpeg").unwrap();
    sink.take(Event::Record(&unknown(1, None), Some(broken)))
        .unwrap();
    let answer = get(sink.addr(), "/frame.jpg");
    assert_eq!(answer.status, 503);
    assert!(
        answer.text().starts_with("not a readable JPEG"),
        "{}",
        answer.text()
    );
    let grey = [128; 64];
    let whole = Picture::new(PixelFormat::Grey, ColorSpace::default(), (8, 8), 8, &grey).unwrap();
    sink.take(Event::Record(&unknown(2, None), Some(whole)))
        .unwrap();
    assert_eq!(get(sink.addr(), "/frame.jpg").status, 200);
}

#[test]
fn all_who_look_get_one_and_the_same_picture() {
    let mut sink = server();
    let rgb = [90; 64 * 64 * 3];
    let picture = Picture::rgb(64, 64, &rgb).unwrap();
    sink.take(Event::Record(&known(1, 0, 5.0), Some(picture)))
        .unwrap();
    let sink = Arc::new(sink);
    let asked: Vec<_> = (0..8)
        .map(|_| {
            let addr = sink.addr();
            std::thread::spawn(move || get(addr, "/frame.jpg").body)
        })
        .collect();
    let bodies: Vec<_> = asked.into_iter().map(|a| a.join().unwrap()).collect();
    assert!(
        bodies
            .iter()
            .all(|body| *body == bodies[0] && !body.is_empty())
    );
}
