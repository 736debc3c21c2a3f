//! Against the values of tests/fixtures/make_gate_golden.py.

use normgate_core::{
    ClassMeans, Combined, DriftDetector, DriftPolicy, FeatureBank, Features, Part, Rule, Score,
    ScoreTable,
};
use serde::Deserialize;

use crate::sim::stored;

#[derive(Deserialize)]
struct Golden {
    p_values: Vec<PValueCase>,
    combined: CombinedCase,
    drift: Vec<DriftCase>,
    features: Vec<FeaturesCase>,
}

#[derive(Deserialize)]
struct PValueCase {
    scores: Vec<f32>,
    queries: Vec<f32>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    log_share: Vec<f64>,
    thresholds: Vec<ThresholdCase>,
}

#[derive(Deserialize)]
struct ThresholdCase {
    rate: f64,
    rank: usize,
    score: f32,
    bound: f64,
}

#[derive(Deserialize)]
struct CombinedCase {
    tables: [Vec<f32>; 2],
    pairs: Vec<[f32; 2]>,
    fisher: Vec<f64>,
    min: Vec<f64>,
}

#[derive(Deserialize)]
struct DriftCase {
    scores: Vec<f32>,
    stream: Vec<f32>,
    assurance: f64,
    frames: f64,
    stride: u32,
    evidence: Vec<f64>,
}

#[derive(Deserialize)]
struct FeaturesCase {
    h: Vec<f32>,
    nan: f64,
    means: Vec<f32>,
    means_i8: Vec<i8>,
    cosine: f64,
    class: u16,
    cosine_i8: f64,
    bank: Vec<f32>,
    scale: f32,
    codes: Vec<i8>,
    k: usize,
    distance: f64,
    distance_i8: f64,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../fixtures/gate_golden.json")).unwrap()
}

#[track_caller]
fn assert_near(have: f64, want: f64, relative: f64, what: &str) {
    let error = (have - want).abs();
    assert!(
        error <= relative * want.abs().max(1e-12),
        "{what}: {have} instead of {want}"
    );
}

#[test]
fn p_values_and_thresholds_are_those_of_all_the_scores_but_for_the_tables_steps() {
    for case in golden().p_values {
        let values = stored(&case.scores);
        let table = ScoreTable::new(&values, case.scores.len()).unwrap();
        for (i, &score) in case.queries.iter().enumerate() {
            let tails = table.tails(score);
            for (have, exact) in [(tails.lower, case.lower[i]), (tails.upper, case.upper[i])] {
                let over = have - exact;
                assert!(
                    (-1e-12..=table.resolution() + 1e-12).contains(&over),
                    "{score}: {have} for {exact}"
                );
                if case.scores.len() <= values.len() {
                    assert_near(have, exact, 1e-12, "all scores stored");
                }
            }
            let have = table.log_share(score).unwrap();
            assert!((have - case.log_share[i]).abs() < 1e-9, "{score}: {have}");
        }
        for t in case.thresholds {
            let fitted = table.threshold(t.rate).unwrap();
            assert_eq!(
                (fitted.rank, fitted.threshold.get()),
                (t.rank, t.score),
                "at {}",
                t.rate
            );
            assert_near(fitted.coverage_bound(0.95).unwrap(), t.bound, 1e-8, "bound");
        }
    }
}

#[test]
fn the_combined_score_is_fishers_and_tippetts_statistic() {
    let case = golden().combined;
    let [direction, magnitude] = case.tables.each_ref().map(|t| stored(t));
    for (rule, want) in [(Rule::Fisher, &case.fisher), (Rule::Min, &case.min)] {
        let part = |values, which: usize, score| Part {
            score,
            table: ScoreTable::new(values, case.tables[which].len()).unwrap(),
        };
        let combined = Combined::new(
            part(&direction, 0, Score::Cosine),
            part(&magnitude, 1, Score::FeatureNorm),
            rule,
        )
        .unwrap();
        for ([d, m], &want) in case.pairs.iter().zip(want) {
            let have = combined.score(*d, *m).unwrap();
            assert_near(f64::from(have), want, 1e-6, rule.name());
        }
    }
}

/// The bets' bounds come from scipy's optimizers there, and so does every step after them.
#[test]
fn drift_evidence_is_that_of_numpy() {
    for case in golden().drift {
        let values = stored(&case.scores);
        let table = ScoreTable::new(&values, case.scores.len()).unwrap();
        let policy = DriftPolicy::new(case.frames, case.stride, case.assurance).unwrap();
        let mut detector = DriftDetector::new(&table, policy);
        for (i, &score) in case.stream.iter().enumerate() {
            detector.push(table.tails(score));
            let what = format!("frame {i}");
            assert_near(detector.evidence(), case.evidence[i], 1e-5, &what);
        }
    }
}

#[test]
fn feature_scores_are_those_of_numpy() {
    for case in golden().features {
        let channels = case.h.len();
        let h = Features::new(&case.h).unwrap();
        assert_near(f64::from(h.negative_aware_norm()), case.nan, 1.2e-7, "NAN");

        let mut codes = vec![0; case.means.len()];
        for (mean, codes) in case.means.chunks(channels).zip(codes.chunks_mut(channels)) {
            ClassMeans::encode(&Features::new(mean).unwrap(), codes).unwrap();
        }
        assert_eq!(codes, case.means_i8);
        let nearest = ClassMeans::new(&codes, channels)
            .unwrap()
            .nearest(&h)
            .unwrap();
        assert_eq!(nearest.class, case.class);
        let cosine = f64::from(nearest.cosine);
        assert_near(cosine, case.cosine_i8, 1.2e-7, "cosine of int8 means");
        assert!(
            (cosine - case.cosine).abs() < 0.01,
            "{cosine} in int8 for {}",
            case.cosine
        );

        let mut codes = vec![0; case.codes.len()];
        for (row, codes) in case.bank.chunks(channels).zip(codes.chunks_mut(channels)) {
            FeatureBank::encode(&Features::new(row).unwrap(), case.scale, codes).unwrap();
        }
        assert_eq!(codes, case.codes);
        let bank = FeatureBank::new(&codes, channels, case.scale, case.k).unwrap();
        let distance = -f64::from(bank.score(&h).unwrap());
        assert_near(distance, case.distance_i8, 1e-6, "distance in int8");
        assert!(
            (distance - case.distance).abs() < 0.02,
            "{distance} in int8 for {}",
            case.distance
        );
    }
}
