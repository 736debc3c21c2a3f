//! Drift through the judge and the loop: made images that are exchangeable with the calibration images, then others.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use normgate::bundle::{Bundle, ScoreQuantiles};
use normgate::frame::OwnedFrame;
use normgate::model::Model;
use normgate::pipeline::{Control, Judge, NewModel, Order, STANDS};
use normgate::shift::{Corruption, Severity};
use normgate::sink::{
    HttpOptions, HttpSink, JsonFile, JsonLines, Keep, Limits, Meters, PanelSink, Record, Rejects,
    Rotation, Sink, Status, Text,
};
use normgate_core::{CommitPolicy, Drift, DriftPolicy};
use serde_json::Value;

use crate::pipeline::{Orders, successor};
use crate::script::{Run, Step, Told, run_judge};
use crate::support::{MODELS, bundle};

/// Calibration images; with 200 steps of the table each 5th rank is stored.
const CALIBRATION: usize = 999;

/// A made image, the same for the same number: a slope between two colours under a ring.
fn image(number: u64) -> Vec<u8> {
    // SplitMix64 by Steele, Lea and Flood.
    let mut state = number.wrapping_mul(0xd134_2543_de82_ef95);
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1u64 << 24) as f32
    };
    let [from, to, ring] = std::array::from_fn(|_| [next(), next(), next()]);
    let (cx, cy, radius, width) = (32.0 * next(), 32.0 * next(), 14.0 * next(), 4.0 * next());
    let mut rgb = Vec::with_capacity(32 * 32 * 3);
    for y in 0..32u8 {
        for x in 0..32u8 {
            let (x, y) = (f32::from(x), f32::from(y));
            let is_ring = ((x - cx).hypot(y - cy) - radius).abs() < width;
            let part = (x + y) / 62.0;
            rgb.extend((0..3).map(|c| {
                let slope = from[c] + part * (to[c] - from[c]);
                (255.0 * if is_ring { ring[c] } else { slope }) as u8
            }));
        }
    }
    rgb
}

/// The shipped network with its gate fitted on the first made images.
static MADE: LazyLock<Bundle> = LazyLock::new(|| {
    let shipped = bundle(MODELS[0]);
    let mut session = Model::new(shipped.clone()).unwrap().session().unwrap();
    let mut scores: Vec<f32> = (0..CALIBRATION as u64)
        .map(|i| {
            let logits = session.infer(&image(i)).unwrap().logits;
            logits.into_iter().fold(f32::NEG_INFINITY, f32::max)
        })
        .collect();
    scores.sort_by(f32::total_cmp);
    let mut description = shipped.description().clone();
    description.calibration.images = CALIBRATION;
    let gate = description.gate.as_mut().unwrap();
    // Of scores, the one that tells made images from noise.
    gate.score = "max_logit".into();
    gate.rank = (gate.reject_rate * (CALIBRATION + 1) as f64).floor() as usize;
    gate.threshold = scores[gate.rank - 1];
    let table = ScoreQuantiles::of(&scores).unwrap();
    description.calibration_scores = [(gate.score.clone(), table)].into();
    Bundle::new(shipped.model().clone(), description).unwrap()
});

fn judge(every: f64, stride: u32) -> Judge {
    let model = Model::new(MADE.clone()).unwrap();
    let policy = DriftPolicy::new(every, stride, 0.95).unwrap();
    Judge::new(model, CommitPolicy::IMMEDIATE)
        .unwrap()
        .with_drift(policy)
}

fn step(rgb: Vec<u8>) -> Step {
    Step::Frame(OwnedFrame::rgb(0, "made", 32, 32, rgb).unwrap())
}

/// Images that no calibration image is one of.
fn fresh(count: u64) -> impl Iterator<Item = Step> {
    (0..count).map(|i| step(image(1_000_000 + i)))
}

/// Others of them with noise.
fn noisy(count: u64) -> impl Iterator<Item = Step> {
    (0..count).map(|i| {
        let severity = Severity::new(5).unwrap();
        let rgb = image(2_000_000 + i);
        step(
            Corruption::GaussianNoise
                .apply(severity, (32, 32), &rgb, i)
                .unwrap(),
        )
    })
}

