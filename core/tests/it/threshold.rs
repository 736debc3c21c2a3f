use normgate_core::{Fitted, Threshold, ThresholdError};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};

fn ascending(mut scores: Vec<f32>) -> Vec<f32> {
    scores.sort_by(f32::total_cmp);
    scores
}

proptest! {
    #[test]
    fn rejects_at_most_the_rate_and_no_rank_less_than_it_may(
        scores in prop::collection::vec(-5.0f32..5.0, 1..400),
        rate in 0.001f64..0.999,
    ) {
        let scores = ascending(scores);
        let n = scores.len();
        match Threshold::fit(&scores, rate) {
            Ok(fitted) => {
                let Fitted { threshold, rank, .. } = fitted;
                prop_assert_eq!(fitted.n, n);
                prop_assert!(fitted.expected_reject() <= rate);
                prop_assert!(rank == n || (rank + 1) as f64 > rate * (n + 1) as f64);
                prop_assert_eq!(threshold.get(), scores[rank - 1]);
                let rejected = scores.iter().filter(|&&s| !threshold.accepts(s)).count();
                prop_assert!(rejected < rank);
            }
            Err(ThresholdError::TooFew { have, need }) => {
                prop_assert_eq!(have, n);
                prop_assert!(n < need);
                let grown = ascending(scores.iter().copied().cycle().take(need).collect());
                prop_assert_eq!(Threshold::fit(&grown, rate).map(|f| f.rank), Ok(1));
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn the_bound_grows_with_the_assurance(n in 1usize..3000, share in 0.0f64..1.0) {
        let rank = 1 + (share * (n - 1) as f64) as usize;
        let fitted = Fitted { threshold: Threshold::new(0.0).unwrap(), n, rank };
        let bounds = [0.01, 0.1, 0.5, 0.9, 0.99].map(|a| fitted.coverage_bound(a).unwrap());
        prop_assert!(bounds.windows(2).all(|w| w[0] < w[1]), "{:?}", bounds);
        prop_assert!(bounds[0] > 0.0 && bounds[4] < 1.0);
        prop_assert!(bounds[0] < fitted.expected_reject() && fitted.expected_reject() < bounds[4]);
    }
}

/// Scores are uniform, so the true reject share of a threshold is the threshold itself.
#[test]
fn the_guarantee_holds_over_fresh_calibration_sets() {
    const SETS: usize = 4000;
    const SCORES: usize = 199;
    let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut uniform = || (rng.next_u32() >> 8) as f32 / (1 << 24) as f32;
    let shares: Vec<(f64, Fitted)> = (0..SETS)
        .map(|_| {
            let scores = ascending((0..SCORES).map(|_| uniform()).collect());
            let fitted = Threshold::fit(&scores, 0.05).unwrap();
            (f64::from(fitted.threshold.get()), fitted)
        })
        .collect();
    let fitted = shares[0].1;
    assert_eq!(fitted.rank, 10);

    // Beta(10, 190) has a standard deviation of 0.0154, so the mean of 4000 has 0.00024.
    let mean = shares.iter().map(|&(share, _)| share).sum::<f64>() / SETS as f64;
    assert!((mean - 0.05).abs() < 4.0 * 0.00024, "{mean}");

    for assurance in [0.1, 0.5, 0.9, 0.99] {
        let bound = fitted.coverage_bound(assurance).unwrap();
        let within = shares.iter().filter(|&&(share, _)| share <= bound).count() as f64;
        let deviation = (assurance * (1.0 - assurance) / SETS as f64).sqrt();
        let have = within / SETS as f64;
        assert!(
            (have - assurance).abs() < 4.0 * deviation,
            "{have} instead of {assurance}"
        );
    }
}

/// The round rates that people type must give the rank that they mean.
#[test]
fn a_round_rate_gets_its_whole_rank() {
    let scores: Vec<f32> = (0..9_999).map(|i| i as f32).collect();
    for percent in 1..100usize {
        let rate = percent as f64 / 100.0;
        assert_eq!(Threshold::fit(&scores[..99], rate).unwrap().rank, percent);
        assert_eq!(Threshold::fit(&scores, rate).unwrap().rank, percent * 100);
    }
}

#[test]
fn accepts_from_the_threshold_on_and_never_nan() {
    let threshold = Threshold::new(1.5).unwrap();
    assert!(threshold.accepts(1.5) && threshold.accepts(f32::INFINITY));
    assert!(!threshold.accepts(1.5f32.next_down()) && !threshold.accepts(f32::NAN));
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert!(matches!(
            Threshold::new(bad),
            Err(ThresholdError::NotFinite(_))
        ));
    }
}

#[test]
fn unusable_scores_and_shares_are_refused() {
    use ThresholdError as E;
    let fit = |scores: &[f32], rate| Threshold::fit(scores, rate).unwrap_err();
    assert_eq!(fit(&[], 0.05), E::TooFew { have: 0, need: 19 });
    assert_eq!(fit(&[1.0; 18], 0.05), E::TooFew { have: 18, need: 19 });
    assert_eq!(fit(&[0.0, f32::NAN], 0.5), E::Score(1));
    assert_eq!(fit(&[0.0, f32::INFINITY], 0.5), E::Score(1));
    assert_eq!(fit(&[0.0, 2.0, 1.0], 0.5), E::NotSorted(2));
    for rate in [0.0, 1.0, -0.1] {
        assert_eq!(fit(&[0.0; 50], rate), E::RejectRate(rate));
    }
    assert!(matches!(fit(&[0.0; 50], f64::NAN), E::RejectRate(_)));

    let fitted = Threshold::fit(&[0.0; 19], 0.05).unwrap();
    for assurance in [0.0, 1.0, f64::NAN] {
        assert!(matches!(
            fitted.coverage_bound(assurance),
            Err(E::Assurance(_))
        ));
    }
    for rank in [0, 20] {
        let made_up = Fitted { rank, ..fitted };
        assert_eq!(made_up.coverage_bound(0.5), Err(E::Rank { rank, n: 19 }));
    }
}
