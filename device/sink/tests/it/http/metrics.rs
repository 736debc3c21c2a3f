use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use normgate_core::Drift;
use normgate_sink::{DriftState, GateTerms, HttpSink, Meters, Stage, Terms};
use serde_json::{Value, json};

use super::{get, known, options, unknown};

const GOLDEN: &str = include_str!("metrics.txt");

fn filled() -> Arc<Meters> {
    let meters = Meters::new(Arc::new(Terms {
        model: "made-v1".to_owned(),
        graph_sha256: "ab".repeat(32),
        labels: ["cat", "a \"dog\\\nor wolf\"", "cat"]
            .map(str::to_owned)
            .to_vec(),
        gate: Some(GateTerms {
            score: "energy",
            threshold: -4.5,
        }),
    }));
    for (class, n) in [(0, 3), (1, 2), (2, 1)] {
        (0..n).for_each(|i| meters.count(&known(i, class, 5.0).verdict, false));
    }
    meters.count(&unknown(9, Some(1.0)).verdict, false);
    meters.count(&unknown(9, None).verdict, true);
    for us in [9, 10, 11, 2_000, 2_000_000] {
        meters.time(Stage::Model, Duration::from_micros(us));
    }
    meters.dropped.store(12, Relaxed);
    meters.losses.store(2, Relaxed);
    meters.source_up.store(true, Relaxed);
    meters.count_drift(Drift::Falling);
    assert_eq!(meters.count_drift(Drift::Falling), 2);
    assert_eq!(meters.count_drift(Drift::Rising), 3);
    meters.set_drift(Some(DriftState {
        evidence: 0.125,
        alarm: Some(Drift::Rising),
    }));
    meters.swaps.store(1, Relaxed);
    meters.swaps_refused.store(4, Relaxed);
    for (name, taken) in [("json", 100), ("mqtt", 50), ("json", 7)] {
        let sink = meters.add_sink(name);
        sink.taken.store(taken, Relaxed);
        sink.missed.store(taken + 1, Relaxed);
        sink.failed.store(taken + 2, Relaxed);
        sink.dead.store(name == "mqtt", Relaxed);
    }
    Arc::new(meters)
}

fn served(meters: &Arc<Meters>) -> String {
    let sink = HttpSink::bind(options(meters)).unwrap();
    let answer = get(sink.addr(), "/metrics");
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    answer.text().to_owned()
}

/// Without what the clock and the release decide.
fn steady(text: &str) -> String {
    let line = |line: &str| {
        let name = line.split([' ', '{']).next().unwrap_or_default();
        let varies = [
            "normgate_start_time_seconds",
            "normgate_uptime_seconds",
            "normgate_build_info",
        ];
        format!("{}\n", if varies.contains(&name) { name } else { line })
    };
    text.lines().map(line).collect()
}

#[test]
fn the_text_is_the_golden_one() {
    assert_eq!(steady(&served(&filled())), GOLDEN);
}

#[test]
fn without_a_drift_test_there_is_no_evidence_to_tell() {
    let meters = filled();
    meters.set_drift(None);
    let text = served(&meters);
    assert!(!text.contains("normgate_drift_evidence") && !text.contains("normgate_drift_alarm "));
    meters.set_drift(Some(DriftState {
        evidence: 0.0,
        alarm: None,
    }));
    let text = served(&meters);
    assert!(
        text.contains("normgate_drift_alarm 0\n") && text.contains("normgate_drift_evidence 0\n")
    );
}

#[test]
fn the_clock_and_the_release_are_told() {
    let text = served(&filled());
    let value = |name: &str| {
        let line = text.lines().find(|l| l.starts_with(name)).unwrap();
        line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()
    };
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs_f64();
    let since = now - value("normgate_start_time_seconds") - value("normgate_uptime_seconds");
    assert!(since.abs() < 10.0, "{since}");
    let version = env!("CARGO_PKG_VERSION");
    assert!(text.contains(&format!("normgate_build_info{{version=\"{version}\"}} 1\n")));
}

