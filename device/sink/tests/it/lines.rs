//! Text and JSON lines on standard output.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use normgate_core::{Committed, Drift, Verdict};
use normgate_frame::Truth;
use normgate_sink::{Event, JsonLines, Record, Sink, SinkError, Status, Text};
use serde_json::{Value, json};

use crate::support::{drifting, known, summary, terms, unknown, unscored};

/// Keeps what is written, and fails as told: after so many bytes, once.
#[derive(Clone, Default)]
struct Paper {
    text: Arc<Mutex<Vec<u8>>>,
    fail: Arc<Mutex<Option<(usize, io::ErrorKind)>>>,
    flushed: Arc<Mutex<usize>>,
}

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.text.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut fail = self.fail.lock().unwrap();
        let most = match &mut *fail {
            Some((0, kind)) => {
                let kind = *kind;
                *fail = None;
                return Err(kind.into());
            }
            Some((left, _)) => {
                let most = bytes.len().min(*left);
                *left -= most;
                most
            }
            None => bytes.len(),
        };
        self.text.lock().unwrap().extend_from_slice(&bytes[..most]);
        Ok(most)
    }

    fn flush(&mut self) -> io::Result<()> {
        *self.flushed.lock().unwrap() = self.text.lock().unwrap().len();
        Ok(())
    }
}

