use normgate_core::Drift;
use normgate_sink::{DriftState, Event, Sink, SinkError, Status};
use serde_json::{Value, json};

use super::broker::{self, Broker, Message};
use super::{AVAILABILITY, NEVER, STATE, Teller, ended, options};

fn is_frame(frame: u64) -> impl Fn(&Message) -> bool {
    move |message| message.topic == STATE && message.json()["frame"] == frame
}

fn has_reason(reason: &str) -> impl Fn(&Message) -> bool {
    move |message| message.topic == STATE && message.json()["reason"] == reason
}

#[test]
fn a_run_is_told_from_its_beginning_to_its_end() {
    if !broker::is_here() {
        return;
    }
    let broker = Broker::open();
    let mut subscriber = broker.subscribe();
    let mut teller = Teller::new(&options(&broker.address()));

    let first = subscriber.next("first state", |m| m.topic == STATE).json();
    assert_eq!(
        (&first["state"], &first["unknown"]),
        (&json!("unknown"), &json!(true))
    );
    let online = subscriber.next("availability", |m| m.topic == AVAILABILITY);
    assert_eq!((online.payload.as_str(), online.qos), ("online", 1));

    teller.frame(7, Some(0));
    let cat = subscriber.next("frame 7", is_frame(7));
    assert_eq!(cat.qos, 1);
    let mut cat = cat.json();
    let time = cat["time"].take();
    let time = time.as_str().unwrap();
    assert!(
        time.len() >= 20 && time.ends_with('Z') && time.contains('T'),
        "{time}"
    );
    let expected = json!({
        "state": "cat", "unknown": false, "camera_lost": false, "reason": null, "verdict": "known", "class": "cat",
        "nearest": null, "score": 0.75, "p_value": 0.625, "score_name": "cosine", "threshold": 0.5, "confidence": 0.875,
        "drift": null, "drift_evidence": null, "frame": 7,
        "time": null, "fps": null, "latency_ms": 2.5, "model": "pets-v1",
    });
    assert_eq!(cat, expected);

    teller.frame(8, None);
    let none = subscriber.next("frame 8", is_frame(8)).json();
    assert_eq!(none["state"], "unknown");
    assert_eq!(none["verdict"], "unknown");
    assert_eq!(none["class"], Value::Null);
    assert_eq!(none["nearest"], "dog");
    assert_eq!(none["score"], 0.25);

    // A label that needs escapes, and that Home Assistant shows without the tab.
    teller.frame(9, Some(2));
    let odd = subscriber.next("frame 9", is_frame(9)).json();
    assert_eq!(odd["class"], "\"big\" \\ dög\t");
    assert_eq!(odd["state"], "\"big\" \\ dög");

    teller.status(&Status::Lost {
        why: "unplugged".to_owned(),
    });
    let lost = subscriber.next("the loss", has_reason("unplugged")).json();
    assert_eq!(
        (&lost["state"], &lost["camera_lost"]),
        (&json!("unknown"), &json!(true))
    );
    teller.status(&Status::Restored);
    let back = subscriber.next("the return", |m| m.topic == STATE).json();
    assert_eq!(
        (&back["state"], &back["camera_lost"]),
        (&json!("unknown"), &json!(false))
    );
    teller.frame(10, Some(1));
    assert_eq!(
        subscriber.next("frame 10", is_frame(10)).json()["state"],
        "dog"
    );

    // Someone who comes late knows as much.
    assert_eq!(broker.retained_of(AVAILABILITY).as_deref(), Some("online"));
    let late: Value = serde_json::from_str(&broker.retained_of(STATE).unwrap()).unwrap();
    assert_eq!(
        (&late["state"], &late["frame"]),
        (&json!("dog"), &json!(10))
    );

    teller.status(&ended());
    // It has arrived by now, and nothing claims a class any more.
    assert_eq!(broker.retained_of(AVAILABILITY).as_deref(), Some("offline"));
    let end: Value = serde_json::from_str(&broker.retained_of(STATE).unwrap()).unwrap();
    assert_eq!(
        (&end["state"], &end["reason"]),
        (&json!("unknown"), &json!("ended"))
    );
    assert_eq!(teller.missed, [""; 0]);
    let offline = subscriber.next("offline", |m| {
        m.topic == AVAILABILITY && m.payload == "offline"
    });
    assert!(!offline.is_retained);
    let last_two: Vec<_> = subscriber
        .seen
        .iter()
        .rev()
        .take(2)
        .map(|m| m.topic.as_str())
        .collect();
    assert_eq!(
        last_two,
        [AVAILABILITY, STATE],
        "offline comes last, and once"
    );

    let after = teller.sink.take(Event::Status(&Status::Restored));
    assert!(matches!(after, Err(SinkError::Closed(_))));
    assert!(teller.sink.tick().is_ok());
}

