//! The page of an evaluation is whole HTML without anything from outside, and shows what was measured.

use normgate::eval::gallery::Gallery;
use normgate::eval::{Report, Roc};
use normgate_core::Score;
use serde_json::Value;

use crate::eval_sets::{gate, set};

mod html;
mod made;
mod pictures;
mod written;

use html::{Element, parsed, texts};
use made::{HOSTILE, Made, classes};

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
    assert_eq!(json["gate"]["rank"], 5);
    assert_eq!(json["gate"]["reject_bound"]["assurance"], 0.95);
    assert_eq!(json["sources"][1]["path"], "data/svhn");
    assert_eq!(json["description"]["loss"]["kind"], "logit_norm");
    assert_eq!(json["command"], made.command.as_str());
    assert!(json["mistakes"]["pictures"][0]["confidence"].is_f64());
    assert_eq!(json["accepted"][0]["of"], made.ood[0].kept());
}

#[test]
fn the_json_has_the_points_of_every_figure() {
    let made = Made::new(&classes(10), &["svhn", "dtd"], 400);
    let json: Value = serde_json::from_slice(&made.page().json().unwrap()).unwrap();
    let curves = json["curves"].as_array().unwrap();
    let numbers = |list: &Value| -> Vec<f64> {
        let list = list.as_array().unwrap().iter();
        list.map(|v| v.as_f64().unwrap()).collect()
    };
    let near = |have: &[f64], want: &[f64]| {
        have.len() == want.len() && have.iter().zip(want).all(|(a, b)| (a - b).abs() <= 5e-7)
    };
    assert_eq!(curves.len(), made.report.scores.len());
    for ((score, report), curves) in made.id.all_scores().zip(&made.report.scores).zip(curves) {
        let gated = score == made.gate.score;
        assert_eq!(curves["score"], report.score.as_str());
        let histograms = curves["histograms"].as_array().unwrap();
        let sets = |h: &Value| h["sets"].as_array().unwrap().len();
        let shape: Vec<_> = histograms.iter().map(sets).collect();
        assert_eq!(shape, if gated { vec![2, 2] } else { vec![3] });
        for histogram in histograms {
            assert!(histogram["from"].as_f64() < histogram["to"].as_f64());
            for set in histogram["sets"].as_array().unwrap() {
                let shares = numbers(&set["shares"]);
                assert_eq!(shares.len(), 60);
                assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-4, "{set}");
            }
        }
        for (set, curve) in made.ood.iter().zip(curves["roc"].as_array().unwrap()) {
            assert_eq!(curve["set"], set.name());
            let roc = Roc::new(made.id.scores(score), set.scores(score)).unwrap();
            let want = roc.thinned(0.004);
            let have: Vec<_> = curve["points"]
                .as_array()
                .unwrap()
                .iter()
                .map(numbers)
                .collect();
            assert_eq!(have.len(), want.len());
            assert!(
                have.iter()
                    .zip(want)
                    .all(|(have, (x, y))| near(have, &[x, y]))
            );
        }
        // Only the gate's are drawn.
        let Some(risk) = curves.get("risk").and_then(Value::as_array) else {
            assert!(!gated);
            continue;
        };
        let names: Vec<_> = risk.iter().map(|c| c["set"].as_str().unwrap()).collect();
        assert_eq!(names, ["in-distribution", "svhn", "dtd"]);
        let last = numbers(risk[0]["points"].as_array().unwrap().last().unwrap());
        let wrong = 1.0 - made.report.in_distribution.accuracy.unwrap();
        assert!(near(&last, &[1.0, wrong, wrong]), "{last:?}");
    }
}

#[test]
fn paper_says_how_many_scores_are_folded() {
    let made = Made::new(&classes(10), &["svhn"], 60);
    let elements = parsed(&made.page().html().unwrap());
    let folded = elements
        .iter()
        .filter(|e| e.attribute("class") == Some("folded"));
    let folded: Vec<_> = folded.map(|e| e.text.as_str()).collect();
    assert_eq!(folded, ["8 further scores are folded; open them to print."]);
    let style = texts(&elements, "style").concat();
    let (screen, print) = style.split_once("@media print").unwrap();
    assert!(screen.contains(".folded { display: none; }"));
    assert!(print.contains("details:not([open]) + .folded { display: block; }"));
}

#[test]
fn near_and_far_means_and_the_recipes_loss_are_on_the_page() {
    let mut made = Made::new(&classes(10), &["cifar100", "svhn"], 200);
    made.report = made.report.with_near(&["cifar100".to_owned()]).unwrap();
    made.description.recipe =
        serde_json::json!({ "training": { "loss": { "kind": "elogit_norm" } } });
    let elements = parsed(&made.page().html().unwrap());
    for name in ["near", "far", "mean"] {
        let heads = texts(&elements, "th");
        let count = heads.into_iter().filter(|&head| head == name).count();
        assert_eq!(count, made.report.scores.len(), "{name}");
    }
    assert!(texts(&elements, "dd").contains(&"Extended LogitNorm"));
    // A score's name spans its sets, its three means and the row without OOD.
    let spans = elements
        .iter()
        .filter(|e| e.attribute("scope") == Some("rowgroup"));
    assert!(
        spans
            .map(|e| e.attribute("rowspan"))
            .all(|rows| rows == Some("6"))
    );
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
    let json = made.page().json().unwrap();
    assert!(json.len() < 1_000_000, "{} bytes", json.len());
    // Many sets have fewer points each.
    let names: Vec<String> = (0..25).map(|i| format!("set{i:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let json = Made::new(&classes(10), &names, 2_000)
        .page()
        .json()
        .unwrap();
    assert!(json.len() < 1_000_000, "{} bytes", json.len());
}
