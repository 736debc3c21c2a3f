//! The metrics of an evaluation against scikit-learn's.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use normgate::eval::metrics::{MetricError, Roc, Side, accuracy, ece};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    seed: u64,
    cases: Vec<Case>,
    answers: Answers,
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
