//! The metrics of an evaluation against scikit-learn's.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use normgate::eval::metrics::{MetricError, Roc, Side, accuracy, ece};
use normgate::eval::reliability::Reliability;
use normgate::eval::risk::RiskCoverage;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    seed: u64,
    cases: Vec<Case>,
    answers: Answers,
    selective: Vec<Selective>,
}

#[derive(Deserialize)]
struct Selective {
    name: String,
    id: Vec<f32>,
    correct: Vec<bool>,
    ood: Vec<f32>,
    aurc: f64,
    augrc: f64,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    id: Vec<f32>,
    ood: Vec<f32>,
    auroc: f64,
    fpr95: f64,
    aupr_in: f64,
    aupr_out: f64,
    openood_fpr95: f64,
    openood_aupr_in: f64,
    openood_aupr_out: f64,
    curve: Option<Vec<(f64, f64)>>,
}

#[derive(Deserialize)]
struct Answers {
    truth: Vec<u16>,
    predicted: Vec<u16>,
    confidence: Vec<f32>,
    accuracy: f64,
    ece: f64,
}

fn assert_equal_to(golden: &Golden) {
    for case in &golden.cases {
        let roc = Roc::new(&case.id, &case.ood).unwrap();
        for (metric, have, want) in [
            ("AUROC", roc.auroc(), case.auroc),
            ("FPR95", roc.fpr_at_95_tpr(), case.fpr95),
            ("AUPR-in", roc.aupr_in(), case.aupr_in),
            ("AUPR-out", roc.aupr_out(), case.aupr_out),
            (
                "OpenOOD's FPR95",
                roc.fpr_at_95_tpr_ood(),
                case.openood_fpr95,
            ),
            (
                "OpenOOD's AUPR-in",
                roc.aupr_in_trapezoid(),
                case.openood_aupr_in,
            ),
            (
                "OpenOOD's AUPR-out",
                roc.aupr_out_trapezoid(),
                case.openood_aupr_out,
            ),
        ] {
            assert_near(have, want, metric, golden, &case.name);
        }
        if let Some(curve) = &case.curve {
            let points: Vec<_> = roc.points().collect();
            assert_eq!(points.len(), curve.len());
            for (have, want) in points.iter().zip(curve) {
                assert_near(have.0, want.0, "FPR", golden, &case.name);
                assert_near(have.1, want.1, "TPR", golden, &case.name);
            }
        }
    }
    let answers = &golden.answers;
    let have = accuracy(&answers.predicted, &answers.truth).unwrap();
    assert_near(have, answers.accuracy, "accuracy", golden, "answers");
    let pairs = answers.predicted.iter().zip(&answers.truth);
    let correct: Vec<bool> = pairs.map(|(p, t)| p == t).collect();
    let have = ece(&answers.confidence, &correct).unwrap();
    assert_near(have, answers.ece, "ECE", golden, "answers");
    for case in &golden.selective {
        let curve = RiskCoverage::new(&case.id, &case.correct, &case.ood).unwrap();
        assert_near(curve.aurc(), case.aurc, "AURC", golden, &case.name);
        assert_near(curve.augrc(), case.augrc, "AUGRC", golden, &case.name);
    }
}

/// Equal but for the last bits, which another order of sums and a reading of decimals may change.
#[track_caller]
fn assert_near(have: f64, want: f64, metric: &str, golden: &Golden, case: &str) {
    let seed = golden.seed;
    let near = (have - want).abs() < 1e-12;
    assert!(
        near,
        "{metric} of {case:?}, seed {seed}: {have} instead of {want}"
    );
}

#[test]
fn metrics_are_those_of_scikit_learn() {
    let golden = include_str!("../fixtures/metrics_sklearn.json");
    let golden: Golden = serde_json::from_str(golden).unwrap();
    assert!(golden.cases.iter().any(|c| c.curve.is_some()));
    assert_equal_to(&golden);
}

#[test]
#[ignore = "needs NORMGATE_PYTHON; scripts/test runs it"]
fn metrics_are_those_of_scikit_learn_on_fresh_scores() {
    let python = std::env::var("NORMGATE_PYTHON").expect("NORMGATE_PYTHON names an interpreter");
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = u64::from(since.subsec_nanos());
    let made = Command::new(&python)
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/make_metrics.py"
        ))
        .args(["--seed", &seed.to_string()])
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let golden: Golden = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!(golden.seed, seed);
    assert_equal_to(&golden);
}

