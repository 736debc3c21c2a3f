//! The loop's counts as Prometheus reads them (text format 0.0.4).

use std::fmt::{Display, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

use super::live::Shared;
use crate::meters::Histogram;
use crate::{Meters, Stage};

/// What the answer says that it is.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything, at this moment.
pub(super) fn text(shared: &Shared) -> String {
    let meters = &*shared.meters;
    let mut page = Page(String::with_capacity(8192));
    frames(&mut page, meters);
    stages(&mut page, meters);
    source(&mut page, meters);
    drift(&mut page, meters);
    model(&mut page, meters);
    sinks(&mut page, meters);
    process(&mut page, meters, shared.started);
    page.0
}

fn frames(page: &mut Page, meters: &Meters) {
    page.family(
        "frames_total",
        "counter",
        "Frames with a verdict, of any kind.",
    );
    page.count("frames_total", &[], &meters.frames);
    page.family("verdicts_total", "counter", "Frames by verdict.");
    page.count("verdicts_total", &[("verdict", "known")], &meters.known);
    page.count("verdicts_total", &[("verdict", "unknown")], &meters.unknown);
    page.family(
        "faults_total",
        "counter",
        "Unknown frames that could not be read or scored.",
    );
    page.count("faults_total", &[], &meters.faults);
    page.family(
        "dropped_total",
        "counter",
        "Frames that the source gave up for a newer one.",
    );
    page.count("dropped_total", &[], &meters.dropped);
    page.family(
        "class_frames_total",
        "counter",
        "Frames with a known verdict, by class.",
    );
    let terms = meters.terms();
    for (index, (label, count)) in terms.labels.iter().zip(&meters.by_class).enumerate() {
        // Two classes may have one name, two series may not.
        let index = index.to_string();
        page.count(
            "class_frames_total",
            &[("class", label), ("index", &index)],
            count,
        );
    }
}

fn stages(page: &mut Page, meters: &Meters) {
    let name = "stage_duration_seconds";
    page.family(name, "histogram", "Times of a frame's stages.");
    for stage in Stage::ALL {
        let histogram = meters.histogram(stage);
        let stage = ("stage", stage.name());
        let mut below = 0;
        let bounds = Histogram::BOUNDS_US
            .iter()
            .map(|&us| (us as f64 / 1e6).to_string());
        for (count, bound) in histogram
            .counts()
            .into_iter()
            .zip(bounds.chain(["+Inf".to_owned()]))
        {
            below += count;
            page.sample(
                "stage_duration_seconds_bucket",
                &[stage, ("le", &bound)],
                below,
            );
        }
        page.sample(
            "stage_duration_seconds_sum",
            &[stage],
            histogram.sum().as_secs_f64(),
        );
        page.sample("stage_duration_seconds_count", &[stage], below);
    }
}

fn source(page: &mut Page, meters: &Meters) {
    page.family("source_up", "gauge", "1 while the source is there.");
    page.sample("source_up", &[], u8::from(meters.source_up.load(Relaxed)));
    page.family(
        "source_losses_total",
        "counter",
        "How often the source was lost.",
    );
    page.count("source_losses_total", &[], &meters.losses);
}

fn drift(page: &mut Page, meters: &Meters) {
    page.family(
        "drift_alarms_total",
        "counter",
        "Drift alarms, by the way that the scores went.",
    );
    for (scores, count) in [
        ("falling", &meters.drifts_falling),
        ("rising", &meters.drifts_rising),
    ] {
        page.count("drift_alarms_total", &[("scores", scores)], count);
    }
    // Without a test there is nothing to say.
    let Some(state) = meters.drift() else { return };
    page.family(
        "drift_alarm",
        "gauge",
        "1 while the last drift alarm stands.",
    );
    page.sample("drift_alarm", &[], u8::from(state.alarm.is_some()));
    page.family(
        "drift_evidence",
        "gauge",
        "The share of the evidence that makes a drift alarm.",
    );
    page.sample("drift_evidence", &[], state.evidence);
}

fn model(page: &mut Page, meters: &Meters) {
    let terms = meters.terms();
    let score = terms.gate.map_or("", |gate| gate.score);
    let threshold = terms.gate.map(|gate| gate.threshold);
    page.family("model_info", "gauge", "The model that judges; always 1.");
    let shown = threshold.map_or_else(String::new, |threshold| threshold.to_string());
    let labels = [
        ("model", terms.model.as_str()),
        ("graph_sha256", &terms.graph_sha256),
        ("score", score),
        ("threshold", &shown),
    ];
    page.sample("model_info", &labels, 1);
    if let Some(threshold) = threshold {
        page.family(
            "threshold",
            "gauge",
            "A frame is known if its score is at least this.",
        );
        page.sample("threshold", &[], threshold);
    }
    page.family("model_swaps_total", "counter", "Models swapped in.");
    page.count("model_swaps_total", &[], &meters.swaps);
    page.family(
        "model_swaps_refused_total",
        "counter",
        "Model files that were refused.",
    );
    page.count("model_swaps_refused_total", &[], &meters.swaps_refused);
}

fn sinks(page: &mut Page, meters: &Meters) {
    let sinks = meters.sinks();
    let names: Vec<String> = (0..sinks.len())
        .map(|i| {
            let before = sinks[..i]
                .iter()
                .filter(|s| s.name == sinks[i].name)
                .count();
            match before {
                0 => sinks[i].name.to_owned(),
                n => format!("{}-{}", sinks[i].name, n + 1),
            }
        })
        .collect();
    type Pick = fn(&crate::SinkMeter) -> &AtomicU64;
    let families: [(&str, &str, Pick); 3] = [
        ("sink_taken_total", "Events that a sink took.", |s| &s.taken),
        (
            "sink_missed_total",
            "Events that found a sink's queue full.",
            |s| &s.missed,
        ),
        (
            "sink_failed_total",
            "Events that a sink could not take.",
            |s| &s.failed,
        ),
    ];
    for (name, help, pick) in families {
        page.family(name, "counter", help);
        for (sink, label) in sinks.iter().zip(&names) {
            page.count(name, &[("sink", label)], pick(sink));
        }
    }
    page.family(
        "sink_dead",
        "gauge",
        "1 once a sink takes nothing any more.",
    );
    for (sink, label) in sinks.iter().zip(&names) {
        page.sample(
            "sink_dead",
            &[("sink", label)],
            u8::from(sink.dead.load(Relaxed)),
        );
    }
}

fn process(page: &mut Page, meters: &Meters, started: SystemTime) {
    page.family("build_info", "gauge", "The program; always 1.");
    page.sample("build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    page.family(
        "start_time_seconds",
        "gauge",
        "When the loop began, in seconds since 1970.",
    );
    let started = started.duration_since(UNIX_EPOCH).unwrap_or_default();
    page.sample("start_time_seconds", &[], started.as_secs_f64());
    page.family("uptime_seconds", "gauge", "How long the loop has run.");
    page.sample(
        "uptime_seconds",
        &[],
        meters.started.elapsed().as_secs_f64(),
    );
}

struct Page(String);

/// What all names begin with.
const PREFIX: &str = "normgate";

impl Page {
    // Writing to a string cannot fail.
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(
            self.0,
            "# HELP {PREFIX}_{name} {help}\n# TYPE {PREFIX}_{name} {kind}"
        );
    }

    fn count(&mut self, name: &str, labels: &[(&str, &str)], count: &AtomicU64) {
        self.sample(name, labels, count.load(Relaxed));
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let _ = write!(self.0, "{PREFIX}_{name}");
        for (i, (label, text)) in labels.iter().enumerate() {
            let open = if i == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{open}{label}=\"");
            for c in text.chars() {
                match c {
                    '\\' => self.0.push_str("\\\\"),
                    '"' => self.0.push_str("\\\""),
                    '\n' => self.0.push_str("\\n"),
                    c => self.0.push(c),
                }
            }
            self.0.push('"');
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{close} {value}");
    }
}
