//! The live page with made events, without a camera or a model: `live ADDR [--token FILE] [--rejects DIR]`.
//!
//! Verdicts follow a cycle, or lines on standard input from the first one on: `known CLASS SCORE`, `unknown SCORE`,
//! `fault WHY`, `lost WHY`, `restored`, `refuse WHY`, `drift falling`, `drift rising`, `drift over`, `color R G B`, `freeze`, `quit`.

use std::io::BufRead;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant, SystemTime};

use normgate_core::{Committed, Drift, Verdict};
use normgate_frame::OwnedPicture;
use normgate_sink::{
    Demand, DriftState, Event, GateTerms, HttpOptions, HttpSink, Meters, Record, Sink, Stage,
    Status, Terms, Token,
};

const LABELS: [&str; 4] = ["airplane", "cat", "frog", "truck"];
const THRESHOLD: f32 = 4.5;
const PERIOD: Duration = Duration::from_millis(66);
const SIZE: (u32, u32) = (640, 480);

/// What the made camera does.
struct Scene {
    /// A class and a score; no class for unknown, no score for a fault.
    verdict: (Option<u16>, Option<f32>),
    fault: Option<String>,
    lost: Option<String>,
    color: [u8; 3],
    is_frozen: bool,
    is_cycling: bool,
}

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("live: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut args: impl Iterator<Item = String>) -> Result<(), String> {
    let addr = args.next().unwrap_or_else(|| "127.0.0.1:9090".to_owned());
    let terms = Arc::new(Terms {
        model: "made-events-v1".to_owned(),
        graph_sha256: "0".repeat(64),
        labels: LABELS.map(str::to_owned).to_vec(),
        gate: Some(GateTerms {
            score: "feature_norm",
            threshold: THRESHOLD,
        }),
    });
    let meters = Arc::new(Meters::new(Arc::clone(&terms)));
    let addr = addr
        .parse()
        .map_err(|_| format!("{addr}: expected an address and a port"))?;
    let mut options = HttpOptions::new(addr, Arc::clone(&meters));
    options.stale_after = Duration::from_secs(2);
    while let Some(arg) = args.next() {
        let value = args
            .next()
            .ok_or_else(|| format!("{arg} without a value"))?;
        match arg.as_str() {
            "--token" => {
                options.token = Some(Token::read(Path::new(&value)).map_err(|e| e.to_string())?)
            }
            "--rejects" => options.rejects = Some(value.into()),
            _ => return Err(format!("{arg}: expected --token or --rejects")),
        }
    }
    let mut sink = HttpSink::bind(options).map_err(|e| e.to_string())?;
    println!("http://{}/", sink.addr());
    feed(&mut sink, &meters, &terms)
}

fn feed(sink: &mut HttpSink, meters: &Meters, terms: &Arc<Terms>) -> Result<(), String> {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    let mut scene = Scene {
        verdict: (None, None),
        fault: None,
        lost: None,
        color: [40, 90, 160],
        is_frozen: false,
        is_cycling: true,
    };
    let mut send = |event: Event<'_>| {
        sink.take(event)
            .map(|()| sink.demand())
            .map_err(|e| e.to_string())
    };
    let meter = meters.add_sink("http");
    let started = Status::Started {
        source: "demo:made events".to_owned(),
        terms: Arc::clone(terms),
    };
    let mut demand = send(Event::Status(&started))?;
    meters.source_up.store(true, Relaxed);
    let mut record = Record::empty(Arc::clone(terms));
    let (mut last_picture, mut last_frame) = (None::<Instant>, Instant::now());
    for frame in 0.. {
        let until = last_frame + PERIOD;
        while let Ok(line) = told.recv_timeout(until.saturating_duration_since(Instant::now())) {
            if line == "quit" {
                return Ok(());
            }
            if let Some(drift) = line.strip_prefix("drift ") {
                drifted(meters, drift)?;
            } else if let Some(status) = obey(&mut scene, &line)? {
                meters.source_up.store(scene.lost.is_none(), Relaxed);
                send(Event::Status(&status))?;
            }
        }
        std::thread::sleep(until.saturating_duration_since(Instant::now()));
        last_frame = Instant::now();
        if scene.is_cycling {
            cycle(&mut scene, frame);
        }
        if scene.lost.is_some() || scene.is_frozen {
            continue;
        }
        fill(&mut record, frame, &scene);
        meters.count(&record.verdict, record.fault.is_some());
        meters.time(Stage::Total, record.latency);
        let is_due = |period| last_picture.is_none_or(|at| at.elapsed() >= period);
        let picture = match demand {
            Demand::Every(period) if is_due(period) => {
                last_picture = Some(Instant::now());
                let rgb = paint(scene.color, if scene.is_cycling { frame } else { 0 });
                Some(OwnedPicture::rgb(SIZE.0, SIZE.1, rgb).map_err(|e| e.to_string())?)
            }
            _ => None,
        };
        demand = send(Event::Record(
            &record,
            picture.as_ref().map(OwnedPicture::view),
        ))?;
        meter.taken.fetch_add(1, Relaxed);
    }
    Ok(())
}