fn run(judge: Judge, steps: impl IntoIterator<Item = Step>) -> Run {
    let run = run_judge(judge, steps, false, &mut (), |_| Vec::new());
    run.ended.as_ref().unwrap();
    run
}

/// Frame and direction of each alarm.
fn alarms(run: &Run) -> Vec<(u64, Drift)> {
    let told = run.told.iter();
    told.filter_map(|told| match told {
        Told::Status(Status::Drifted { drift, frame, .. }) => Some((*frame, *drift)),
        _ => None,
    })
    .collect()
}

fn evidence(record: &Record) -> f64 {
    record.drift.unwrap().evidence
}

fn is_drifting(record: &Record) -> bool {
    record.drift.unwrap().alarm.is_some()
}

#[test]
fn frames_like_the_calibration_images_alarm_no_more_often_than_stated() {
    for (every, stride, frames) in [(1000.0, 1, 5000), (1500.0, 3, 3000)] {
        let run = run(judge(every, stride), fresh(frames));
        let found = alarms(&run).len() as f64;
        assert!(found <= frames as f64 / every, "{found} at stride {stride}");
        let bets = run
            .records()
            .windows(2)
            .filter(|w| evidence(w[0]) != evidence(w[1]))
            .count();
        let looked_at = frames as usize / stride as usize;
        assert!(
            bets > looked_at * 9 / 10 && bets <= looked_at,
            "{bets} of {looked_at}"
        );
    }
}

/// The frames after which the test starts again, told or not.
fn restarts(run: &Run) -> Vec<u64> {
    let records = run.records().into_iter();
    let starts_again = records.filter(|record| evidence(record) == 0.0);
    starts_again.map(|record| record.frame).collect()
}

#[test]
fn an_alarm_comes_after_its_frame_once_and_stands_for_a_while() {
    let (calm, shifted) = (100, 100);
    let steps = fresh(calm).chain(noisy(shifted)).chain(fresh(700));
    let run = run(judge(1e6, 1), steps);
    let again = restarts(&run);
    let (first, last) = (again[0], again[again.len() - 1]);
    assert!(again.len() > 1, "it drifts on");
    assert!(calm <= first && last < calm + shifted, "{again:?}");
    assert_eq!(alarms(&run), [(first, Drift::Falling)]);
    let records = run.records();
    for (frame, record) in (0..).zip(&records) {
        let stands = (first..last + u64::from(STANDS)).contains(&frame);
        assert_eq!(is_drifting(record), stands, "frame {frame} of {again:?}");
        assert!((0.0..1.0).contains(&evidence(record)));
    }
    let alarm = Told::Status(Status::Drifted {
        drift: Drift::Falling,
        frame: first,
        alarms: 1,
    });
    let at = run.told.iter().position(|told| *told == alarm).unwrap();
    assert!(matches!(&run.told[at - 1], Told::Record(record) if record.frame == first));
    use std::sync::atomic::Ordering::Relaxed;
    assert_eq!(run.meters.drifts_falling.load(Relaxed), 1);
    assert_eq!(run.meters.drifts_rising.load(Relaxed), 0);
    assert_eq!(run.meters.drift(), records.last().unwrap().drift);
}

#[test]
fn an_alarm_the_other_way_is_told_while_one_stands() {
    // The same typical image again and again, as of a camera that looks at a wall.
    let scores: Vec<f32> = run(judge(1e6, 1), fresh(200))
        .records()
        .iter()
        .map(|r| r.verdict.score().unwrap())
        .collect();
    let best = (0..200)
        .max_by(|&a, &b| scores[a].total_cmp(&scores[b]))
        .unwrap() as u64;
    let wall = (0..100).map(|_| step(image(1_000_000 + best)));
    let found = alarms(&run(judge(1e6, 1), noisy(100).chain(wall)));
    let ways: Vec<_> = found.iter().map(|&(_, drift)| drift).collect();
    assert_eq!(ways, [Drift::Falling, Drift::Rising], "{found:?}");
}

