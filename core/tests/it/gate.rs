use normgate_core::{Gate, Logits, Score, Threshold, Verdict};
use proptest::prelude::*;

fn gate(score: Score, threshold: f32) -> Gate {
    Gate {
        score,
        threshold: Threshold::new(threshold).unwrap(),
        tau: Some(0.04),
    }
}

proptest! {
    #[test]
    fn accepts_exactly_from_the_threshold_on(
        z in prop::collection::vec(-4.0f32..4.0, 1..20),
        h in prop::collection::vec(0.0f32..4.0, 1..20),
        which in 0usize..5,
    ) {
        let score = Score::ALL[which];
        let logits = Logits::new(&z).unwrap();
        let value = score.compute(&logits, &h).unwrap();
        let known = Verdict::Known {
            class: logits.argmax(),
            score: value,
            confidence: logits.confidence(0.04),
        };
        prop_assert_eq!(gate(score, value).judge(&z, &h), known);
        let unknown = Verdict::Unknown { score: Some(value), nearest: Some(logits.argmax()) };
        prop_assert_eq!(gate(score, value.next_up()).judge(&z, &h), unknown);
    }

    #[test]
    fn any_outputs_get_a_verdict_and_bad_ones_are_never_a_class(
        z in prop::collection::vec(any::<f32>(), 0..12),
        h in prop::collection::vec(any::<f32>(), 0..12),
        which in 0usize..5,
        threshold in -1e30f32..1e30,
        tau: f32,
    ) {
        let score = Score::ALL[which];
        let gate = Gate { tau: Some(tau), ..gate(score, threshold) };
        let verdict = gate.judge(&z, &h);
        if z.is_empty() || z.iter().any(|v| !v.is_finite()) || !(tau.is_finite() && tau > 0.0) {
            prop_assert_eq!(verdict, Verdict::UNSCORED);
        }
        if let Verdict::Known { class, score, confidence } = verdict {
            prop_assert!(usize::from(class) < z.len());
            prop_assert!(score >= threshold);
            prop_assert!(confidence > 0.0 && confidence <= 1.0);
        }
    }
}

#[test]
fn missing_features_matter_only_to_their_score() {
    let z = [0.0, 3.0];
    assert_eq!(
        gate(Score::FeatureNorm, 0.0).judge(&z, &[]),
        Verdict::UNSCORED
    );
    assert_eq!(gate(Score::LogitNorm, 0.0).judge(&z, &[]).class(), Some(1));
    assert_eq!(
        gate(Score::LogitNorm, 0.0).judge(&z, &[f32::NAN]).class(),
        Some(1)
    );
}

#[test]
fn a_verdict_is_unknown_by_default() {
    let verdict = Verdict::default();
    assert!(!verdict.is_known());
    assert_eq!((verdict.class(), verdict.score()), (None, None));
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
