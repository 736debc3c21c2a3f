use normgate_core::{
    ClassMeans, Combined, CombinedError, Logits, Part, References, Rule, Score, ScoreTable,
};
use proptest::prelude::*;

use crate::sim::{Sim, ascending, stored};

fn tables() -> [Vec<f32>; 2] {
    let mut sim = Sim::new(21);
    [0.8f32, 12.0].map(|scale| {
        let scores = sim
            .normals(800)
            .iter()
            .map(|v| scale * (1.0 + v / 5.0))
            .collect();
        stored(&ascending(scores))
    })
}

fn combined(tables: &[Vec<f32>; 2], rule: Rule) -> Combined<&Vec<f32>> {
    let part = |values, score| Part {
        score,
        table: ScoreTable::new(values, 800).unwrap(),
    };
    let [direction, magnitude] = tables.each_ref();
    Combined::new(
        part(direction, Score::Cosine),
        part(magnitude, Score::FeatureNorm),
        rule,
    )
    .unwrap()
}

proptest! {
    #[test]
    fn a_higher_score_on_either_side_is_never_worse(
        d in -3.0f32..3.0, up in 0.0f32..3.0, m in -30.0f32..60.0, more in 0.0f32..30.0, which in 0usize..2,
    ) {
        let tables = tables();
        let combined = combined(&tables, Rule::ALL[which]);
        let score = combined.score(d, m).unwrap();
        prop_assert!(score.is_finite() && score <= 0.0);
        prop_assert!(combined.score(d + up, m).unwrap() >= score);
        prop_assert!(combined.score(d, m + more).unwrap() >= score);
    }

    #[test]
    fn any_scores_get_a_finite_one_or_an_error(d: f32, m: f32, which in 0usize..2) {
        let tables = tables();
        match combined(&tables, Rule::ALL[which]).score(d, m) {
            Ok(score) => prop_assert!(score.is_finite() && score <= 0.0),
            Err(_) => prop_assert!(!(d.is_finite() && m.is_finite())),
        }
    }
}

/// A frame whose direction is odd and one whose norm is: each score alone misses one of them.
#[test]
fn what_either_score_finds_odd_scores_low() {
    let tables = tables();
    let (typical, odd) = ((0.8, 12.0), [(0.1, 14.0), (0.9, 0.5)]);
    for rule in Rule::ALL {
        let combined = combined(&tables, rule);
        let usual = combined.score(typical.0, typical.1).unwrap();
        for (d, m) in odd {
            let score = combined.score(d, m).unwrap();
            assert!(score < usual - 3.0, "{rule}: {score} and {usual}");
        }
    }
}

/// Two weak signs: Fisher adds them up, the minimum does not.
#[test]
fn fisher_adds_weak_signs() {
    let tables = tables();
    let (weak_d, weak_m) = (0.56, 8.4);
    let fisher = combined(&tables, Rule::Fisher);
    let min = combined(&tables, Rule::Min);
    let (both, one) = (
        fisher.score(weak_d, weak_m).unwrap(),
        fisher.score(weak_d, 12.0).unwrap(),
    );
    assert!(both < one - 1.5, "{both} and {one}");
    let (both, one) = (
        min.score(weak_d, weak_m).unwrap(),
        min.score(weak_d, 12.0).unwrap(),
    );
    assert!((both - one).abs() < 1.0, "{both} and {one}");
}

#[test]
fn far_out_frames_keep_their_order() {
    let tables = tables();
    let combined = combined(&tables, Rule::Fisher);
    let scores: Vec<f32> = [0.0f32, -1.0, -10.0, -1e6, f32::MIN]
        .iter()
        .map(|&m| combined.score(0.8, m).unwrap())
        .collect();
    assert!(scores.windows(2).all(|w| w[0] > w[1]), "{scores:?}");
}

#[test]
fn energy_as_a_part_has_the_temperature_asked_for() {
    let tables = tables();
    let [direction, magnitude] = tables.each_ref();
    let part = |score, values| Part {
        score,
        table: ScoreTable::new(values, 800).unwrap(),
    };
    let energy = Score::parse("energy").unwrap();
    let of = |first, second| References {
        combined: Combined::new(
            part(first, direction),
            part(second, magnitude),
            Rule::Fisher,
        )
        .ok(),
        means: ClassMeans::new([127i8, 20], 2).ok(),
        ..References::default()
    };
    let logits = Logits::new(&[0.1, 0.5, -0.2]).unwrap();
    let features = [0.5, 0.1];
    // At these temperatures the energies lie among the tables' scores.
    for (references, temperature, place) in [
        (of(energy, Score::LogitNorm), 0.25, 0),
        (of(Score::Cosine, energy), 10.0, 1),
    ] {
        let default = Score::Combined.compute(&logits, &features, &references);
        let references = references.at(temperature);
        let combined = references.combined.as_ref().unwrap();
        let parts = [combined.direction().score, combined.magnitude().score];
        assert_eq!(parts[place], Score::Energy { temperature });
        assert_ne!(parts[1 - place].name(), "energy");
        let mut scores = parts.map(|part| part.compute(&logits, &features, &references).unwrap());
        scores[place] = logits.energy(temperature);
        let have = Score::Combined.compute(&logits, &features, &references);
        assert_eq!(have.unwrap(), combined.score(scores[0], scores[1]).unwrap());
        assert_ne!(have, default);
    }
}

#[test]
fn names_are_read_back_and_others_refused() {
    for rule in Rule::ALL {
        assert_eq!(rule.name().parse(), Ok(rule));
        assert_eq!(rule.to_string(), rule.name());
    }
    for bad in ["", "Fisher", "sum"] {
        assert_eq!(Rule::parse(bad), Err(CombinedError::Name));
    }
    let tables = tables();
    let combined = combined(&tables, Rule::Min);
    let nested = Part {
        score: Score::Combined,
        ..*combined.direction()
    };
    assert_eq!(
        Combined::new(nested, *combined.magnitude(), Rule::Min).unwrap_err(),
        CombinedError::Nested
    );
    for bad in [f32::NAN, f32::INFINITY] {
        assert_eq!(
            combined.score(bad, 1.0),
            Err(CombinedError::NotFinite("direction"))
        );
        assert_eq!(
            combined.score(1.0, bad),
            Err(CombinedError::NotFinite("magnitude"))
        );
    }
}
