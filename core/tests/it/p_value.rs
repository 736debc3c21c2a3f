use normgate_core::{Ranks, ScoreTable, TableError, Threshold, ThresholdError};
use proptest::prelude::*;

use crate::sim::{Sim, ascending, stored};

/// Calibration scores, some with many ties, and how many of them are stored.
fn scores() -> impl Strategy<Value = (Vec<f32>, usize)> {
    (1usize..1500, 2usize..300, 0u32..3).prop_flat_map(|(n, stored, coarse)| {
        let step = [1e-4f32, 0.05, 1.0][coarse as usize];
        (
            prop::collection::vec(-5.0f32..5.0, n).prop_map(move |v| {
                ascending(v.iter().map(|x| (x / step).round() * step).collect())
            }),
            Just(stored),
        )
    })
}

fn ranks() -> impl Strategy<Value = Ranks> {
    prop_oneof![Just(Ranks::Nearest), Just(Ranks::Conformal)]
}

/// The documented ranks, for any number of stored scores.
fn at_ranks(sorted: &[f32], m: usize, ranks: Ranks) -> Vec<f32> {
    let n = sorted.len();
    let rank = |i: usize| match ranks {
        Ranks::Nearest => (i as f64 / (m - 1) as f64 * (n - 1) as f64).round() as usize,
        Ranks::Conformal => (i * (n + 1) / (m - 1)).clamp(1, n) - 1,
    };
    (0..m).map(|i| sorted[rank(i)]).collect()
}

proptest! {
    #[test]
    fn never_smaller_than_the_p_value_of_all_the_scores_and_larger_by_the_resolution_at_most(
        (scores, m) in scores(),
        ranks in ranks(),
        query in -6.0f32..6.0,
        which in any::<prop::sample::Index>(),
    ) {
        let n = scores.len();
        let values = at_ranks(&scores, m, ranks);
        let table = ScoreTable::with_ranks(&values, n, ranks).unwrap();
        prop_assert!(table.resolution() <= 1.0 / (m - 1) as f64 + 1e-12);
        for score in [query, *which.get(&scores), scores[0].next_down(), scores[n - 1].next_up()] {
            let share = |count: usize| (1 + count) as f64 / (n + 1) as f64;
            let lower = share(scores.iter().filter(|&&c| c <= score).count());
            let upper = share(scores.iter().filter(|&&c| c >= score).count());
            let have = table.tails(score);
            for (have, exact) in [(have.lower, lower), (have.upper, upper)] {
                prop_assert!(have > 0.0 && have <= 1.0);
                prop_assert!(have >= exact - 1e-12, "{} under {}", have, exact);
                prop_assert!(have <= exact + table.resolution() + 1e-12, "{} far over {}", have, exact);
            }
        }
    }

    #[test]
    fn all_scores_stored_are_exact(scores in prop::collection::vec(-5.0f32..5.0, 2..300), query in -6.0f32..6.0) {
        let scores = ascending(scores);
        let table = ScoreTable::new(&scores, scores.len()).unwrap();
        let exact = (1 + scores.iter().filter(|&&c| c <= query).count()) as f64 / (scores.len() + 1) as f64;
        prop_assert_eq!(table.resolution(), 0.0);
        prop_assert_eq!(table.p_value(query), exact);
    }

    #[test]
    fn a_threshold_from_the_table_never_rejects_more_than_one_from_all_the_scores(
        (scores, m) in scores(),
        ranks in ranks(),
        rate in 0.0005f64..0.999,
    ) {
        let n = scores.len();
        let values = at_ranks(&scores, m, ranks);
        let table = ScoreTable::with_ranks(&values, n, ranks).unwrap();
        match (Threshold::fit(&scores, rate), table.threshold(rate)) {
            (Ok(exact), Ok(have)) => {
                prop_assert!(have.threshold <= exact.threshold);
                prop_assert!(have.rank <= exact.rank && have.n == n);
                prop_assert!(have.expected_reject() <= rate);
                prop_assert!(exact.rank - have.rank <= (n + 1).div_ceil(m - 1));
                prop_assert_eq!(have.threshold.get(), scores[have.rank - 1]);
                let (bound, widest) = (have.coverage_bound(0.95).unwrap(), exact.coverage_bound(0.95).unwrap());
                prop_assert!(bound <= widest);
                // A frame that the threshold rejects has a p-value up to the rate that is really used.
                let rejected = have.threshold.get().next_down();
                prop_assert!(table.p_value(rejected) <= have.expected_reject() + 1e-12);
            }
            (Err(exact), Err(have)) => prop_assert_eq!(exact, have),
            (exact, have) => prop_assert!(false, "{:?} and {:?}", exact, have),
        }
    }

    #[test]
    fn p_values_and_log_shares_follow_the_score(
        (scores, m) in scores(),
        ranks in ranks(),
        a in -1e3f32..1e3,
        b in -6.0f32..6.0,
    ) {
        let values = at_ranks(&scores, m, ranks);
        let table = ScoreTable::with_ranks(&values, scores.len(), ranks).unwrap();
        let (low, high) = (a.min(b), a.max(b));
        prop_assert!(table.p_value(low) <= table.p_value(high));
        prop_assert!(table.upper_p_value(low) >= table.upper_p_value(high));
        let (x, y) = (table.log_share(low).unwrap(), table.log_share(high).unwrap());
        prop_assert!(x <= y && y <= 0.0, "{} and {}", x, y);
        if high < values[0] && low < high {
            prop_assert!(x < y);
        }
    }

    #[test]
    fn any_numbers_are_a_table_or_an_error(
        values in prop::collection::vec(any::<f32>(), 0..6),
        count: usize,
        ranks in ranks(),
        score: f32,
        rate: f64,
    ) {
        if let Ok(table) = ScoreTable::with_ranks(&values, count, ranks) {
            let tails = table.tails(score);
            prop_assert!(tails.lower > 0.0 && tails.lower <= 1.0);
            prop_assert!(tails.upper > 0.0 && tails.upper <= 1.0);
            if let Some(share) = table.log_share(score) {
                prop_assert!(share.is_finite() && share <= 0.0);
            }
            let _ = table.threshold(rate);
        }
    }
}