/// Few distinct values, so that most scores tie.
fn scores() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec((-4i8..4).prop_map(f32::from), 1..60)
}

proptest! {
    #[test]
    fn auroc_is_its_definition(id in scores(), ood in scores()) {
        let mut wins = 0.0;
        for a in &id {
            wins += ood.iter().map(|b| match a.total_cmp(b) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            }).sum::<f64>();
        }
        let want = wins / (id.len() * ood.len()) as f64;
        prop_assert_eq!(Roc::new(&id, &ood).unwrap().auroc(), want);
        let swapped = Roc::new(&ood, &id).unwrap().auroc();
        prop_assert!((swapped - (1.0 - want)).abs() < 1e-12);
    }

    #[test]
    fn fpr95_is_its_definition(id in scores(), ood in scores()) {
        let kept = |scores: &[f32], t: f32| scores.iter().filter(|&&s| s >= t).count();
        let enough = |t: &f32| kept(&id, *t) as f64 / id.len() as f64 >= 0.95;
        let threshold = id.iter().copied().filter(enough).fold(f32::NEG_INFINITY, f32::max);
        let want = kept(&ood, threshold) as f64 / ood.len() as f64;
        prop_assert_eq!(Roc::new(&id, &ood).unwrap().fpr_at_95_tpr(), want);
    }

    #[test]
    fn only_the_order_of_scores_matters(id in scores(), ood in scores()) {
        let cubed = |s: &[f32]| s.iter().map(|v| v.powi(3) * 0.5 + 7.0).collect::<Vec<_>>();
        prop_assert_eq!(Roc::new(&id, &ood), Roc::new(&cubed(&id), &cubed(&ood)));
    }

    #[test]
    fn openoods_fpr95_is_that_of_the_swapped_and_negated_sets(id in scores(), ood in scores()) {
        let negated = |s: &[f32]| s.iter().map(|v| -v).collect::<Vec<_>>();
        let swapped = Roc::new(&negated(&ood), &negated(&id)).unwrap();
        let roc = Roc::new(&id, &ood).unwrap();
        prop_assert_eq!(roc.fpr_at_95_tpr_ood(), swapped.fpr_at_95_tpr());
        prop_assert!((roc.aupr_out_trapezoid() - swapped.aupr_in_trapezoid()).abs() < 1e-12);
    }

    #[test]
    fn a_risk_curve_is_what_each_threshold_keeps(
        frames in prop::collection::vec(((-4i8..4).prop_map(f32::from), any::<bool>()), 1..60),
        ood in prop::collection::vec((-4i8..4).prop_map(f32::from), 0..30),
    ) {
        let (id, correct): (Vec<f32>, Vec<bool>) = frames.iter().copied().unzip();
        let curve = RiskCoverage::new(&id, &correct, &ood).unwrap();
        let n = (id.len() + ood.len()) as f64;
        let mut thresholds: Vec<f32> = id.iter().chain(&ood).copied().collect();
        thresholds.sort_by(|a, b| b.total_cmp(a));
        thresholds.dedup();
        let points: Vec<_> = curve.points().skip(1).collect();
        prop_assert_eq!(points.len(), thresholds.len());
        for (point, t) in points.iter().zip(thresholds) {
            let beyond = ood.iter().filter(|s| **s >= t).count();
            let kept = id.iter().filter(|s| **s >= t).count() + beyond;
            let wrong = frames.iter().filter(|(s, right)| *s >= t && !right).count() + beyond;
            prop_assert_eq!(point.coverage, kept as f64 / n);
            prop_assert_eq!(point.selective_risk, wrong as f64 / kept as f64);
            prop_assert_eq!(point.generalized_risk, wrong as f64 / n);
        }
        prop_assert!((0.0..=1.0).contains(&curve.aurc()));
        prop_assert!((0.0..=0.5).contains(&curve.augrc()) && curve.augrc() <= curve.aurc() + 1e-12);
        for gap in [0.0, 0.01, 0.3] {
            let all: Vec<_> = curve.points().collect();
            let thin = curve.thinned(gap);
            prop_assert!(thin.len() as f64 <= 1.0 / gap.max(1e-3) + 3.0);
            prop_assert!(thin.first() == all.first() && thin.last() == all.last());
            prop_assert!(thin.iter().all(|p| all.contains(p)));
        }
    }

    #[test]
    fn a_thinned_curve_keeps_its_ends_and_its_shape(
        id in prop::collection::vec(-1.0f32..1.0, 1..400),
        ood in prop::collection::vec(-1.0f32..1.0, 1..400),
        gap in 0.005f64..0.5,
    ) {
        let roc = Roc::new(&id, &ood).unwrap();
        let all: Vec<_> = roc.points().collect();
        let thin = roc.thinned(gap);
        prop_assert_eq!(thin.first(), Some(&(0.0, 0.0)));
        prop_assert_eq!(thin.last(), Some(&(1.0, 1.0)));
        prop_assert!(thin.len() as f64 <= 2.0 / gap + 3.0, "{} points", thin.len());
        prop_assert!(thin.iter().all(|p| all.contains(p)));
        for p in &all {
            let near = thin.iter().any(|q| (p.0 - q.0).abs() + (p.1 - q.1).abs() <= gap);
            prop_assert!(near, "{:?} is far from the thinned curve", p);
        }
        prop_assert_eq!(roc.thinned(0.0), all);
    }
}

