use normgate_core::{
    ClassMeans, Combined, FeatureBank, Features, Fitted, Gate, Logits, Part, References, Rule,
    Score, ScoreError, ScoreTable, Threshold, ThresholdError, Verdict,
};
use proptest::prelude::*;

type OwnedGate = Gate<Vec<f32>, Vec<i8>>;
type OwnedReferences = References<Vec<f32>, Vec<i8>>;

/// Every score but combined, of networks with 3 features.
fn references() -> OwnedReferences {
    References {
        means: Some(ClassMeans::new(vec![127, 3, 0, 2, 1, 127], 3).unwrap()),
        bank: Some(FeatureBank::new(vec![127, 0, 0, 0, 90, 90], 3, 1.0 / 127.0, 1).unwrap()),
        combined: None,
    }
}

fn part(score: Score) -> Part<Vec<f32>> {
    Part {
        score,
        table: ScoreTable::new(vec![-1.0, 0.5, 3.0], 30).unwrap(),
    }
}

fn with_combined() -> OwnedReferences {
    References {
        combined: Some(
            Combined::new(part(Score::Knn), part(Score::LogitNorm), Rule::Fisher).unwrap(),
        ),
        ..references()
    }
}

fn gate(score: Score, threshold: f32) -> OwnedGate {
    Gate {
        score,
        fitted: Fitted {
            threshold: Threshold::new(threshold).unwrap(),
            n: 9,
            rank: 1,
        },
        tau: Some(0.04),
        table: ScoreTable::new(vec![-4.0, -1.0, 0.0, 1.0, 4.0], 9).unwrap(),
        references: with_combined(),
    }
}

/// A feature at least is not 0.
fn features() -> impl Strategy<Value = Vec<f32>> {
    (prop::collection::vec(0.0f32..4.0, 3), 0usize..3).prop_map(|(mut h, i)| {
        h[i] += 0.1;
        h
    })
}

proptest! {
    #[test]
    fn accepts_exactly_from_the_threshold_on(
        z in prop::collection::vec(-4.0f32..4.0, 1..20),
        h in features(),
        which in 0..Score::ALL.len(),
    ) {
        let score = Score::ALL[which];
        let logits = Logits::new(&z).unwrap();
        let value = score.compute(&logits, &h, &with_combined()).unwrap();
        let p_value = gate(score, value).table.p_value(value) as f32;
        let known = Verdict::Known {
            class: logits.argmax(),
            score: value,
            confidence: logits.confidence(0.04),
            p_value,
        };
        prop_assert_eq!(gate(score, value).judge(&z, &h), known);
        let unknown = Verdict::Unknown {
            score: Some(value),
            nearest: Some(logits.argmax()),
            p_value: Some(p_value),
        };
        prop_assert_eq!(gate(score, value.next_up()).judge(&z, &h), unknown);
        prop_assert!(p_value > 0.0 && p_value <= 1.0);
    }

    #[test]
    fn any_outputs_get_a_verdict_and_bad_ones_are_never_a_class(
        z in prop::collection::vec(any::<f32>(), 0..12),
        h in prop::collection::vec(any::<f32>(), 0..6),
        which in 0..Score::ALL.len(),
        threshold in -1e30f32..1e30,
        tau: f32,
    ) {
        let score = Score::ALL[which];
        let gate = Gate { tau: Some(tau), ..gate(score, threshold) };
        let verdict = gate.judge(&z, &h);
        if z.is_empty() || z.iter().any(|v| !v.is_finite()) || !(tau.is_finite() && tau > 0.0) {
            prop_assert_eq!(verdict, Verdict::UNSCORED);
        }
        if let Verdict::Known { class, score, confidence, p_value } = verdict {
            prop_assert!(usize::from(class) < z.len());
            prop_assert!(score >= threshold);
            prop_assert!(confidence > 0.0 && confidence <= 1.0);
            prop_assert!(p_value > 0.0 && p_value <= 1.0);
        }
    }
}

