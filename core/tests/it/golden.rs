//! Against the values of tests/fixtures/make_golden.py.

use normgate_core::{Fitted, Logits, QuantParams, References, Score, Threshold};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    logits: Vec<LogitCase>,
    quantiles: Vec<QuantileCase>,
    quantize: Vec<QuantizeCase>,
}

#[derive(Deserialize)]
struct LogitCase {
    z: Vec<f32>,
    tau: f32,
    temperature: f32,
    argmax: u16,
    norm: f64,
    msp: f64,
    confidence: f64,
    energy: f64,
}

#[derive(Deserialize)]
struct QuantileCase {
    rank: usize,
    n: usize,
    assurance: f64,
    share: f64,
}

#[derive(Deserialize)]
struct QuantizeCase {
    scale: f32,
    zero_point: i32,
    real: Vec<f32>,
    q: Vec<u8>,
    back: Vec<f32>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../fixtures/golden.json")).unwrap()
}

/// Equal to the last bit or two of `f32`.
#[track_caller]
fn assert_f32(have: f32, want: f64, what: &str) {
    let error = (f64::from(have) - want).abs();
    assert!(
        error <= want.abs() * 1.2e-7,
        "{what}: {have} instead of {want}"
    );
}

#[test]
fn softmax_arithmetic_is_that_of_numpy() {
    for case in golden().logits {
        let logits = Logits::new(&case.z).unwrap();
        assert_eq!(logits.argmax(), case.argmax);
        assert_eq!(logits.max(), case.z[usize::from(case.argmax)]);
        assert_f32(logits.norm(), case.norm, "norm");
        assert_f32(logits.msp(), case.msp, "msp");
        assert_f32(logits.confidence(case.tau), case.confidence, "confidence");
        assert_f32(logits.energy(case.temperature), case.energy, "energy");
    }
}

#[test]
fn scores_are_that_arithmetic() {
    for case in golden().logits {
        let logits = Logits::new(&case.z).unwrap();
        // The features stand in for another vector, so their norm is known from the same fixture.
        let none = References::<&[f32], &[i8]>::default();
        let of = |score: Score| score.compute(&logits, &case.z, &none).unwrap();
        assert_f32(of(Score::Msp), case.msp, "msp");
        assert_eq!(of(Score::MaxLogit), logits.max());
        assert_f32(of(Score::LogitNorm), case.norm, "logit_norm");
        assert_f32(of(Score::FeatureNorm), case.norm, "feature_norm");
        let energy = Score::Energy {
            temperature: case.temperature,
        };
        assert_f32(of(energy), case.energy, "energy");
    }
}

#[test]
fn coverage_bound_is_the_beta_quantile_of_scipy() {
    let threshold = Threshold::new(0.0).unwrap();
    for QuantileCase {
        rank,
        n,
        assurance,
        share,
    } in golden().quantiles
    {
        let have = Fitted { threshold, n, rank }
            .coverage_bound(assurance)
            .unwrap();
        let error = (have - share).abs() / share;
        assert!(
            error < 1e-8,
            "rank {rank} of {n} at {assurance}: {have} instead of {share}"
        );
    }
}

#[test]
fn quantization_is_that_of_onnxruntime() {
    for case in golden().quantize {
        let params = QuantParams::new(case.scale, case.zero_point).unwrap();
        for ((&real, &q), &back) in case.real.iter().zip(&case.q).zip(&case.back) {
            assert_eq!(params.quantize_u8(real), q, "{real} with {params:?}");
            assert_eq!(params.dequantize(q), back, "{q} with {params:?}");
        }
    }
}