fn text_of(events: &[Event<'_>]) -> String {
    let paper = Paper::default();
    let mut sink = Text::new(paper.clone());
    for event in events {
        sink.take(*event).unwrap();
    }
    paper.text()
}

fn json_of(event: Event<'_>) -> Value {
    let paper = Paper::default();
    JsonLines::new(paper.clone()).take(event).unwrap();
    let text = paper.text();
    assert!(text.ends_with('\n') && text.lines().count() == 1, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_line_of_text_says_all_of_a_frame() {
    let known = Record {
        truth: Some(Truth::Class("ship".to_owned())),
        ..known(7)
    };
    let ungated = Record {
        terms: Arc::new(normgate_sink::Terms {
            gate: None,
            ..(*terms()).clone()
        }),
        ..unknown(9, 0.25)
    };
    let (unknown, unscored) = (unknown(123_456, 0.25), unscored(8));
    let events = [&known, &unknown, &unscored, &ungated].map(|r| Event::Record(r, None));
    let lines = text_of(&events);
    let expected = "    7  ship        max_logit    0.750 >= 0.430  p 0.2500  confidence 0.500  committed ship  1.50 ms  frame 7  truth ship\n\
        123456  unknown     max_logit    0.250 <  0.430  p 0.0156  nearest cat  committed unknown  1.50 ms  frame 123456\n    \
        8  unknown     not a readable JPEG  committed unknown  1.50 ms  frame 8\n    \
        9  unknown     score 0.250, no threshold  p 0.0156  nearest cat  committed unknown  1.50 ms  frame 9\n";
    assert_eq!(lines, expected);
}

#[test]
fn text_tells_what_happens_beside_frames_and_the_summary() {
    let statuses = [
        Status::Started {
            source: "demo:".to_owned(),
            terms: terms(),
        },
        Status::Lost {
            why: "/dev/video0: no such device".to_owned(),
        },
        Status::Restored,
        Status::Swapped { terms: terms() },
        Status::SwapRefused {
            why: "new.onnx: not an ONNX file".to_owned(),
        },
        Status::Drifted {
            drift: Drift::Rising,
            frame: 4000,
            alarms: 2,
        },
        Status::Ended(summary()),
    ];
    let events: Vec<_> = statuses.iter().map(Event::Status).collect();
    let expected = "the source is lost: /dev/video0: no such device\n\
        the source is back\n\
        another model: test-net-v1\n\
        a new model is refused: new.onnx: not an ONNX file\n\
        drift: at frame 4000 scores are rising: frames are more alike than the calibration images (alarm 2)\n\
        \n\
        demo:: 24 frames, 10 known, 14 unknown (2 of them not read or scored), 3 dropped\n\
        model       p50    1500.0 us  p99    2250.0 us\n";
    assert_eq!(text_of(&events), expected);
}

#[test]
fn a_json_line_has_all_of_a_frame() {
    let expected = json!({
        "frame": 2, "name": "frame 2", "time": "2026-11-23T20:23:14.157Z", "verdict": "known", "class": "ship",
        "confidence": 0.5, "nearest": null, "score": 0.75, "p_value": 0.25, "score_name": "max_logit", "threshold": 0.43_f32,
        "committed": "ship", "drift": null, "drift_evidence": null, "truth": "unknown", "fault": null, "latency_us": 1500.0,
    });
    let record = Record {
        truth: Some(Truth::Unknown),
        ..known(2)
    };
    assert_eq!(json_of(Event::Record(&record, None)), expected);
    let line = json_of(Event::Record(&unscored(0), None));
    for key in [
        "class",
        "confidence",
        "nearest",
        "score",
        "p_value",
        "committed",
        "truth",
    ] {
        assert_eq!(line[key], Value::Null, "{key}");
    }
    assert_eq!(
        (&line["verdict"], &line["fault"]),
        (&json!("unknown"), &json!("not a readable JPEG"))
    );
    let line = json_of(Event::Record(&drifting(3, Drift::Falling), None));
    assert_eq!(
        (&line["drift"], &line["drift_evidence"]),
        (&json!("falling"), &json!(0.25))
    );
    let odd = Record {
        verdict: Verdict::Unknown {
            score: Some(f32::NAN),
            nearest: Some(99),
            p_value: None,
        },
        committed: Committed::Class(99),
        name: "a \"b\"\n\u{1b}".to_owned(),
        time: UNIX_EPOCH + Duration::from_secs(1 << 40),
        ..known(1)
    };
    let line = json_of(Event::Record(&odd, None));
    assert_eq!(
        (&line["score"], &line["time"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        (&line["name"], &line["nearest"]),
        (&json!("a \"b\"\n\u{1b}"), &json!("unknown"))
    );
}

#[test]
fn json_tells_what_happens_beside_frames_and_the_summary() {
    let lost = json_of(Event::Status(&Status::Lost {
        why: "gone".to_owned(),
    }));
    assert_eq!(
        (&lost["status"], &lost["why"]),
        (&json!("lost"), &json!("gone"))
    );
    assert!(
        lost["time"]
            .as_str()
            .is_some_and(|t| t.len() == 24 && t.ends_with('Z')),
        "{lost}"
    );
    assert_eq!(
        json_of(Event::Status(&Status::Restored))["status"],
        "restored"
    );
    let swapped = json_of(Event::Status(&Status::Swapped { terms: terms() }));
    assert_eq!(
        (&swapped["status"], &swapped["model"]),
        (&json!("swapped"), &json!("test-net-v1"))
    );
    let refused = json_of(Event::Status(&Status::SwapRefused {
        why: "bad".to_owned(),
    }));
    assert_eq!(
        (&refused["status"], &refused["why"]),
        (&json!("swap_refused"), &json!("bad"))
    );
    let mut drifted = json_of(Event::Status(&Status::Drifted {
        drift: Drift::Falling,
        frame: 7,
        alarms: 1,
    }));
    assert!(drifted["time"].take().is_string());
    let expected = json!({
        "status": "drifted", "drift": "falling", "frame": 7, "alarms": 1, "time": null,
    });
    assert_eq!(drifted, expected);
    let ended = json_of(Event::Status(&Status::Ended(summary())));
    let expected = json!({ "summary": {
        "source": "demo:", "frames": 24, "known": 10, "unknown": 14, "faults": 2, "dropped": 3,
        "latency": {
            "source": { "p50_us": null, "p99_us": null },
            "model": { "p50_us": 1500.0, "p99_us": 2250.0 },
        },
    } });
    assert_eq!(ended, expected);
    let paper = Paper::default();
    let started = Status::Started {
        source: "demo:".to_owned(),
        terms: terms(),
    };
    JsonLines::new(paper.clone())
        .take(Event::Status(&started))
        .unwrap();
    assert_eq!(paper.text(), "");
}

#[test]
fn each_line_is_flushed() {
    let paper = Paper::default();
    let mut sink = Text::new(paper.clone());
    for frame in 0..3 {
        sink.take(Event::Record(&known(frame), None)).unwrap();
        assert_eq!(*paper.flushed.lock().unwrap(), paper.text().len());
    }
}

#[test]
fn a_reader_that_left_is_told_apart_from_a_full_disk() {
    let paper = Paper::default();
    let mut sink = JsonLines::new(paper.clone());
    *paper.fail.lock().unwrap() = Some((0, io::ErrorKind::BrokenPipe));
    let error = sink.take(Event::Record(&known(0), None)).unwrap_err();
    assert!(matches!(error, SinkError::Closed(_)), "{error:?}");
    *paper.fail.lock().unwrap() = Some((0, io::ErrorKind::StorageFull));
    let error = sink.take(Event::Record(&known(0), None)).unwrap_err();
    assert!(matches!(error, SinkError::Missed(_)), "{error:?}");
    // The real one.
    let full = std::fs::File::create("/dev/full").unwrap();
    let error = Text::new(full)
        .take(Event::Record(&known(0), None))
        .unwrap_err();
    assert!(
        matches!(&error, SinkError::Missed(why) if why.contains("No space left")),
        "{error}"
    );
}

#[test]
fn a_line_that_was_cut_does_not_spoil_the_next() {
    for cut in [1, 20, 60] {
        let paper = Paper::default();
        let mut sink = JsonLines::new(paper.clone());
        sink.take(Event::Record(&known(0), None)).unwrap();
        *paper.fail.lock().unwrap() = Some((cut, io::ErrorKind::StorageFull));
        sink.take(Event::Record(&known(1), None)).unwrap_err();
        sink.take(Event::Record(&known(2), None)).unwrap();
        let text = paper.text();
        let frames: Vec<Option<u64>> = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).ok()?["frame"].as_u64())
            .collect();
        assert_eq!(frames, [Some(0), None, Some(2)], "{text}");
    }
}
