//! The page of an evaluation is whole HTML without anything from outside, and shows what was measured.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use normgate::bundle::{Description, Gate};
use normgate::dataset::ImageSet;
use normgate::eval::gallery::{self, Gallery, Picture};
use normgate::eval::page::{Page, PageError, Source};
use normgate::eval::{Report, ScoredSet};
use normgate_core::Score;
use serde_json::{Value, json};

use crate::eval_sets::{gate, set};
use crate::support::{fixture, root};

const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=alert(1)> & \"'";

/// All that a page is made of.
struct Made {
    description: Description,
    gate: Gate,
    report: Report,
    id: ScoredSet,
    labels: Vec<u16>,
    ood: Vec<ScoredSet>,
    sources: Vec<Source>,
    mistakes: Gallery,
    accepted: Vec<Gallery>,
    command: String,
}

/// Pictures of four pixels, each of another colour.
fn images(n: usize) -> ImageSet {
    let pixels = (0..n).flat_map(|i| [[(i % 251) as u8, (i / 251) as u8, 7]; 4].concat());
    ImageSet::new(2, 2, pixels.collect(), None, vec![]).unwrap()
}

fn description(labels: &[String]) -> Description {
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
    fn new(labels: &[String], ood: &[&str], frames: usize) -> Self {
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

    fn page(&self) -> Page<'_> {
        Page {
            description: &self.description,
            fitted: self.gate.fitted,
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

fn classes(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("class{i}")).collect()
}

/// One element with its text, all that is in it included.
#[derive(Debug)]
struct Element {
    tag: String,
    attributes: Vec<(String, String)>,
    text: String,
}

impl Element {
    fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(have, _)| have == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Every element of a document that has no error.
fn parsed(html: &str) -> Vec<Element> {
    let dom = parse_document(RcDom::default(), ParseOpts::default()).one(html);
    let errors = dom.errors.borrow();
    assert!(errors.is_empty(), "{errors:?}");
    let mut all = Vec::new();
    walk(&dom.document, &mut all);
    all
}

fn walk(node: &Handle, all: &mut Vec<Element>) -> String {
    let place = match &node.data {
        NodeData::Text { contents } => return contents.borrow().to_string(),
        NodeData::Element { name, attrs, .. } => {
            let attributes = attrs.borrow();
            let attributes = attributes
                .iter()
                .map(|a| (a.name.local.to_string(), a.value.to_string()));
            all.push(Element {
                tag: name.local.to_string(),
                attributes: attributes.collect(),
                text: String::new(),
            });
            Some(all.len() - 1)
        }
        _ => None,
    };
    let text: String = node
        .children
        .borrow()
        .iter()
        .map(|c| walk(c, all))
        .collect();
    if let Some(place) = place {
        all[place].text.clone_from(&text);
    }
    text
}

fn texts<'a>(elements: &'a [Element], tag: &str) -> Vec<&'a str> {
    let of = elements.iter().filter(|e| e.tag == tag);
    of.map(|e| e.text.as_str()).collect()
}

#[test]
fn the_page_is_whole_html_without_anything_from_outside() {
    let made = Made::new(&classes(10), &["svhn", "dtd"], 400);
    let html = made.page().html().unwrap();
    let elements = parsed(&html);
    for tag in ["script", "link", "iframe", "object", "base", "form"] {
        assert!(texts(&elements, tag).is_empty(), "{tag}");
    }
    for element in &elements {
        for (name, value) in &element.attributes {
            assert!(!name.starts_with("on"), "{element:?}");
            let is_link = ["src", "href", "srcset", "action"].contains(&name.as_str());
            assert!(!is_link || value.starts_with("data:image/png;base64,"));
            assert!(!value.contains("url("), "{element:?}");
        }
    }
    let style = texts(&elements, "style").concat();
    assert!(style.contains("@media print") && style.contains("prefers-color-scheme: dark"));
    assert!(!style.contains("url(") && !style.contains("@import"));
    // The one address is a name: SVG's.
    assert_eq!(
        html.matches("://").count(),
        html.matches("xmlns=\"http://www.w3.org/2000/svg\"").count()
    );
    assert!(html.contains("default-src 'none'"));
    assert!(!html.contains("NaN") && !html.contains("inf%"));
}

#[test]
fn hostile_names_are_text() {
    let mut labels = classes(10);
    labels[3] = HOSTILE.to_owned();
    let mut made = Made::new(&labels, &[HOSTILE, "near"], 200);
    made.description.name = HOSTILE.to_owned();
    made.report.model = HOSTILE.to_owned();
    made.sources[1].path = HOSTILE.to_owned();
    let html = made.page().html().unwrap();
    let elements = parsed(&html);
    assert!(texts(&elements, "script").is_empty());
    let pictures = elements.iter().filter(|e| e.tag == "img");
    let whole = |e: &&Element| e.attribute("src").is_some_and(|s| s.starts_with("data:"));
    assert!(
        pictures
            .clone()
            .all(|e| whole(&e) && e.attribute("onerror").is_none())
    );
    assert!(pictures.count() > 20);
    assert!(texts(&elements, "h1").concat().contains(HOSTILE));
    assert!(texts(&elements, "th").contains(&HOSTILE));
    assert!(texts(&elements, "td").contains(&HOSTILE));
    assert!(texts(&elements, "code").iter().any(|t| t.contains(HOSTILE)));
}

#[test]
fn the_table_has_the_reports_figures_and_marks_the_gates_score() {
    let made = Made::new(&classes(10), &["svhn", "dtd"], 400);
    let elements = parsed(&made.page().html().unwrap());
    let rows = texts(&elements, "tr");
    let percent = |v: f64| format!("{:.2}", 100.0 * v);
    for score in &made.report.scores {
        for set in &score.sets {
            let m = &set.measures;
            let risk = m.risk.unwrap();
            let cells = [
                m.auroc,
                m.fpr95,
                m.aupr_in,
                m.aupr_out,
                m.openood.fpr95,
                m.openood.aupr_in,
                m.openood.aupr_out,
                risk.aurc,
                risk.augrc,
            ];
            let want: String = cells.into_iter().map(percent).collect();
            let want = format!("{}{want}", set.name);
            assert!(
                rows.iter().any(|row| row.contains(&want)),
                "{want}: {rows:#?}"
            );
        }
    }
    let marked = elements
        .iter()
        .filter(|e| e.attribute("class") == Some("gated"));
    let marked: Vec<_> = marked.map(|e| e.text.as_str()).collect();
    assert_eq!(marked.len(), 1);
    assert!(marked[0].starts_with("logit_norm gate"), "{marked:?}");
    let bound = texts(&elements, "p")
        .into_iter()
        .find(|p| p.contains("rank 5 among"));
    let seen = percent(made.report.in_distribution.rejected);
    assert!(bound.is_some_and(|p| p.contains("100 calibration images") && p.contains(&seen)));
}

#[test]
fn every_class_is_counted() {
    let made = Made::new(&classes(10), &["svhn"], 400);
    let elements = parsed(&made.page().html().unwrap());
    let json: Value = serde_json::from_slice(&made.page().json().unwrap()).unwrap();
    let counted = json["confusions"].as_array().unwrap();
    let n = |pair: &Value| pair["n"].as_u64().unwrap();
    assert_eq!(counted.iter().map(n).sum::<u64>(), 400);
    let right = counted.iter().filter(|p| p["label"] == p["class"]).map(n);
    let accuracy = right.sum::<u64>() as f64 / 400.0;
    assert_eq!(made.report.in_distribution.accuracy, Some(accuracy));
    let classes = json["classes"].as_array().unwrap();
    let mean: f64 = classes
        .iter()
        .map(|c| c["accuracy"].as_f64().unwrap())
        .sum();
    assert!((mean / 10.0 - accuracy).abs() < 1e-12);
    let taken = json["accepted_as"].as_array().unwrap().iter().map(n);
    assert_eq!(taken.sum::<u64>(), made.ood[0].kept() as u64);
    for class in classes {
        let want = format!(
            "{}40{:.2}",
            class["label"].as_str().unwrap(),
            100.0 * class["accuracy"].as_f64().unwrap()
        );
        assert!(
            texts(&elements, "tr")
                .iter()
                .any(|row| row.starts_with(&want)),
            "{want}"
        );
    }

    // Too many classes for a matrix.
    let many = Made::new(&self::classes(30), &["svhn"], 400);
    let elements = parsed(&many.page().html().unwrap());
    let titles = texts(&elements, "h3");
    assert!(titles.contains(&"Confusions") && !titles.contains(&"Confusion matrix"));
}

#[test]
fn pictures_are_the_worst_ones_and_counted() {
    let made = Made::new(&classes(10), &["svhn", "dtd"], 400);
    let wrong = made.id.correct().iter().filter(|c| !**c).count();
    let shown = &made.mistakes.pictures;
    assert_eq!((made.mistakes.of, shown.len()), (wrong, wrong.min(24)));
    assert!(shown.windows(2).all(|w| w[0].confidence >= w[1].confidence));
    let least = shown.last().unwrap();
    for (i, &p) in made.id.confidence().iter().enumerate() {
        let is_shown = shown.iter().any(|s| s.index == i);
        assert!(made.id.correct()[i] || is_shown || Some(p) <= least.confidence);
    }
    for picture in shown {
        assert_ne!(picture.label.as_deref(), Some(picture.class.as_str()));
        let pixels = image::load_from_memory(&picture.png).unwrap().into_rgb8();
        let i = picture.index;
        assert_eq!(
            pixels.get_pixel(1, 1).0,
            [(i % 251) as u8, (i / 251) as u8, 7]
        );
        assert_eq!(picture.kept, made.id.kept_frames()[i]);
    }
    for (gallery, set) in made.accepted.iter().zip(&made.ood) {
        assert_eq!((gallery.set.as_str(), gallery.of), (set.name(), set.kept()));
        assert_eq!(gallery.pictures.len(), set.kept().min(6));
        let best = set
            .scores(Score::LogitNorm)
            .iter()
            .copied()
            .fold(f32::MIN, f32::max);
        assert_eq!(gallery.pictures[0].score, best);
        assert!(gallery.pictures.iter().all(|p| p.score >= 0.9));
        assert!(
            gallery
                .pictures
                .windows(2)
                .all(|w| w[0].score >= w[1].score)
        );
    }
    let elements = parsed(&made.page().html().unwrap());
    let all = shown.len()
        + made
            .accepted
            .iter()
            .map(|g| g.pictures.len())
            .sum::<usize>();
    assert_eq!(texts(&elements, "img").len(), all);
    let said = format!("{} of {wrong} images with the wrong class", shown.len());
    assert!(
        texts(&elements, "p").iter().any(|p| p.contains(&said)),
        "{said}"
    );
}

#[test]
fn a_large_picture_is_made_smaller() {
    let gate = gate(Score::LogitNorm, 0.0);
    let scored = set("wide", 1, 1.0, false, &gate);
    let wide = ImageSet::new(400, 100, vec![9; 400 * 100 * 3], None, vec![]).unwrap();
    let shown = gallery::accepted(&scored, &wide, &classes(10), gate.score, 6).unwrap();
    let picture = image::load_from_memory(&shown.pictures[0].png).unwrap();
    assert_eq!((picture.width(), picture.height()), (Picture::SIDE, 24));
}

#[test]
fn the_json_holds_the_report_and_what_the_page_adds() {
    let made = Made::new(&classes(10), &["svhn"], 400);
    let json: Value = serde_json::from_slice(&made.page().json().unwrap()).unwrap();
    // A superset of what --json writes, so that one reader serves both.
    let report: Report = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(report.to_string(), made.report.to_string());
    let bins = json["reliability"].as_array().unwrap();
    assert_eq!(bins.len(), 15);
    let n: u64 = bins.iter().map(|b| b["n"].as_u64().unwrap()).sum();
    assert_eq!(n, 400);
    assert_eq!(json["bound"]["rank"], 5);
    assert_eq!(json["sources"][1]["path"], "data/svhn");
    assert_eq!(json["description"]["loss"]["kind"], "logit_norm");
    assert_eq!(json["command"], made.command.as_str());
    assert!(json["mistakes"]["pictures"][0]["confidence"].is_f64());
    assert_eq!(json["accepted"][0]["of"], made.ood[0].kept());
}

#[test]
fn a_page_is_made_of_whatever_sets_there_are() {
    // Without OOD; without labels; where nothing is accepted.
    let made = Made::new(&classes(10), &[], 100);
    parsed(&made.page().html().unwrap());

    let mut made = Made::new(&classes(10), &["svhn"], 100);
    made.id = set("in-distribution", 100, 1.2, false, &made.gate);
    made.labels = vec![];
    made.report = Report::new("toy", &made.gate, &made.id, &made.ood).unwrap();
    let elements = parsed(&made.page().html().unwrap());
    let titles = texts(&elements, "h3");
    assert!(
        !titles
            .iter()
            .any(|t| t.contains("Risk") || t.contains("Reliability"))
    );

    let mut made = Made::new(&classes(10), &["svhn"], 100);
    made.gate = gate(Score::LogitNorm, 1e9);
    made.id = set("in-distribution", 100, 1.2, true, &made.gate);
    made.ood = vec![set("svhn", 50, 0.4, false, &made.gate)];
    made.report = Report::new("toy", &made.gate, &made.id, &made.ood).unwrap();
    made.accepted = vec![Gallery {
        set: "svhn".into(),
        of: 0,
        pictures: vec![],
    }];
    let html = made.page().html().unwrap();
    parsed(&html);
    assert!(html.contains("0 of 0 accepted"));
    assert!(html.contains("more than the bound"));
}

#[test]
fn a_page_of_many_frames_stays_small() {
    let made = Made::new(&classes(10), &["a", "b", "c", "d"], 5_000);
    let html = made.page().html().unwrap();
    assert!(html.len() < 2_000_000, "{} bytes", html.len());
}

#[test]
fn files_are_replaced_as_a_whole_or_left() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("new/report");
    let names = |dir: &Path| {
        let entries = std::fs::read_dir(dir).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let first = Made::new(&classes(10), &["svhn"], 60);
    first.page().write(&dir).unwrap();
    assert_eq!(names(&dir), ["index.html", "report.json"]);
    let old = std::fs::read(dir.join("index.html")).unwrap();
    let second = Made::new(&classes(10), &["dtd"], 60);
    second.page().write(&dir).unwrap();
    assert_eq!(names(&dir), ["index.html", "report.json"]);
    assert_ne!(std::fs::read(dir.join("index.html")).unwrap(), old);

    // A file where the folder should be.
    let file = folder.path().join("file");
    std::fs::write(&file, "kept").unwrap();
    let error = first.page().write(&file).unwrap_err();
    assert!(matches!(&error, PageError::Write { path, .. } if *path == file));
    assert!(!error.to_string().contains('\n'));
    assert_eq!(std::fs::read(&file).unwrap(), b"kept");

    // A folder where the page should be: its neighbour is whole, and no partial file stays.
    let taken = folder.path().join("taken");
    std::fs::create_dir_all(taken.join("index.html")).unwrap();
    let error = first.page().write(&taken).unwrap_err();
    assert!(matches!(&error, PageError::Write { path, .. } if path.ends_with("index.html")));
    assert!(
        names(&taken)
            .iter()
            .all(|n| !n.to_string_lossy().contains("partial"))
    );
}

/// Sample frames of one set in a folder of their own.
fn sample(folder: &Path, prefix: &str) -> PathBuf {
    let to = folder.join(prefix);
    std::fs::create_dir(&to).unwrap();
    for entry in std::fs::read_dir(root().join("device/source/src/demo_frames")).unwrap() {
        let from = entry.unwrap().path();
        let name = from.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with(prefix) {
            std::fs::copy(&from, to.join(name)).unwrap();
        }
    }
    to
}

fn evaluate(ood: &str, report: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_normgate"))
        .args(["eval", "--quiet", "--ood", ood, "--id"])
        .arg(fixture("cifar10_test_300.bin"))
        .arg("--report")
        .arg(report)
        .args(more)
        .output()
        .unwrap()
}

#[test]
fn the_command_writes_the_page_of_the_gate_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let digits = sample(folder.path(), "mnist");
    let name = "<b>it's</b>";
    let report = folder.path().join("a report");
    let ood = format!("{name}={}", digits.display());
    let output = evaluate(&ood, &report, &["--reject-rate", "0.1"]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let json: Value =
        serde_json::from_slice(&std::fs::read(report.join("report.json")).unwrap()).unwrap();
    let read: Report = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(read.to_string(), text.trim_end());
    // floor(0.1 * 5001)
    assert_eq!(json["bound"]["rank"], 500);
    assert_eq!(json["sources"][0]["images"], 300);
    let html = std::fs::read_to_string(report.join("index.html")).unwrap();
    let elements = parsed(&html);
    assert!(texts(&elements, "th").contains(&name));
    // The command can be pasted: a shell reads the same words.
    let command = texts(&elements, "code").pop().unwrap();
    let last = texts(&elements, "pre").pop().unwrap();
    let words = shlex::split(last).unwrap();
    assert!(
        words.contains(&ood) && words.contains(&report.display().to_string()),
        "{last}"
    );
    assert_eq!(command, "report.json");
    let shown = json["accepted"][0]["pictures"].as_array().unwrap().len();
    let mistakes = json["mistakes"]["pictures"].as_array().unwrap().len();
    assert_eq!(texts(&elements, "img").len(), shown + mistakes);
}

#[test]
fn a_folder_that_cannot_be_had_is_told_in_one_line_before_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "kept").unwrap();
    // The sets are not even there.
    let output = evaluate("x=/absent", &file.join("report"), &[]);
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    assert!(
        said.contains(file.join("report").to_str().unwrap()),
        "{said}"
    );
    assert_eq!(std::fs::read(&file).unwrap(), b"kept");
}