#[test]
fn a_stride_thins_frames_and_lengthens_how_long_an_alarm_stands() {
    let stride = 4;
    let steps = noisy(400).chain(fresh(u64::from(stride * STANDS)));
    let run = run(judge(1e6, stride), steps);
    // From an alarm to the next bet there is no evidence.
    let again = restarts(&run);
    assert!(
        again
            .chunks(4)
            .all(|c| c[0] % u64::from(stride) == 0 && c[0] + 3 == c[3]),
        "{again:?}"
    );
    assert_eq!(alarms(&run), [(again[0], Drift::Falling)]);
    let over = again[again.len() - 4] + u64::from(stride * STANDS);
    let records = run.records();
    assert!(is_drifting(records[over as usize - 1]) && !is_drifting(records[over as usize]));
}

#[test]
fn without_a_test_nothing_is_said_of_drift() {
    let model = Model::new(MADE.clone()).unwrap();
    let judge = Judge::new(model, CommitPolicy::IMMEDIATE).unwrap();
    let run = run(judge, noisy(60));
    assert!(run.records().iter().all(|record| record.drift.is_none()));
    assert_eq!((alarms(&run), run.meters.drift()), (vec![], None));
}

#[test]
fn a_frame_without_a_score_is_no_frame_to_the_test() {
    let one = run(judge(1e6, 3), noisy(30));
    let steps = noisy(30).flat_map(|step| [step, Step::Unreadable, Step::Damaged]);
    let other = run(judge(1e6, 3), steps);
    let scored = other.records().into_iter().step_by(3);
    for (a, b) in one.records().into_iter().zip(scored) {
        assert_eq!(a.drift, b.drift);
    }
    let frames = alarms(&one)
        .into_iter()
        .map(|(frame, drift)| (3 * frame, drift));
    assert!(frames.eq(alarms(&other)));
}

#[test]
fn a_lost_source_ends_an_alarm_and_the_evidence() {
    let steps = noisy(100).chain([Step::Lost("unplugged")]).chain(fresh(3));
    let judge = judge(1e6, 1);
    let run = run_judge(judge, steps, true, &mut (), |_| Vec::new());
    assert!(!alarms(&run).is_empty());
    let records = run.records();
    assert!(is_drifting(records[99]) && !is_drifting(records[100]));
    // What three frames would have it be from the beginning.
    let calm = self::run(self::judge(1e6, 1), fresh(3));
    let last = |run: &Run| run.records().last().unwrap().drift;
    assert_eq!(last(&run), last(&calm));
}

#[test]
fn a_swapped_model_has_a_test_of_its_own_that_has_seen_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.onnx");
    MADE.write(&path).unwrap();
    let policy = DriftPolicy::new(1e6, 1, 0.95).unwrap();
    let labels = MADE.description().labels.clone();
    // Prepared with the policy, and without.
    for drift in [Some(policy), None, DriftPolicy::new(77.0, 1, 0.5).ok()] {
        let wanted = normgate::pipeline::Successor {
            drift,
            ..successor(labels.clone())
        };
        let new = NewModel::load(&path, &wanted).unwrap();
        let go_on = (0..100).map(|_| Order::GoOn);
        let mut orders = Orders(go_on.chain([Order::Swap(Box::new(new))]).collect());
        let steps = noisy(100).chain(fresh(3));
        let run = run_judge(judge(1e6, 1), steps, false, &mut orders, |_| Vec::new());
        let records = run.records();
        assert!(is_drifting(records[99]) && !is_drifting(records[100]));
        let calm = self::run(judge(1e6, 1), fresh(3));
        assert_eq!(
            records.last().unwrap().drift,
            calm.records().last().unwrap().drift
        );
    }
}