fn obey(scene: &mut Scene, line: &str) -> Result<Option<Status>, String> {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let number = |text: &str| {
        text.parse::<f32>()
            .map_err(|_| format!("{line}: expected a score"))
    };
    scene.is_cycling = false;
    match verb {
        "known" => {
            let (class, score) = rest
                .split_once(' ')
                .ok_or_else(|| format!("{line}: expected a class and a score"))?;
            let class = LABELS
                .iter()
                .position(|&l| l == class)
                .ok_or_else(|| format!("{line}: no such class"))?;
            scene.verdict = (Some(class as u16), Some(number(score)?));
        }
        "unknown" => scene.verdict = (None, Some(number(rest)?)),
        "fault" => {
            scene.verdict = (None, None);
            scene.fault = Some(rest.to_owned());
            return Ok(None);
        }
        "color" => {
            let parts: Vec<u8> = rest.split(' ').filter_map(|n| n.parse().ok()).collect();
            scene.color = parts
                .try_into()
                .map_err(|_| format!("{line}: expected three bytes"))?;
        }
        "lost" => {
            scene.lost = Some(rest.to_owned());
            return Ok(Some(Status::Lost {
                why: rest.to_owned(),
            }));
        }
        "restored" => {
            scene.lost = None;
            return Ok(Some(Status::Restored));
        }
        "refuse" => {
            return Ok(Some(Status::SwapRefused {
                why: rest.to_owned(),
            }));
        }
        "freeze" => scene.is_frozen = true,
        _ => return Err(format!("{line}: no such command")),
    }
    scene.fault = None;
    if verb == "known" || verb == "unknown" {
        scene.is_frozen = false;
    }
    Ok(None)
}

/// An alarm, or its end.
fn drifted(meters: &Meters, drift: &str) -> Result<(), String> {
    let known = [Drift::Falling, Drift::Rising];
    let alarm = known.into_iter().find(|known| known.name() == drift);
    if alarm.is_none() && drift != "over" {
        return Err(format!("drift {drift}: expected falling, rising or over"));
    }
    alarm.map(|alarm| meters.count_drift(alarm));
    meters.set_drift(Some(DriftState {
        evidence: 0.125,
        alarm,
    }));
    Ok(())
}

/// Eight seconds of each class, then six of something else.
fn cycle(scene: &mut Scene, frame: u64) {
    let wave = (frame as f32 * 0.13).sin() + 0.4 * (frame as f32 * 0.71).sin();
    let class = (frame / 210 % 4) as u16;
    scene.verdict = if frame % 210 < 120 {
        (Some(class), Some(6.2 + 0.7 * wave))
    } else {
        (None, Some(2.9 + 0.8 * wave))
    };
    scene.color =
        [[60, 120, 190], [190, 120, 60], [70, 150, 80], [150, 70, 90]][usize::from(class)];
}

fn fill(record: &mut Record, frame: u64, scene: &Scene) {
    let (class, score) = scene.verdict;
    record.frame = frame;
    record.name = format!("frame {frame}");
    record.time = SystemTime::now();
    record.fault.clone_from(&scene.fault);
    record.verdict = match (class, score) {
        (Some(class), Some(score)) => Verdict::Known {
            class,
            score,
            confidence: 0.93,
            p_value: 0.5,
        },
        (_, score) => Verdict::Unknown {
            score,
            nearest: score.map(|_| 1),
            p_value: score.map(|_| 0.01),
        },
    };
    record.committed = class.map_or(Committed::Unknown, Committed::Class);
    record.latency = Duration::from_micros(4200 + frame % 7 * 130);
}

/// Halves of the colour and of its opposite, and a bar that moves with `frame`.
fn paint(color: [u8; 3], frame: u64) -> Vec<u8> {
    let (width, height) = SIZE;
    let mut rgb = Vec::with_capacity((width * height * 3) as usize);
    for _ in 0..height {
        for x in 0..width {
            let is_bar = frame > 0 && u64::from(x).abs_diff(frame * 4 % u64::from(width)) < 12;
            let pixel = match (is_bar, x < width / 2) {
                (true, _) => [255; 3],
                (_, true) => color,
                (_, false) => color.map(|c| 255 - c),
            };
            rgb.extend_from_slice(&pixel);
        }
    }
    rgb
}