/// A verdict at the table's own threshold is known exactly where its p-value is above the rate.
#[test]
fn another_reject_rate_takes_its_threshold_from_the_table() {
    let n = 199;
    let scores: Vec<f32> = (0..n).map(|i| i as f32).collect();
    let start = Gate {
        table: ScoreTable::new(scores.clone(), n).unwrap(),
        ..gate(Score::MaxLogit, 0.0)
    };
    for percent in [1, 2, 5, 10, 50] {
        let rate = f64::from(percent) / 100.0;
        let gate = start.clone().with_reject_rate(rate).unwrap();
        assert_eq!(gate.fitted, Threshold::fit(&scores, rate).unwrap());
        for z in [0.5, 1.0, 3.0, 9.0, 9.5, 99.0, 198.0] {
            let verdict = gate.judge(&[z, -1.0], &[]);
            let p_value = f64::from(verdict.p_value().unwrap());
            assert_eq!(
                verdict.is_known(),
                p_value > rate + 1e-6,
                "{z} at {rate}: {p_value}"
            );
        }
    }
    for bad in [0.0, 1.0, -1.0, f64::NAN] {
        let refused = start.clone().with_reject_rate(bad).unwrap_err();
        assert!(matches!(refused, ThresholdError::RejectRate(_)));
    }
    assert_eq!(
        start.with_reject_rate(0.004).unwrap_err(),
        ThresholdError::TooFew {
            have: 199,
            need: 249
        }
    );
}

#[test]
fn a_combined_score_joins_its_parts() {
    let references = with_combined();
    let combined = references.combined.as_ref().unwrap();
    let (z, h) = ([0.3, 0.4], [1.0, 0.2, 0.4]);
    let logits = Logits::new(&z).unwrap();
    let bank = references.bank.as_ref().unwrap();
    let direction = bank.score(&Features::new(&h).unwrap()).unwrap();
    assert_eq!(
        Score::Combined.compute(&logits, &h, &references),
        Ok(combined.score(direction, 0.5).unwrap())
    );
}

#[test]
fn a_score_without_its_references_is_refused_by_name() {
    let all: Vec<_> = with_combined().scores(0.5).collect();
    assert_eq!(all, Score::all(0.5));
    let none = OwnedReferences::default();
    assert_eq!(none.scores(0.5).count(), 6);
    let logits = [1.0];
    let logits = Logits::new(&logits).unwrap();
    for score in [Score::Cosine, Score::Knn, Score::Combined] {
        let missing = ScoreError::Missing(score.name());
        assert_eq!(none.check(score), Err(missing));
        assert_eq!(score.compute(&logits, &[1.0; 3], &none), Err(missing));
    }
    let no_bank = References {
        bank: None,
        ..with_combined()
    };
    let missing = Err(ScoreError::Missing("knn"));
    assert_eq!(no_bank.check(Score::Combined), missing);
    let gate = Gate {
        references: no_bank,
        ..gate(Score::Combined, -1e9)
    };
    assert_eq!(gate.judge(&[1.0], &[1.0; 3]), Verdict::UNSCORED);
}

#[test]
fn missing_features_matter_only_to_their_scores() {
    let z = [0.0, 3.0];
    for score in [
        Score::FeatureNorm,
        Score::Nan,
        Score::Cosine,
        Score::Knn,
        Score::Combined,
    ] {
        assert_eq!(gate(score, -1e9).judge(&z, &[]), Verdict::UNSCORED);
    }
    assert_eq!(gate(Score::LogitNorm, 0.0).judge(&z, &[]).class(), Some(1));
    assert_eq!(
        gate(Score::LogitNorm, 0.0).judge(&z, &[f32::NAN]).class(),
        Some(1)
    );
}

#[test]
fn features_that_are_all_zero_score_lowest() {
    let z = [0.0, 3.0];
    let logits = Logits::new(&z).unwrap();
    let of = |score: Score, h: &[f32]| score.compute(&logits, h, &with_combined()).unwrap();
    assert_eq!(of(Score::Cosine, &[0.0; 3]), -1.0);
    assert_eq!(of(Score::Knn, &[0.0; 3]), -2.0);
    for h in [[1.0, 0.0, 0.0], [0.0, 1.0, 1.0], [0.1, 0.0, 4.0]] {
        for score in [Score::Cosine, Score::Knn, Score::Combined] {
            assert!(of(score, &[0.0; 3]) < of(score, &h), "{score} of {h:?}");
        }
    }
    let verdict = gate(Score::Combined, 0.0).judge(&z, &[0.0; 3]);
    assert!(verdict.score().is_some() && !verdict.is_known());
}

#[test]
fn a_verdict_is_unknown_by_default() {
    let verdict = Verdict::default();
    assert!(!verdict.is_known());
    assert_eq!(
        (verdict.class(), verdict.score(), verdict.p_value()),
        (None, None, None)
    );
}

#[test]
fn without_tau_confidence_is_the_softmax_of_the_logits() {
    let z = [0.0, 3.0];
    let gate = Gate {
        tau: None,
        ..gate(Score::MaxLogit, 1.0)
    };
    let expected = Logits::new(&z).unwrap().msp();
    assert!(matches!(
        gate.judge(&z, &[]),
        Verdict::Known { class: 1, confidence, .. } if confidence == expected
    ));
}
