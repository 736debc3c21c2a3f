//! A report holds what was measured, as text and as JSON.

use normgate::eval::{Answer, EvalError, MetricError, Report, Roc, ScoredSet};
use normgate_core::{Score, Verdict};

use crate::eval_sets::{TEMPERATURE, gate, set};

fn made(score: Score, threshold: f32) -> (ScoredSet, Vec<ScoredSet>, Report) {
    let gate = gate(score, threshold);
    let id = set("cifar10", 400, 1.2, true, &gate);
    let ood = vec![
        set("cifar100", 300, 0.8, false, &gate),
        set("svhn", 200, 0.4, false, &gate),
    ];
    let report = Report::new("toy", &gate, &id, &ood).unwrap();
    (id, ood, report)
}

#[test]
fn every_score_of_every_set_is_measured() {
    let (id, ood, report) = made(Score::LogitNorm, 0.9);
    let names: Vec<_> = report.scores.iter().map(|s| s.score.as_str()).collect();
    assert_eq!(names, Score::ALL.map(Score::name));
    for (score, have) in Score::all(TEMPERATURE).into_iter().zip(&report.scores) {
        assert_eq!(have.sets.len(), ood.len());
        for (set, have) in ood.iter().zip(&have.sets) {
            let roc = Roc::new(id.scores(score), set.scores(score)).unwrap();
            assert_eq!((have.name.as_str(), have.n), (set.name(), set.n()));
            assert_eq!(have.measures.auroc, roc.auroc());
            assert_eq!(have.measures.fpr95, roc.fpr_at_95_tpr());
            assert_eq!(have.measures.aupr_in, roc.aupr_in());
            assert_eq!(have.measures.aupr_out, roc.aupr_out());
        }
        let mean = have.mean.unwrap();
        let auroc = have.sets.iter().map(|s| s.measures.auroc).sum::<f64>() / 2.0;
        assert!((mean.auroc - auroc).abs() < 1e-15);
    }
}

#[test]
fn shares_at_the_threshold_are_the_gates_and_only_its_score_has_them() {
    for gated in Score::all(TEMPERATURE) {
        let threshold = 0.6;
        let (id, ood, report) = made(gated, threshold);
        let kept = |s: &ScoredSet| {
            let kept = s.scores(gated).iter().filter(|&&v| v >= threshold).count();
            kept as f64 / s.n() as f64
        };
        assert_eq!(report.in_distribution.kept, kept(&id));
        for score in &report.scores {
            for (set, have) in ood.iter().zip(&score.sets) {
                let want = (score.score == gated.name()).then(|| kept(set));
                assert_eq!(have.measures.kept, want, "{} by {gated}", score.score);
                let both = have.measures.kept.zip(have.measures.rejected);
                assert!(both.is_none_or(|(k, r)| (k + r - 1.0).abs() < 1e-12));
            }
            assert_eq!(
                score.mean.unwrap().kept.is_some(),
                score.score == gated.name()
            );
        }
    }
}

#[test]
fn accuracy_counts_all_labelled_frames_and_the_kept_ones_apart() {
    let (id, _, report) = made(Score::MaxLogit, 1.0);
    let have = report.in_distribution;
    assert_eq!(have.accuracy, id.accuracy());
    let (all, kept) = (have.accuracy.unwrap(), have.accuracy_kept.unwrap());
    assert!(all < 1.0 && kept >= all, "{all} of all, {kept} of the kept");
    assert_eq!(have.n, 400);

    let gate = gate(Score::Msp, 0.0);
    let unlabelled = set("unlabelled", 30, 1.0, false, &gate);
    let report = Report::new("toy", &gate, &unlabelled, &[])
        .unwrap()
        .in_distribution;
    assert_eq!(
        (report.accuracy, report.accuracy_kept, report.ece),
        (None, None, None)
    );
}

