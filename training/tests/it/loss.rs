//! The loss and its gradient against arithmetic in f64 that shares no code with them.

use normgate_train::loss::{Loss, NORM_EPS};
use proptest::prelude::*;
use tch::{Kind, Tensor};

/// Mean loss and its gradient by z, from the formulas: with u = z / ((n + eps) tau) and p = softmax(u),
/// dL/dz = ((p - y) - u' z (z . (p - y)) / (n (n + eps))) / ((n + eps) tau).
fn by_hand(loss: Loss, logits: &[Vec<f64>], labels: &[usize]) -> (f64, Vec<Vec<f64>>) {
    let rows = logits.len() as f64;
    let (mut mean, mut gradient) = (0.0, vec![]);
    for (z, &label) in logits.iter().zip(labels) {
        let norm = z.iter().map(|v| v * v).sum::<f64>().sqrt();
        let divisor = match loss {
            Loss::CrossEntropy => 1.0,
            Loss::LogitNorm { tau } => (norm + NORM_EPS) * tau,
        };
        let u: Vec<f64> = z.iter().map(|v| v / divisor).collect();
        let largest = u.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = u.iter().map(|v| (v - largest).exp()).sum();
        mean += (sum.ln() + largest - u[label]) / rows;
        let g: Vec<f64> = u
            .iter()
            .enumerate()
            .map(|(k, v)| (v - largest).exp() / sum - f64::from(k == label))
            .collect();
        let dot: f64 = z.iter().zip(&g).map(|(z, g)| z * g).sum();
        let along = match loss {
            Loss::CrossEntropy => 0.0,
            Loss::LogitNorm { .. } => dot / (norm * (norm + NORM_EPS)),
        };
        gradient.push(
            z.iter()
                .zip(&g)
                .map(|(z, g)| (g - z * along) / divisor / rows)
                .collect(),
        );
    }
    (mean, gradient)
}

fn agree(loss: Loss, logits: &[Vec<f64>], labels: &[usize]) {
    let flat: Vec<f64> = logits.iter().flatten().copied().collect();
    let shape = [logits.len() as i64, logits[0].len() as i64];
    let z = Tensor::from_slice(&flat)
        .view(shape)
        .set_requires_grad(true);
    let y: Vec<i64> = labels.iter().map(|&l| l as i64).collect();
    let value = loss.mean(&z, &Tensor::from_slice(&y));
    assert_eq!(value.kind(), Kind::Double);
    value.backward();
    let (expected, gradient) = by_hand(loss, logits, labels);
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-10 * (1.0 + b.abs());
    assert!(
        close(value.double_value(&[]), expected),
        "{value:?} and {expected}"
    );
    let found = Vec::<f64>::try_from(&z.grad().view([-1])).unwrap();
    for (a, b) in found.iter().zip(gradient.iter().flatten()) {
        assert!(close(*a, *b), "{a} and {b}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn value_and_gradient_are_the_formulas(
        logits in prop::collection::vec(prop::collection::vec(-20f64..20.0, 5), 1..6),
        label in 0usize..5,
        tau in 0.01f64..2.0,
    ) {
        let labels: Vec<usize> = (0..logits.len()).map(|i| (i + label) % 5).collect();
        agree(Loss::CrossEntropy, &logits, &labels);
        agree(Loss::LogitNorm { tau }, &logits, &labels);
    }

    #[test]
    fn logitnorm_does_not_see_the_length_of_z(
        z in prop::collection::vec(-5f64..5.0, 4), scale in 0.5f64..100.0,
    ) {
        prop_assume!(z.iter().map(|v| v * v).sum::<f64>() > 0.1);
        let loss = Loss::LogitNorm { tau: 0.04 };
        let value = |k: f64| {
            let row: Vec<f64> = z.iter().map(|v| v * k).collect();
            loss.mean(&Tensor::from_slice(&row).view([1, 4]), &Tensor::from_slice(&[2i64])).double_value(&[])
        };
        prop_assert!((value(1.0) - value(scale)).abs() < 1e-4 * (1.0 + value(1.0)));
    }
}

#[test]
fn the_least_loss_is_that_of_the_farthest_corner_of_the_sphere() {
    // With z = (K - 1, -1, ..., -1), z / ||z|| tells its class apart by sqrt(K / (K - 1)), the most that K unit
    // vectors of one sum can; the loss stays above ln(1 + (K - 1) exp(-2 / tau)) (Wei et al. 2022, section 4).
    let (tau, classes) = (0.5f64, 10);
    let mut z = vec![-1.0f64; classes];
    z[0] = 9.0;
    let value = Loss::LogitNorm { tau }
        .mean(
            &Tensor::from_slice(&z).view([1, 10]),
            &Tensor::from_slice(&[0i64]),
        )
        .double_value(&[]);
    let least = (1.0 + 9.0 * (-(10.0f64 / 9.0).sqrt() / tau).exp()).ln();
    assert!((value - least).abs() < 1e-7, "{value} and {least}");
    assert!(value > (1.0 + 9.0 * (-2.0 / tau).exp()).ln());
}