#[test]
fn a_class_that_stays_is_told_once_in_its_time() {
    if !broker::is_here() {
        return;
    }
    let broker = Broker::open();
    let mut subscriber = broker.subscribe();
    let mut teller = Teller::new(&options(&broker.address()).with_every(NEVER));
    for frame in 0..200 {
        teller.frame(frame, Some(0));
        teller.tick();
    }
    subscriber.next("frame 0", is_frame(0));
    teller.frame(200, None);
    subscriber.next("the change", is_frame(200));
    let frames = subscriber
        .seen
        .iter()
        .filter(|m| m.topic == STATE && m.json()["frame"].is_u64());
    assert_eq!(frames.count(), 2);
    assert_eq!(teller.missed, [""; 0]);
}

#[test]
fn a_drift_alarm_is_told_at_once_and_stands_as_long_as_the_records_say() {
    if !broker::is_here() {
        return;
    }
    let broker = Broker::open();
    let mut subscriber = broker.subscribe();
    let mut teller = Teller::new(&options(&broker.address()));
    let watched = |alarm| {
        Some(DriftState {
            evidence: 0.125,
            alarm,
        })
    };
    teller.frame(1, Some(0));
    let calm = subscriber.next("frame 1", is_frame(1)).json();
    assert_eq!(calm["drift"], Value::Null);
    // The same class: nothing but the alarm is new.
    teller.watched_frame(2, Some(0), watched(Some(Drift::Falling)));
    teller.status(&Status::Drifted {
        drift: Drift::Falling,
        frame: 2,
        alarms: 1,
    });
    let drifted = subscriber.next("the alarm", is_frame(2)).json();
    assert_eq!(
        (&drifted["drift"], &drifted["drift_evidence"]),
        (&json!("falling"), &json!(0.125))
    );
    assert_eq!(drifted["state"], "cat", "verdicts go on");
    teller.status(&Status::SwapRefused {
        why: "no model".to_owned(),
    });
    let refused = subscriber.next(
        "the refusal",
        has_reason("a new model was refused: no model"),
    );
    assert_eq!(refused.json()["drift"], "falling");
    teller.watched_frame(3, Some(0), watched(None));
    let over = subscriber.next("the end of it", is_frame(3)).json();
    assert_eq!(over["drift"], Value::Null);
    teller.watched_frame(4, Some(0), watched(Some(Drift::Rising)));
    subscriber.next("the next alarm", is_frame(4));
    teller.status(&Status::Lost {
        why: "unplugged".to_owned(),
    });
    let lost = subscriber.next("the loss", has_reason("unplugged")).json();
    assert_eq!(lost["drift"], Value::Null, "the test begins anew");
    assert_eq!(teller.missed, [""; 0]);
}

#[test]
fn each_frame_is_told_where_asked_and_the_rate_is_measured() {
    if !broker::is_here() {
        return;
    }
    let broker = Broker::open();
    let mut subscriber = broker.subscribe();
    let mut teller = Teller::new(&options(&broker.address()).with_every(std::time::Duration::ZERO));
    let mut frame = 0;
    // The rate is known after a second of frames.
    let fps = broker::wait_for("a rate", || {
        teller.frame(frame, Some(0));
        let told = subscriber.next("the frame", is_frame(frame)).json();
        frame += 1;
        told["fps"].as_f64()
    });
    assert!(fps > 0.0 && fps <= frame as f64, "{fps} of {frame} frames");
}

#[test]
fn a_sink_that_is_dropped_says_goodbye() {
    if !broker::is_here() {
        return;
    }
    let broker = Broker::open();
    let mut subscriber = broker.subscribe();
    let mut teller = Teller::new(&options(&broker.address()));
    teller.frame(1, Some(0));
    subscriber.next("frame 1", is_frame(1));
    drop(teller);
    assert_eq!(broker.retained_of(AVAILABILITY).as_deref(), Some("offline"));
    let end: Value = serde_json::from_str(&broker.retained_of(STATE).unwrap()).unwrap();
    assert_eq!(end["state"], "unknown");
}

#[test]
fn topics_are_as_told() {
    if !broker::is_here() {
        return;
    }
    let broker = Broker::open();
    let options = options(&format!("{}/home/door", broker.address()))
        .with_node("n_1")
        .unwrap();
    let mut teller = Teller::new(&options.with_discovery(None).unwrap());
    teller.status(&ended());
    let mut topics: Vec<_> = broker.retained().into_iter().map(|m| m.topic).collect();
    topics.sort();
    assert_eq!(
        topics,
        ["home/door/n_1/availability", "home/door/n_1/state"]
    );
}
