//! The plots show every set, by name, and the threshold where it belongs.

use normgate::bundle::Gate;
use normgate::eval::plots::{PlotError, histogram, roc, write_all};
use normgate::eval::{Report, ScoredSet};
use normgate_core::{Score, Verdict};

use crate::eval_sets::{TEMPERATURE, gate, set};

fn sets(gate: &Gate) -> (ScoredSet, Vec<ScoredSet>) {
    let ood = [("far & away <b>", 0.3), ("near", 0.9), ("svhn", 0.5)];
    let ood = ood.map(|(name, center)| set(name, 300, center, false, gate));
    (set("cifar10", 500, 1.2, true, gate), ood.into())
}

#[test]
fn each_plot_names_every_set_and_escapes_the_names() {
    let gate = gate(Score::LogitNorm, 0.8);
    let (id, ood) = sets(&gate);
    for score in Score::all(TEMPERATURE) {
        for svg in [
            histogram(score, &gate, &id, &ood),
            roc(score, &gate, &id, &ood),
        ] {
            let svg = svg.unwrap();
            assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
            for name in [
                "cifar10",
                "far &amp; away &lt;b&gt;",
                "near",
                "svhn",
                score.name(),
            ] {
                assert!(svg.contains(name), "{name} is missing for {score}");
            }
            assert!(!svg.contains("NaN") && !svg.contains("<b>"));
        }
    }
}

#[test]
fn the_roc_carries_the_reports_figures() {
    let gate = gate(Score::LogitNorm, 0.8);
    let (id, ood) = sets(&gate);
    let report = Report::new("toy", &gate, &id, &ood).unwrap();
    let svg = roc(Score::Msp, &gate, &id, &ood).unwrap();
    for set in &report.scores[0].sets {
        let want = format!("AUROC {:.2}", 100.0 * set.measures.auroc);
        assert!(svg.contains(&want), "{want} of {}", set.name);
    }
}

#[test]
fn only_the_gates_score_shows_the_threshold() {
    let gate = gate(Score::LogitNorm, 0.8);
    let (id, ood) = sets(&gate);
    for score in Score::all(TEMPERATURE) {
        let gated = score == Score::LogitNorm;
        let svg = histogram(score, &gate, &id, &ood).unwrap();
        assert_eq!(svg.contains("accept from 0.8"), gated, "{score}");
        let svg = roc(score, &gate, &id, &ood).unwrap();
        assert_eq!(svg.contains("<circle"), gated, "{score}");
    }
}

#[test]
fn files_are_written_for_every_score() {
    let gate = gate(Score::Msp, 0.2);
    let (id, ood) = sets(&gate);
    let dir = tempfile::tempdir().unwrap();
    let paths = write_all(&dir.path().join("new/plots"), &gate, &id, &ood).unwrap();
    assert_eq!(paths.len(), 2 * Score::ALL.len());
    for (path, score) in paths.chunks(2).zip(Score::ALL) {
        assert!(path[0].ends_with(format!("new/plots/histogram-{score}.svg")));
        assert!(path[1].ends_with(format!("new/plots/roc-{score}.svg")));
        let drawn = std::fs::read_to_string(&path[1]).unwrap();
        assert!(drawn.contains(score.name()));
    }

    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = write_all(&file, &gate, &id, &ood).unwrap_err();
    assert!(
        matches!(&error, PlotError::Write { path, .. } if *path == file),
        "{error}"
    );
}

#[test]
fn strange_sets_are_drawn_or_refused_but_never_panic() {
    let gate = gate(Score::LogitNorm, 0.8);
    let (id, ood) = sets(&gate);
    let many: Vec<_> = (0..14)
        .map(|i| set(&format!("a set with a long name {i}"), 5, 0.5, false, &gate))
        .collect();
    for svg in [
        histogram(Score::Msp, &gate, &id, &many),
        roc(Score::Msp, &gate, &id, &many),
    ] {
        let svg = svg.unwrap();
        assert!((0..14).all(|i| svg.contains(&format!("name {i}\n"))));
        let lowest = svg
            .split(" y=\"")
            .skip(1)
            .filter_map(|s| s.split('"').next()?.parse().ok());
        let lowest = lowest.fold(0.0, f64::max);
        let height = svg
            .split("height=\"")
            .nth(1)
            .and_then(|s| s.split('"').next()?.parse().ok());
        assert!(
            height.is_some_and(|height: f64| lowest < height),
            "{lowest} of {height:?}"
        );
    }
    histogram(Score::Msp, &gate, &id, &[]).unwrap();
    assert!(matches!(
        histogram(Score::Msp, &gate, &ScoredSet::new("x", &Score::ALL), &ood),
        Err(PlotError::Eval(_))
    ));

    for value in [0.0, f32::MAX, f32::MIN, f32::NAN, f32::INFINITY] {
        let mut odd = ScoredSet::new("odd", &Score::all(TEMPERATURE));
        odd.push(&[value; 9], &Verdict::UNSCORED, None).unwrap();
        let odd = [odd];
        for svg in [
            histogram(Score::Msp, &gate, &id, &odd),
            roc(Score::Msp, &gate, &id, &odd),
        ] {
            assert_eq!(svg.is_ok(), value.is_finite(), "{value}");
        }
    }
}
