//! A report holds what was measured, as text and as JSON.

use normgate::eval::risk::RiskCoverage;
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
            assert_eq!(have.measures.openood.fpr95, roc.fpr_at_95_tpr_ood());
            assert_eq!(have.measures.openood.aupr_in, roc.aupr_in_trapezoid());
            assert_eq!(have.measures.openood.aupr_out, roc.aupr_out_trapezoid());
            let both = RiskCoverage::new(id.scores(score), id.correct(), set.scores(score));
            let (both, risk) = (both.unwrap(), have.measures.risk.unwrap());
            assert_eq!((risk.aurc, risk.augrc), (both.aurc(), both.augrc()));
        }
        let alone = RiskCoverage::new(id.scores(score), id.correct(), &[]).unwrap();
        let risk = have.risk.unwrap();
        assert_eq!((risk.aurc, risk.augrc), (alone.aurc(), alone.augrc()));
        let mean = have.mean.unwrap();
        let augrc = have.sets.iter().map(|s| s.measures.risk.unwrap().augrc);
        assert!((mean.risk.unwrap().augrc - augrc.sum::<f64>() / 2.0).abs() < 1e-15);
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
    let ood = [set("svhn", 30, 0.4, false, &gate)];
    let report = Report::new("toy", &gate, &unlabelled, &ood).unwrap();
    let score = &report.scores[0];
    assert_eq!((score.risk, score.mean.unwrap().risk), (None, None));
    assert!(!report.to_string().contains("NaN"));
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
    assert!(lines.iter().all(|l| l.chars().count() <= 90), "{text}");

    let header = lines.iter().rposition(|l| l.starts_with("score")).unwrap();
    for (row, score) in lines[header + 1..].iter().zip(&report.scores) {
        let (alone, mean) = (score.risk.unwrap(), score.mean.unwrap());
        let with = mean.risk.unwrap();
        let figures = [
            alone.aurc,
            alone.augrc,
            with.aurc,
            with.augrc,
            mean.openood.fpr95,
        ];
        let want = figures.map(|v| format!("{:.2}", v * 100.0)).join(" ");
        let have: Vec<_> = row.split_whitespace().collect();
        assert!(have.join(" ").ends_with(&want), "{text}");
    }
}

#[test]
fn near_and_far_sets_have_means_of_their_own() {
    let gate = gate(Score::LogitNorm, 0.9);
    let id = set("cifar10", 300, 1.2, true, &gate);
    let ood = [("cifar100", 0.9), ("tin", 0.8), ("svhn", 0.4)];
    let ood = ood.map(|(name, center)| set(name, 200, center, false, &gate));
    let plain = Report::new("toy", &gate, &id, &ood).unwrap();
    let names = |names: &[&str]| names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>();
    let report = plain
        .clone()
        .with_near(&names(&["tin", "cifar100"]))
        .unwrap();
    for (score, before) in report.scores.iter().zip(&plain.scores) {
        let auroc = |i: usize| score.sets[i].measures.auroc;
        let near = score.near.unwrap();
        assert!((near.auroc - (auroc(0) + auroc(1)) / 2.0).abs() < 1e-15);
        assert_eq!(score.far.unwrap().auroc, auroc(2));
        assert_eq!(score.mean, before.mean);
        assert_eq!(near.kept.is_some(), score.score == "logit_norm");
    }
    let text = report.to_string();
    let rows = |text: &str, name: &str| {
        let rows = text.lines().filter(|line| {
            let mut words = line.split_whitespace();
            let ends_in_a_figure = line.ends_with(|c: char| c.is_ascii_digit());
            ends_in_a_figure && words.any(|word| word == name)
        });
        rows.count()
    };
    for name in ["near", "far", "mean"] {
        assert_eq!(rows(&text, name), Score::ALL.len(), "{name}: {text}");
    }
    assert!(text.lines().all(|l| l.chars().count() <= 90), "{text}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["near_sets"], serde_json::json!(["tin", "cifar100"]));
    assert!(json["scores"][2]["far"]["fpr95"].is_f64());

    // All near: there is no far mean. None named: nothing changes.
    let all = plain
        .clone()
        .with_near(&names(&["cifar100", "tin", "svhn"]));
    let all = all.unwrap();
    assert!(
        all.scores
            .iter()
            .all(|s| s.far.is_none() && s.near == s.mean)
    );
    assert_eq!(plain.clone().with_near(&[]), Ok(plain.clone()));
    let json = serde_json::to_value(&plain).unwrap();
    assert!(json.get("near_sets").is_none() && json["scores"][0].get("near").is_none());
    assert_eq!(
        plain.with_near(&names(&["tin", "SVHN"])),
        Err(EvalError::Near {
            name: "SVHN".into(),
            sets: "cifar100, tin, svhn".into()
        })
    );
}

#[test]
fn the_text_says_what_the_threshold_promises() {
    let (_, _, report) = made(Score::LogitNorm, 0.9);
    let text = report.to_string();
    // As scipy.stats.beta.ppf(0.95, 5, 96) has it.
    let bound = report.gate.reject_bound.unwrap();
    assert!(
        (bound.share - 0.089_196_250_158_879_87).abs() < 1e-9,
        "{bound:?}"
    );
    for part in [
        "rank           5 of 100 calibration scores",
        "4.95 % rejected on average, at most 8.92 % with 95 % assurance",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
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