#[test]
fn scores_without_an_order_are_refused() {
    let err = |id: &[f32], ood: &[f32]| Roc::new(id, ood).unwrap_err();
    assert_eq!(
        err(&[], &[1.0]),
        MetricError::NoScores(Side::InDistribution)
    );
    assert_eq!(err(&[1.0], &[]), MetricError::NoScores(Side::Ood));
    let (side, index) = (Side::Ood, 1);
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(
            err(&[1.0], &[0.0, bad]),
            MetricError::NotFinite { side, index }
        );
    }
    assert_eq!(
        err(&[f32::NAN], &[0.0]).to_string(),
        "in-distribution score 0 is not finite"
    );
}

#[test]
fn failures_without_an_order_are_refused() {
    let new = RiskCoverage::new;
    assert_eq!(
        new(&[], &[], &[1.0]),
        Err(MetricError::NoScores(Side::InDistribution))
    );
    assert_eq!(
        new(&[1.0], &[], &[]),
        Err(MetricError::Lengths { left: 1, right: 0 })
    );
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let (side, index) = (Side::Ood, 1);
        assert_eq!(
            new(&[1.0], &[true], &[0.0, bad]),
            Err(MetricError::NotFinite { side, index })
        );
    }
}

#[test]
fn every_confidence_is_in_one_of_fifteen_bins() {
    let bins: Vec<_> = Reliability::new(&[0.0, 0.13, 0.14, 1.0], &[false, true, true, true])
        .unwrap()
        .bins()
        .collect();
    let counts: Vec<_> = bins.iter().map(|b| b.n).collect();
    assert_eq!(counts, [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(
        (bins[0].accuracy, bins[0].confidence),
        (Some(0.0), Some(0.0))
    );
    assert_eq!((bins[1].from, bins[1].to), (1.0 / 15.0, 2.0 / 15.0));
    assert_eq!((bins[3].accuracy, bins[3].confidence), (None, None));
    let none = Reliability::new(&[], &[]).unwrap();
    assert_eq!(none.ece(), None);
    assert_eq!(none.bins().map(|b| b.n).sum::<usize>(), 0);
}

#[test]
fn answers_that_do_not_fit_are_refused() {
    assert_eq!(accuracy(&[], &[]), Err(MetricError::NoAnswers));
    assert_eq!(
        accuracy(&[1], &[]),
        Err(MetricError::Lengths { left: 1, right: 0 })
    );
    assert_eq!(ece(&[], &[]), Err(MetricError::NoAnswers));
    for bad in [-0.1, 1.1, f32::NAN] {
        let want = Err(MetricError::Confidence { index: 1 });
        assert_eq!(ece(&[0.5, bad], &[true, true]), want);
    }
    assert_eq!(ece(&[0.0, 1.0], &[false, true]), Ok(0.0));
    assert_eq!(ece(&[0.0, 1.0], &[true, false]), Ok(1.0));
}