/// Over the draw of calibration scores and of a new one, `P(p <= t) <= t` on either side.
#[test]
fn p_values_of_known_images_are_valid() {
    const SETS: usize = 6_000;
    const SCORES: usize = 499;
    let mut sim = Sim::new(3);
    let mut small = [[0usize; 2]; 4];
    let levels = [0.004, 0.01, 0.1, 0.5];
    for _ in 0..SETS {
        // Uniform scores: only their order matters.
        let calibration = ascending((0..SCORES).map(|_| sim.uniform() as f32).collect());
        let values = stored(&calibration);
        let tails = ScoreTable::new(&values, SCORES)
            .unwrap()
            .tails(sim.uniform() as f32);
        for (small, t) in small.iter_mut().zip(levels) {
            small[0] += usize::from(tails.lower <= t);
            small[1] += usize::from(tails.upper <= t);
        }
    }
    for (small, t) in small.into_iter().zip(levels) {
        let deviation = (t * (1.0 - t) / SETS as f64).sqrt();
        for count in small {
            let share = count as f64 / SETS as f64;
            assert!(share <= t + 4.0 * deviation, "{share} at {t}");
            // The steps of 201 of 499 cost 2 slots at most.
            assert!(share >= t - 0.004 - 4.0 * deviation, "{share} at {t}");
        }
    }
}

#[test]
fn a_round_rate_gets_the_threshold_of_all_the_scores_from_conformal_ranks() {
    for n in [199, 999, 2_500, 5_000, 10_000] {
        let scores: Vec<f32> = (0..n).map(|i| i as f32).collect();
        let values = at_ranks(&scores, 201, Ranks::Conformal);
        let table = ScoreTable::with_ranks(&values, n, Ranks::Conformal).unwrap();
        for half_percents in 1..200 {
            let rate = f64::from(half_percents) / 200.0;
            assert_eq!(
                table.threshold(rate),
                Threshold::fit(&scores, rate),
                "{rate}"
            );
        }
    }
}

#[test]
fn the_ends_are_exact_and_what_is_no_number_is_unlike() {
    let scores: Vec<f32> = (0..5000).map(|i| i as f32).collect();
    let values = stored(&scores);
    let table = ScoreTable::new(&values, 5000).unwrap();
    assert_eq!(table.p_value(-1.0), 1.0 / 5001.0);
    assert_eq!(table.p_value(f32::NEG_INFINITY), 1.0 / 5001.0);
    assert_eq!(table.p_value(f32::NAN), 1.0 / 5001.0);
    assert_eq!(table.p_value(f32::INFINITY), 1.0);
    assert_eq!(table.upper_p_value(f32::INFINITY), 1.0 / 5001.0);
    assert_eq!(table.upper_p_value(f32::NAN), 1.0);
    assert_eq!(table.resolution(), 24.0 / 5001.0);
    for score in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(table.log_share(score), None);
    }
}

#[test]
fn unusable_tables_and_rates_are_refused() {
    use TableError as E;
    let new = |values: &[f32], count| ScoreTable::new(values, count).unwrap_err();
    assert_eq!(new(&[], 5), E::Short(0));
    assert_eq!(new(&[1.0], 5), E::Short(1));
    assert_eq!(new(&[1.0, 2.0], 0), E::Count(0));
    assert_eq!(new(&[1.0, 2.0], usize::MAX), E::Count(usize::MAX));
    assert_eq!(new(&[1.0, f32::NAN], 5), E::NotFinite(1));
    assert_eq!(new(&[1.0, 2.0, 1.5], 5), E::NotSorted(2));

    let table = ScoreTable::new(&[1.0, 2.0], 9).unwrap();
    for rate in [0.0, 1.0, -0.5] {
        assert_eq!(table.threshold(rate), Err(ThresholdError::RejectRate(rate)));
    }
    assert!(table.threshold(f64::NAN).is_err());
    assert_eq!(
        table.threshold(0.05),
        Err(ThresholdError::TooFew { have: 9, need: 19 })
    );
    assert_eq!(table.threshold(0.1).map(|f| f.rank), Ok(1));
}
