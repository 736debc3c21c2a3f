use normgate_core::{FeaturesError, Logits, LogitsError, References, Score, ScoreError};
use proptest::prelude::*;

const NONE: References<&[f32], &[i8]> = References {
    means: None,
    bank: None,
    combined: None,
};

fn classes() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(-50.0f32..50.0, 1..40)
}

/// Values and shifts whose sums are exact, so that only the function's own rounding is measured.
fn exact_classes() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec((-4096i16..4096).prop_map(|v| f32::from(v) / 64.0), 1..40)
}

fn shifted(z: &[f32], by: f32) -> Vec<f32> {
    z.iter().map(|v| v + by).collect()
}

proptest! {
    #[test]
    fn msp_and_argmax_ignore_a_shift(z in exact_classes(), by in -4096i16..4096) {
        let moved = shifted(&z, f32::from(by));
        let (a, b) = (Logits::new(&z).unwrap(), Logits::new(&moved).unwrap());
        prop_assert_eq!(a.msp(), b.msp());
        prop_assert_eq!(a.argmax(), b.argmax());
    }

    #[test]
    fn max_logit_and_energy_follow_a_shift(z in exact_classes(), by in 1i16..4096) {
        let by = f32::from(by);
        let moved = shifted(&z, by);
        let (a, b) = (Logits::new(&z).unwrap(), Logits::new(&moved).unwrap());
        prop_assert_eq!(a.max() + by, b.max());
        prop_assert!((a.energy(0.5) + by - b.energy(0.5)).abs() <= 1e-6 * by.max(64.0));
        prop_assert!(b.energy(0.5) > a.energy(0.5));
    }

    #[test]
    fn a_larger_winner_scores_higher(z in classes(), by in 0.01f32..20.0) {
        let a = Logits::new(&z).unwrap();
        let mut raised = z.clone();
        raised[usize::from(a.argmax())] += by;
        let b = Logits::new(&raised).unwrap();
        prop_assert_eq!(a.argmax(), b.argmax());
        prop_assert!(b.msp() >= a.msp());
        prop_assert!(b.max() > a.max());
        prop_assert!(b.energy(0.1) > a.energy(0.1));
    }

    #[test]
    fn norms_scale_and_confidence_does_not(z in classes(), power in 1i32..8) {
        let by = 2f32.powi(power);
        let scaled: Vec<f32> = z.iter().map(|v| v * by).collect();
        let (a, b) = (Logits::new(&z).unwrap(), Logits::new(&scaled).unwrap());
        prop_assert_eq!(a.norm() * by, b.norm());
        // Equal but for the 1e-7 beside the norm.
        if a.norm() > 1.0 {
            prop_assert!((a.confidence(0.04) - b.confidence(0.04)).abs() < 1e-4);
        }
    }

    #[test]
    fn scores_keep_their_ranges(z in classes(), t in 0.01f32..10.0) {
        let logits = Logits::new(&z).unwrap();
        let floor = 1.0 / z.len() as f32 * (1.0 - 1e-6);
        for p in [logits.msp(), logits.confidence(t)] {
            prop_assert!((floor..=1.0).contains(&p), "{}", p);
        }
        prop_assert!(logits.norm() >= logits.max().abs());
        let ceiling = logits.max() + t * (z.len() as f32).ln();
        prop_assert!(logits.energy(t) >= logits.max());
        prop_assert!(logits.energy(t) <= ceiling + ceiling.abs() * 1e-6 + 1e-5);
    }
}

#[test]
fn unusable_logits_are_refused() {
    assert_eq!(Logits::new(&[]), Err(LogitsError::Empty));
    assert_eq!(
        Logits::new(&vec![0.0; 65_536]),
        Err(LogitsError::TooMany(65_536))
    );
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(Logits::new(&[bad]), Err(LogitsError::NotFinite(0)));
        assert_eq!(
            Logits::new(&[0.0, 1.0, bad]),
            Err(LogitsError::NotFinite(2))
        );
    }
    let many = vec![0.0; 65_535];
    assert_eq!(Logits::new(&many).unwrap().as_slice().len(), 65_535);
}

#[test]
fn the_largest_class_index_is_reached() {
    let mut z = vec![0.0; 65_535];
    z[65_534] = 1.0;
    assert_eq!(Logits::new(&z).unwrap().argmax(), 65_534);
}

#[test]
fn unusable_temperatures_give_no_number() {
    let z = [1.0, 2.0];
    let logits = Logits::new(&z).unwrap();
    for bad in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        assert!(logits.confidence(bad).is_nan());
        assert!(logits.energy(bad).is_nan());
        let score = Score::Energy { temperature: bad };
        assert!(matches!(
            score.compute(&logits, &[], &NONE),
            Err(ScoreError::Temperature(_))
        ));
    }
}

#[test]
fn scores_refuse_what_they_cannot_use() {
    let z = [1.0, 2.0];
    let logits = Logits::new(&z).unwrap();
    let norm = |h: &[f32]| Score::FeatureNorm.compute(&logits, h, &NONE);
    let fault = |why| {
        Err(ScoreError::Features {
            score: "feature_norm",
            why,
        })
    };
    assert_eq!(norm(&[]), fault(FeaturesError::Empty));
    assert_eq!(norm(&[0.0, f32::NAN]), fault(FeaturesError::NotFinite(1)));
    assert_eq!(
        norm(&[f32::MAX, f32::MAX]),
        Err(ScoreError::NotFinite("feature_norm"))
    );
    assert_eq!(norm(&[3.0, 4.0]), Ok(5.0));

    let huge = [f32::MAX, f32::MAX];
    let huge = Logits::new(&huge).unwrap();
    assert_eq!(
        Score::LogitNorm.compute(&huge, &[], &NONE),
        Err(ScoreError::NotFinite("logit_norm"))
    );
    assert_eq!(Score::Msp.compute(&huge, &[], &NONE), Ok(0.5));
}

#[test]
fn names_are_read_back_and_others_refused() {
    for score in Score::ALL {
        assert_eq!(score.name().parse(), Ok(score));
        assert_eq!(score.to_string(), score.name());
    }
    for bad in ["", "MSP", "msp ", "max-logit"] {
        assert_eq!(Score::parse(bad), Err(ScoreError::Name));
    }
}