#[test]
fn of_four_frames_the_kept_ones_have_an_accuracy_of_their_own() {
    let mut set = ScoredSet::new("four", &[Score::Msp, Score::LogitNorm]);
    let known = Verdict::Known {
        class: 0,
        score: 1.0,
        confidence: 0.5,
        p_value: 0.5,
    };
    for (verdict, correct) in [
        (known, true),
        (known, false),
        (Verdict::UNSCORED, true),
        (Verdict::UNSCORED, true),
    ] {
        let answer = Answer {
            correct,
            confidence: 0.5,
        };
        set.push(&[0.5, 1.0], &verdict, Some(answer)).unwrap();
    }
    assert_eq!((set.n(), set.kept(), set.rejected()), (4, 2, 2));
    assert_eq!(set.accuracy(), Some(0.75));
    assert_eq!(set.accuracy_kept(), Some(0.5));
    assert_eq!(set.ece(), Ok(Some(0.25)));
}

#[test]
fn json_comes_back_the_same() {
    let (_, _, report) = made(
        Score::Energy {
            temperature: TEMPERATURE,
        },
        0.7,
    );
    let json = serde_json::to_string_pretty(&report).unwrap();
    // Reading a decimal may lose the last bit, which no figure shows; a value loses nothing.
    let read: Report = serde_json::from_str(&json).unwrap();
    assert_eq!(read.to_string(), report.to_string());
    let value = serde_json::to_value(&report).unwrap();
    assert_eq!(
        serde_json::from_value::<Report>(value.clone()).unwrap(),
        report
    );
    let energy = &value["scores"][4];
    assert_eq!(energy["score"], "energy");
    assert!(energy["sets"][1]["auroc"].is_f64() && energy["sets"][1]["kept"].is_f64());
    assert!(value["scores"][0]["sets"][0].get("kept").is_none());
}

#[test]
fn the_text_is_an_aligned_table() {
    let (_, _, report) = made(Score::LogitNorm, 0.9);
    let text = report.to_string();
    let lines: Vec<_> = text.lines().collect();
    let header = lines.iter().position(|l| l.starts_with("score")).unwrap();
    let rows = &lines[header + 1..header + 1 + Score::ALL.len() * 3];
    let end = lines[header].find("AUROC").unwrap() + "AUROC".len();
    for (row, i) in rows.iter().zip(0..) {
        let cell = row[..end].rsplit(' ').next().unwrap();
        let score = &report.scores[i / 3];
        let want = match i % 3 {
            2 => score.mean.unwrap().auroc,
            set => score.sets[set].measures.auroc,
        };
        assert_eq!(cell, format!("{:.2}", want * 100.0), "{text}");
    }
    assert!(lines.iter().all(|l| *l == l.trim_end()), "{text}");
}

#[test]
fn sets_that_do_not_go_together_are_refused() {
    let logit_norm = gate(Score::LogitNorm, 0.9);
    let of = |name: &str| set(name, 20, 1.0, false, &logit_norm);
    let new = |id: &ScoredSet, ood: &[ScoredSet]| Report::new("toy", &logit_norm, id, ood);
    assert_eq!(
        new(&ScoredSet::new("a", &Score::ALL), &[]),
        Err(EvalError::Empty("a".into()))
    );
    assert_eq!(
        new(&of("a"), &[ScoredSet::new("b", &Score::ALL)]),
        Err(EvalError::Empty("b".into()))
    );
    assert_eq!(
        new(&of("a"), &[of("a")]),
        Err(EvalError::SameName("a".into()))
    );

    let energy = gate(Score::Energy { temperature: 0.5 }, 0.0);
    let error = Report::new("toy", &energy, &of("a"), &[]).unwrap_err();
    assert_eq!(error, EvalError::Scores { set: "a".into() });
    let mut fewer = ScoredSet::new("b", &[Score::LogitNorm]);
    fewer.push(&[1.0], &Verdict::UNSCORED, None).unwrap();
    assert_eq!(
        new(&of("a"), &[fewer]),
        Err(EvalError::Scores { set: "b".into() })
    );

    let mut id = of("a");
    let mut values = [1.0; 9];
    values[1] = f32::NAN;
    assert_eq!(
        id.push(&values[1..], &Verdict::UNSCORED, None),
        Err(EvalError::Values {
            set: "a".into(),
            have: 8,
            want: 9
        })
    );
    id.push(&values, &Verdict::UNSCORED, None).unwrap();
    let error = new(&id, &[of("b")]).unwrap_err();
    assert!(matches!(
        &error,
        EvalError::Metric {
            score: "max_logit",
            source: MetricError::NotFinite { index: 20, .. },
            ..
        }
    ));
}
