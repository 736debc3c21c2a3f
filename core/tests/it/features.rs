use normgate_core::bank::MAX_CHANNELS;
use normgate_core::{ClassMeans, FeatureBank, Features, FeaturesError, RowsError};
use proptest::prelude::*;

/// After a ReLU: some features are exactly 0, one at least is not.
fn relu(channels: usize) -> impl Strategy<Value = Vec<f32>> {
    (
        prop::collection::vec((-2.0f32..4.0).prop_map(|v| v.max(0.0)), channels),
        0..channels,
        0.1f32..4.0,
    )
        .prop_map(|(mut h, i, v)| {
            h[i] = v;
            h
        })
}

/// A vector, rows of its width, and the width.
fn with_rows(most: usize) -> impl Strategy<Value = (Vec<f32>, Vec<Vec<f32>>, usize)> {
    (1usize..40, 1..most).prop_flat_map(|(channels, rows)| {
        (
            relu(channels),
            prop::collection::vec(relu(channels), rows),
            Just(channels),
        )
    })
}

fn unit(h: &[f32]) -> Vec<f64> {
    let norm = h.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
    h.iter().map(|&v| f64::from(v) / norm).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Codes of the rows at the scale that saturates none.
fn encoded(rows: &[Vec<f32>]) -> (Vec<i8>, f32) {
    let largest = rows.iter().flat_map(|r| unit(r)).fold(0.0, f64::max);
    let scale = (largest / 127.0) as f32;
    let codes = rows
        .iter()
        .flat_map(|row| {
            let mut codes = vec![0; row.len()];
            FeatureBank::encode(&Features::new(row).unwrap(), scale, &mut codes).unwrap();
            codes
        })
        .collect();
    (codes, scale)
}

fn mean_codes(mean: &[f32]) -> Vec<i8> {
    let mut codes = vec![0; mean.len()];
    ClassMeans::encode(&Features::new(mean).unwrap(), &mut codes).unwrap();
    codes
}

proptest! {
    #[test]
    fn nan_is_the_mean_of_what_is_on(h in relu(20), power in -8i32..8) {
        let score = Features::new(&h).unwrap().negative_aware_norm();
        let on: Vec<f64> = h.iter().filter(|&&v| v > 0.0).map(|&v| f64::from(v)).collect();
        prop_assert_eq!(score, (on.iter().sum::<f64>() / on.len() as f64) as f32);
        prop_assert!(score <= h.iter().copied().fold(0.0, f32::max));
        // Channels that are off do not count, and the score has the features' units.
        let by = 2f32.powi(power);
        let more: Vec<f32> = h.iter().map(|v| v * by).chain([0.0, -1.0]).collect();
        prop_assert_eq!(Features::new(&more).unwrap().negative_aware_norm(), score * by);
    }

    #[test]
    fn the_cosine_sees_direction_only((h, rows, channels) in with_rows(12), power in -8i32..8) {
        let codes: Vec<i8> = rows.iter().flat_map(|row| mean_codes(row)).collect();
        let means = ClassMeans::new(&codes, channels).unwrap();
        prop_assert_eq!((means.classes(), means.channels()), (rows.len(), channels));
        let have = means.nearest(&Features::new(&h).unwrap()).unwrap();
        let rows: Vec<Vec<f32>> = codes.chunks(channels).map(|r| r.iter().map(|&c| f32::from(c)).collect()).collect();
        let cosines: Vec<f64> = rows.iter().map(|r| dot(&unit(r), &unit(&h))).collect();
        let best = cosines.iter().copied().fold(f64::MIN, f64::max);
        prop_assert!((f64::from(have.cosine) - best).abs() < 1e-6);
        prop_assert!((cosines[usize::from(have.class)] - best).abs() < 1e-12);
        let scaled: Vec<f32> = h.iter().map(|v| v * 2f32.powi(power)).collect();
        prop_assert_eq!(means.nearest(&Features::new(&scaled).unwrap()).unwrap(), have);
        // What points as a class's codes do is as near as can be.
        for row in &rows {
            let own = means.nearest(&Features::new(row).unwrap()).unwrap();
            prop_assert!(own.cosine > 1.0 - 1e-6 && own.cosine <= 1.0);
        }
    }

    #[test]
    fn the_int8_bank_is_within_the_stated_error((h, rows, channels) in with_rows(40), at in any::<prop::sample::Index>()) {
        let (codes, scale) = encoded(&rows);
        let k = 1 + at.index(rows.len());
        let bank = FeatureBank::new(&codes, channels, scale, k).unwrap();
        prop_assert_eq!(bank.len(), rows.len());
        let score = f64::from(bank.score(&Features::new(&h).unwrap()).unwrap());
        prop_assert!((-2.0..=0.0).contains(&score));

        let u = unit(&h);
        let mut cosines: Vec<f64> = rows.iter().map(|r| dot(&unit(r), &u)).collect();
        cosines.sort_by(|a, b| b.total_cmp(a));
        let have = 1.0 - score * score / 2.0;
        let root = (channels as f64).sqrt();
        let step = u.iter().copied().fold(0.0, f64::max) / 127.0;
        let scale = f64::from(scale);
        let error = (scale * root + step * root * (1.0 + scale * root / 2.0)) / 2.0;
        // The order of neighbours may change too, but the k-th of values that each moved by `error` moves no farther.
        prop_assert!((have - cosines[k - 1]).abs() <= error + 1e-5, "{} for {}", have, cosines[k - 1]);
    }

    #[test]
    fn a_farther_neighbour_never_scores_higher((h, rows, channels) in with_rows(40)) {
        let (codes, scale) = encoded(&rows);
        let h = Features::new(&h).unwrap();
        let scores: Vec<f32> = (1..=rows.len())
            .map(|k| FeatureBank::new(&codes, channels, scale, k).unwrap().score(&h).unwrap())
            .collect();
        prop_assert!(scores.windows(2).all(|w| w[0] >= w[1]), "{:?}", scores);
    }

    #[test]
    fn any_numbers_get_a_finite_score_or_an_error(
        h in prop::collection::vec(any::<f32>(), 0..6),
        codes in prop::collection::vec(any::<i8>(), 0..12),
        channels in 0usize..5,
        scale: f32,
        k in 0usize..5,
    ) {
        let Ok(h) = Features::new(&h) else { return Ok(()); };
        prop_assert!(h.negative_aware_norm().is_finite() && h.negative_aware_norm() >= 0.0);
        if let Ok(means) = ClassMeans::new(&codes, channels)
            && let Ok(nearest) = means.nearest(&h)
        {
            prop_assert!((-1.0..=1.0).contains(&nearest.cosine));
        }
        if let Ok(bank) = FeatureBank::new(&codes, channels, scale, k)
            && let Ok(score) = bank.score(&h)
        {
            prop_assert!((-2.0..=0.0).contains(&score));
        }
        let mut codes = vec![0; channels];
        let _ = FeatureBank::encode(&h, scale, &mut codes);
        let _ = ClassMeans::encode(&h, &mut codes);
    }
}

/// The largest sums that the types allow.
#[test]
fn the_widest_bank_does_not_overflow() {
    let codes = vec![-128i8; MAX_CHANNELS];
    let h = vec![-1.0f32; MAX_CHANNELS];
    let bank = FeatureBank::new(&codes, MAX_CHANNELS, 1.0, 1).unwrap();
    assert_eq!(bank.score(&Features::new(&h).unwrap()), Ok(0.0));
    let h = vec![f32::MAX; MAX_CHANNELS];
    assert_eq!(bank.score(&Features::new(&h).unwrap()), Ok(-2.0));
}

#[test]
fn nothing_on_is_the_lowest_norm_and_has_no_direction() {
    let h = Features::new(&[0.0, 0.0]).unwrap();
    assert_eq!(h.negative_aware_norm(), 0.0);
    let means = ClassMeans::new(&[1, 2], 2).unwrap();
    assert_eq!(means.nearest(&h), Err(FeaturesError::NoDirection));
    let bank = FeatureBank::new(&[1, 2], 2, 0.1, 1).unwrap();
    assert_eq!(bank.score(&h), Err(FeaturesError::NoDirection));
    let wide = Features::new(&[1.0, 2.0, 3.0]).unwrap();
    let channels = FeaturesError::Channels { have: 3, need: 2 };
    assert_eq!(means.nearest(&wide), Err(channels));
    assert_eq!(bank.score(&wide), Err(channels));
}

#[test]
fn unusable_features_and_rows_are_refused() {
    assert_eq!(Features::new(&[]), Err(FeaturesError::Empty));
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(Features::new(&[0.0, bad]), Err(FeaturesError::NotFinite(1)));
    }
    let shape = RowsError::Shape {
        len: 3,
        channels: 2,
    };
    assert_eq!(ClassMeans::new([], 2), Err(RowsError::Empty));
    assert_eq!(ClassMeans::new([1; 3], 2).unwrap_err(), shape);
    assert_eq!(ClassMeans::new([1, 0, 0, 0], 2), Err(RowsError::Zero(1)));
    let many = vec![1i8; 65_536];
    assert_eq!(ClassMeans::new(&many, 1), Err(RowsError::TooMany(65_536)));
    assert!(ClassMeans::new(&many[1..], 1).is_ok());

    let bank =
        |codes: &[i8], channels, scale, k| FeatureBank::new(codes, channels, scale, k).unwrap_err();
    assert_eq!(bank(&[], 2, 0.1, 1), RowsError::Empty);
    assert_eq!(bank(&[1; 3], 2, 0.1, 1), shape);
    assert!(matches!(bank(&[1; 3], 0, 0.1, 1), RowsError::Shape { .. }));
    assert_eq!(bank(&[1, 1, 0, 0], 2, 0.1, 1), RowsError::Zero(1));
    for k in [0, 3] {
        let (rows, most) = (2, 2);
        assert_eq!(
            bank(&[1; 4], 2, 0.1, k),
            RowsError::Neighbour { k, rows, most }
        );
    }
    assert!(matches!(
        bank(&[1; 100], 1, 0.1, 65),
        RowsError::Neighbour { most: 64, .. }
    ));
    for scale in [0.0, -1.0, f32::INFINITY] {
        assert_eq!(bank(&[1; 4], 2, scale, 1), RowsError::Scale(scale));
    }
    assert!(matches!(
        bank(&vec![1; 2049], 2049, 0.1, 1),
        RowsError::TooWide { have: 2049, .. }
    ));
}