/// Keeps what is written.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn get(addr: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The real sinks, each on the thread of its own that it has in the loop.
#[test]
fn an_alarm_reaches_every_sink() {
    const FRAMES: u64 = 60;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let judge = judge(1e6, 1);
    let (text, json) = (Paper::default(), Paper::default());
    let (panel, rejects) = (at("panel.png"), at("rejects"));
    std::fs::create_dir(&rejects).unwrap();
    let each = Limits {
        every: Duration::ZERO,
        ..Limits::default()
    };
    let (told, addr) = std::sync::mpsc::channel();
    let sinks = |meters: &Arc<Meters>| -> Vec<Box<dyn Sink>> {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let http = HttpSink::bind(HttpOptions::new(loopback, Arc::clone(meters))).unwrap();
        told.send(http.addr()).unwrap();
        vec![
            Box::new(http),
            Box::new(Text::new(text.clone())),
            Box::new(JsonLines::new(json.clone())),
            Box::new(JsonFile::open(at("v.jsonl"), Rotation::default()).unwrap()),
            Box::new(PanelSink::png(&panel, (320, 240), Duration::ZERO).unwrap()),
            Box::new(Rejects::open(&rejects, each, Keep::Newest).unwrap()),
        ]
    };
    let mut asking = Asking {
        addr,
        frames: FRAMES,
        state: Value::Null,
        metrics: String::new(),
    };
    let run = run_judge(judge, noisy(FRAMES + 1), false, &mut asking, sinks);
    let (frame, _) = alarms(&run)[0];
    let line = format!("drift: at frame {frame} scores are falling: frames look less");
    assert!(
        text.text().lines().any(|l| l.starts_with(&line)),
        "{}",
        text.text()
    );
    for lines in [json.text(), std::fs::read_to_string(at("v.jsonl")).unwrap()] {
        let lines: Vec<Value> = lines
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        let place = lines.iter().position(|l| l["status"] == "drifted").unwrap();
        assert_eq!(
            (&lines[place]["frame"], &lines[place]["alarms"]),
            (&frame.into(), &1.into())
        );
        let record = &lines[place - 1];
        assert_eq!(
            (&record["frame"], &record["drift"]),
            (&frame.into(), &"falling".into())
        );
        assert!(lines[place - 2]["drift"].is_null());
    }
    let count = alarms(&run).len();
    assert_eq!(asking.state["counts"]["drifts"], count);
    assert_eq!(asking.state["drift"]["alarm"], "falling");
    let metric = format!("normgate_drift_alarms_total{{scores=\"falling\"}} {count}\n");
    assert!(asking.metrics.contains(&metric), "{}", asking.metrics);
    assert!(asking.metrics.contains("normgate_drift_alarm 1\n"));
    // The sign is a band of one colour below the picture, with letters in it.
    let image = image::open(&panel).unwrap().into_rgb8();
    let band = image.get_pixel(0, 143);
    assert!((0..12).all(|y| image.get_pixel(0, 143 - y) == band));
    assert_ne!(image.get_pixel(0, 0), band);
    // A reject is what the verdict says, drift or not; its note says whether an alarm stood.
    let rejected = run.records().into_iter().filter(|r| !r.verdict.is_known());
    let mut want: Vec<_> = rejected
        .map(|r| (r.frame, r.drift.unwrap().alarm.map(Drift::name)))
        .collect();
    want.sort_unstable();
    let entries = std::fs::read_dir(&rejects).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let notes: Vec<Value> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
        .collect();
    let mut have: Vec<_> = notes
        .iter()
        .map(|note| (note["frame"].as_u64().unwrap(), note["drift"].as_str()))
        .collect();
    have.sort_unstable();
    assert_eq!(have, want);
    for drift in [None, Some("falling")] {
        assert!(have.iter().any(|&(_, alarm)| alarm == drift), "{have:?}");
    }
}

/// Asks the live page what it knows after so many frames.
struct Asking {
    addr: Receiver<SocketAddr>,
    frames: u64,
    state: Value,
    metrics: String,
}

impl Control for Asking {
    fn turn(&mut self) -> Order {
        let Some(left) = self.frames.checked_sub(1) else {
            if self.metrics.is_empty() {
                let addr = self.addr.recv().unwrap();
                let end = Instant::now() + Duration::from_secs(60);
                while self.state["verdict"]["frame"] != 59 {
                    assert!(Instant::now() < end, "{}", self.state);
                    let answer = get(addr, "/api/state");
                    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
                    self.state = serde_json::from_str(body).unwrap();
                }
                self.metrics = get(addr, "/metrics");
            }
            return Order::GoOn;
        };
        self.frames = left;
        Order::GoOn
    }
}
