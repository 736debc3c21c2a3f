//! A page of made-up sets.

use normgate::bundle::{Description, Gate};
use normgate::dataset::ImageSet;
use normgate::eval::gallery::{self, Gallery};
use normgate::eval::page::{Page, Source};
use normgate::eval::{Report, ScoredSet};
use normgate_core::Score;
use serde_json::json;

use crate::eval_sets::{gate, set};

pub(crate) const HOSTILE: &str =
    "</script><script>alert(1)</script><img src=x onerror=alert(1)> & \"'";

/// All that a page is made of.
pub(crate) struct Made {
    pub(crate) description: Description,
    pub(crate) gate: Gate,
    pub(crate) report: Report,
    pub(crate) id: ScoredSet,
    pub(crate) labels: Vec<u16>,
    pub(crate) ood: Vec<ScoredSet>,
    pub(crate) sources: Vec<Source>,
    pub(crate) mistakes: Gallery,
    pub(crate) accepted: Vec<Gallery>,
    pub(crate) command: String,
}

/// Pictures of four pixels, each of another colour.
pub(crate) fn images(n: usize) -> ImageSet {
    let pixels = (0..n).flat_map(|i| [[(i % 251) as u8, (i / 251) as u8, 7]; 4].concat());
    ImageSet::new(2, 2, pixels.collect(), None, vec![]).unwrap()
}

pub(crate) fn description(labels: &[String]) -> Description {
    let set = |name: &str| json!({ "name": name, "images": 100, "sha256": "ab".repeat(32) });
    let text = json!({
        "schema": 2,
        "name": "toy",
        "version": 3,
        "producer": "a test",
        "precision": "int8",
        "labels": labels,
        "input": { "width": 2, "height": 2, "fit": "center_crop", "mean": 128.0, "std": 64.0 },
        "features": 2,
        "loss": { "kind": "logit_norm", "tau": 0.04 },
        "gate": null,
        "references": null,
        "calibration": set("calibration images"),
        "calibration_scores": {},
        "fit": set("fit images"),
        "recipe": { "epochs": 1 },
        "accuracy": { "test": null, "f32": null, "int8": null },
        "graph_sha256": "cd".repeat(32),
    });
    serde_json::from_value(text).unwrap()
}

impl Made {
    pub(crate) fn new(labels: &[String], ood: &[&str], frames: usize) -> Self {
        let gate = gate(Score::LogitNorm, 0.9);
        let id = set("in-distribution", frames, 1.2, true, &gate);
        let truth: Vec<u16> = (0..frames).map(|i| (i % 10) as u16).collect();
        let ood: Vec<_> = ood
            .iter()
            .enumerate()
            .map(|(i, name)| set(name, frames / 2, 0.4 + 0.2 * i as f32, false, &gate))
            .collect();
        let all = std::iter::once(&id).chain(&ood);
        let sources = all.map(|set| Source {
            name: set.name().to_owned(),
            path: format!("data/{}", set.name()),
            images: set.n(),
            sha256: "ef".repeat(32),
        });
        let score = gate.score;
        let images = images(frames);
        let accepted = ood
            .iter()
            .map(|set| gallery::accepted(set, &images, labels, score, 6).unwrap());
        Self {
            report: Report::new("toy v3 (Int8)", &gate, &id, &ood).unwrap(),
            sources: sources.collect(),
            mistakes: gallery::mistakes(&id, &images, &truth, labels, score, 24).unwrap(),
            accepted: accepted.collect(),
            description: description(labels),
            command: format!("normgate eval --ood '{HOSTILE}'"),
            labels: truth,
            gate,
            id,
            ood,
        }
    }

    pub(crate) fn page(&self) -> Page<'_> {
        Page {
            description: &self.description,
            score: self.gate.score,
            report: &self.report,
            id: &self.id,
            labels: &self.labels,
            ood: &self.ood,
            sources: &self.sources,
            mistakes: &self.mistakes,
            accepted: &self.accepted,
            command: &self.command,
        }
    }
}

pub(crate) fn classes(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("class{i}")).collect()
}