/// Each sample as Prometheus' own client library for Python reads it.
const PARSE: &str = "
import json, sys
from prometheus_client.parser import text_string_to_metric_families
print(json.dumps([[f.type, s.name, s.labels, s.value] for f in text_string_to_metric_families(sys.stdin.read())
                  for s in f.samples]))
";

#[test]
#[ignore = "needs NORMGATE_PYTHON; scripts/test runs it"]
fn prometheus_own_parser_reads_every_count() {
    let python = std::env::var("NORMGATE_PYTHON").expect("NORMGATE_PYTHON names an interpreter");
    let mut child = Command::new(python)
        .args(["-c", PARSE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(served(&filled()).as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let samples: Vec<(String, String, Value, f64)> =
        serde_json::from_slice(&output.stdout).unwrap();
    let expect = |kind: &str, name: &str, labels: Value, value: f64| {
        let found = samples
            .iter()
            .filter(|s| s.1 == name && s.2 == labels)
            .collect::<Vec<_>>();
        let [(k, _, _, v)] = found[..] else {
            panic!("{name}{labels}: {found:?}");
        };
        assert_eq!((k.as_str(), *v), (kind, value), "{name}{labels}");
    };
    expect("counter", "normgate_frames_total", json!({}), 8.0);
    expect(
        "counter",
        "normgate_verdicts_total",
        json!({"verdict": "known"}),
        6.0,
    );
    expect(
        "counter",
        "normgate_verdicts_total",
        json!({"verdict": "unknown"}),
        2.0,
    );
    expect("counter", "normgate_faults_total", json!({}), 1.0);
    expect("counter", "normgate_dropped_total", json!({}), 12.0);
    let class = "normgate_class_frames_total";
    expect(
        "counter",
        class,
        json!({"class": "a \"dog\\\nor wolf\"", "index": "1"}),
        2.0,
    );
    expect("counter", class, json!({"class": "cat", "index": "0"}), 3.0);
    expect("counter", class, json!({"class": "cat", "index": "2"}), 1.0);
    let bucket = "normgate_stage_duration_seconds_bucket";
    for (le, n) in [
        ("0.00001", 2.0),
        ("0.000025", 3.0),
        ("0.0025", 4.0),
        ("1", 4.0),
        ("+Inf", 5.0),
    ] {
        expect("histogram", bucket, json!({"stage": "model", "le": le}), n);
    }
    expect(
        "histogram",
        "normgate_stage_duration_seconds_count",
        json!({"stage": "model"}),
        5.0,
    );
    expect(
        "histogram",
        "normgate_stage_duration_seconds_sum",
        json!({"stage": "model"}),
        2.00203,
    );
    expect("gauge", "normgate_source_up", json!({}), 1.0);
    expect("counter", "normgate_source_losses_total", json!({}), 2.0);
    expect("counter", "normgate_model_swaps_total", json!({}), 1.0);
    expect(
        "counter",
        "normgate_model_swaps_refused_total",
        json!({}),
        4.0,
    );
    expect("gauge", "normgate_threshold", json!({}), -4.5);
    let model = json!({
        "model": "made-v1", "graph_sha256": "ab".repeat(32), "score": "energy", "threshold": "-4.5",
    });
    expect("gauge", "normgate_model_info", model, 1.0);
    expect(
        "counter",
        "normgate_sink_taken_total",
        json!({"sink": "json"}),
        100.0,
    );
    expect(
        "counter",
        "normgate_sink_missed_total",
        json!({"sink": "json-2"}),
        8.0,
    );
    expect(
        "counter",
        "normgate_sink_failed_total",
        json!({"sink": "mqtt"}),
        52.0,
    );
    expect("gauge", "normgate_sink_dead", json!({"sink": "mqtt"}), 1.0);
}

#[test]
fn a_model_without_a_gate_has_no_threshold() {
    let terms = Terms {
        gate: None,
        ..(*super::terms()).clone()
    };
    let text = served(&Arc::new(Meters::new(Arc::new(terms))));
    assert!(!text.contains("normgate_threshold"));
    assert!(text.contains("score=\"\",threshold=\"\"} 1\n"), "{text}");
}
