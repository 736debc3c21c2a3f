//! Made-up scored sets for the tests of reports and plots.

use normgate::bundle::Gate;
use normgate::eval::{Answer, ScoredSet};
use normgate_core::threshold::Fitted;
use normgate_core::{
    ClassMeans, Combined, FeatureBank, Logits, Part, References, Rule, Score, ScoreTable, Threshold,
};

pub(crate) const TEMPERATURE: f32 = 0.1;

const TAU: f32 = 0.04;

pub(crate) fn gate(score: Score, threshold: f32) -> Gate {
    let part = |score| Part {
        score,
        table: ScoreTable::new([-1.0, 0.5, 2.0].into(), 100).unwrap(),
    };
    let combined = Combined::new(part(Score::Cosine), part(Score::LogitNorm), Rule::Fisher);
    Gate {
        score,
        fitted: Fitted {
            threshold: Threshold::new(threshold).unwrap(),
            n: 100,
            rank: 5,
        },
        tau: Some(TAU),
        table: ScoreTable::new([-1.0, 0.5, 2.0].into(), 100).unwrap(),
        references: References {
            means: ClassMeans::new([127i8, 20, 127, 90].into(), 2).ok(),
            bank: FeatureBank::new([120i8, 20, 90, 90].into(), 2, 1.0 / 127.0, 1).ok(),
            combined: combined.ok(),
        },
    }
}

/// `n` frames whose logits and features have norms around `center`, judged by `gate`.
pub(crate) fn set(name: &str, n: usize, center: f32, labelled: bool, gate: &Gate) -> ScoredSet {
    let mut state = 0x2545_f491_4f6c_dd1d_u64 ^ name.len() as u64;
    // Twelve uniform numbers less six are close enough to a Gaussian.
    let mut gaussian = || {
        let mut sum = -6.0;
        for _ in 0..12 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            sum += (state >> 40) as f32 / (1 << 24) as f32;
        }
        sum
    };
    let scores = Score::all(TEMPERATURE);
    let mut set = ScoredSet::new(name, &scores);
    for i in 0..n {
        let mut z = [0.0; 10].map(|_: f32| 0.35 * gaussian());
        z[i % 10] += (center + 0.2 * gaussian()).max(0.0);
        let h = [center + 0.3 * gaussian(), 0.2];
        let logits = Logits::new(&z).unwrap();
        let answer = labelled.then(|| Answer {
            correct: usize::from(logits.argmax()) == i % 10,
            confidence: logits.confidence(TAU),
        });
        let values = scores.map(|s| s.compute(&logits, &h, &gate.references).unwrap());
        set.push(&values, &gate.judge(&z, &h), answer).unwrap();
    }
    set
}
