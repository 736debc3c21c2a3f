//! The loss and its gradient against arithmetic in f64 that shares no code with them.

use normgate_train::loss::{Loss, NORM_EPS, cross_entropy, to_uniform};
use normgate_train::network::Forward;
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

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
            Loss::ElogitNorm | Loss::T2fNorm { .. } => unreachable!("tests of their own"),
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
            Loss::LogitNorm { .. } => dot / (norm * (norm + NORM_EPS)),
            _ => 0.0,
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

/// The mean loss of a head that changes nothing.
fn mean(loss: Loss, logits: &Tensor, labels: &Tensor) -> Tensor {
    let options = (logits.kind(), logits.device());
    let classes = logits.size()[1];
    let (weight, bias) = (
        Tensor::eye(classes, options),
        Tensor::zeros([classes], options),
    );
    let forward = Forward {
        features: logits.shallow_clone(),
        logits: logits.shallow_clone(),
    };
    cross_entropy(&loss.normalized(&forward, &weight, &bias), labels)
}

fn agree(loss: Loss, logits: &[Vec<f64>], labels: &[usize]) {
    let flat: Vec<f64> = logits.iter().flatten().copied().collect();
    let shape = [logits.len() as i64, logits[0].len() as i64];
    let z = Tensor::from_slice(&flat)
        .view(shape)
        .set_requires_grad(true);
    let y: Vec<i64> = labels.iter().map(|&l| l as i64).collect();
    let value = mean(loss, &z, &Tensor::from_slice(&y));
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
            mean(loss, &Tensor::from_slice(&row).view([1, 4]), &Tensor::from_slice(&[2i64])).double_value(&[])
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
    let value = mean(
        Loss::LogitNorm { tau },
        &Tensor::from_slice(&z).view([1, 10]),
        &Tensor::from_slice(&[0i64]),
    )
    .double_value(&[]);
    let least = (1.0 + 9.0 * (-(10.0f64 / 9.0).sqrt() / tau).exp()).ln();
    assert!((value - least).abs() < 1e-7, "{value} and {least}");
    assert!(value > (1.0 + 9.0 * (-2.0 / tau).exp()).ln());
}

/// Extended LogitNorm from its definition: z / D, D the mean of |z_m - z_j| / ||w_m - w_j|| over all classes j.
fn elogitnorm_by_hand(h: &[f64], head: &[Vec<f64>], label: usize) -> f64 {
    let z: Vec<f64> = head
        .iter()
        .map(|w| w.iter().zip(h).map(|(w, h)| w * h).sum())
        .collect();
    let m = (0..z.len()).max_by(|&a, &b| z[a].total_cmp(&z[b])).unwrap();
    let apart = |j: usize| -> f64 {
        let squares = head[m].iter().zip(&head[j]).map(|(a, b)| (a - b).powi(2));
        squares.sum::<f64>().sqrt()
    };
    let others = (0..z.len()).filter(|&j| j != m);
    let distance = others.map(|j| (z[m] - z[j]) / apart(j)).sum::<f64>() / z.len() as f64;
    let u: Vec<f64> = z.iter().map(|v| v / (distance + NORM_EPS)).collect();
    u.iter().map(|v| v.exp()).sum::<f64>().ln() - u[label]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn elogitnorm_and_its_gradients_are_the_definition(
        h in prop::collection::vec(-3f64..3.0, 4),
        head in prop::collection::vec(prop::collection::vec(-1f64..1.0, 4), 5),
        label in 0usize..5,
    ) {
        let flat: Vec<f64> = head.iter().flatten().copied().collect();
        let w = Tensor::from_slice(&flat).view([5, 4]).set_requires_grad(true);
        let x = Tensor::from_slice(&h).view([1, 4]).set_requires_grad(true);
        let z = x.matmul(&w.tr());
        // Where two classes lead together the definition has no gradient.
        let (two, _) = z.detach().topk(2, 1, true, true);
        prop_assume!(two.double_value(&[0, 0]) - two.double_value(&[0, 1]) > 0.05);
        let forward = Forward { features: x.shallow_clone(), logits: z };
        let bias = Tensor::zeros([5], (Kind::Double, Device::Cpu));
        let normalized = Loss::ElogitNorm.normalized(&forward, &w, &bias);
        let loss = cross_entropy(&normalized, &Tensor::from_slice(&[label as i64]));
        loss.backward();
        let expected = elogitnorm_by_hand(&h, &head, label);
        let close = |a: f64, b: f64, by: f64| (a - b).abs() <= by * (1.0 + b.abs());
        prop_assert!(close(loss.double_value(&[]), expected, 1e-10));
        let step = 1e-6;
        for i in 0..4 {
            let at = |d: f64| {
                let mut h = h.clone();
                h[i] += d;
                elogitnorm_by_hand(&h, &head, label)
            };
            let slope = (at(step) - at(-step)) / (2.0 * step);
            prop_assert!(close(x.grad().double_value(&[0, i as i64]), slope, 1e-5));
        }
        for (k, i) in [(0, 0), (label, 1), (4, 3)] {
            let at = |d: f64| {
                let mut head = head.clone();
                head[k][i] += d;
                elogitnorm_by_hand(&h, &head, label)
            };
            let slope = (at(step) - at(-step)) / (2.0 * step);
            prop_assert!(close(w.grad().double_value(&[k as i64, i as i64]), slope, 1e-5));
        }
    }

    #[test]
    fn t2fnorm_and_its_gradients_are_the_definition(
        h in prop::collection::vec(0.1f64..3.0, 4),
        head in prop::collection::vec(prop::collection::vec(-1f64..1.0, 4), 5),
        bias in prop::collection::vec(-1f64..1.0, 5),
        label in 0usize..5,
        tau in 0.05f64..2.0,
    ) {
        let loss = Loss::T2fNorm { tau };
        let by_hand = |h: &[f64], head: &[Vec<f64>]| {
            let norm = h.iter().map(|v| v * v).sum::<f64>().sqrt();
            let of = |w: &[f64]| w.iter().zip(h).map(|(w, h)| w * h / norm / tau).sum::<f64>();
            let u: Vec<f64> = head.iter().zip(&bias).map(|(w, b)| of(w) + b).collect();
            let largest = u.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            u.iter().map(|v| (v - largest).exp()).sum::<f64>().ln() + largest - u[label]
        };
        let flat: Vec<f64> = head.iter().flatten().copied().collect();
        let w = Tensor::from_slice(&flat).view([5, 4]).set_requires_grad(true);
        let x = Tensor::from_slice(&h).view([1, 4]).set_requires_grad(true);
        let b = Tensor::from_slice(&bias);
        let logits = (&x * loss.head_scale()).linear(&w, Some(&b));
        let forward = Forward { features: x.shallow_clone(), logits };
        let value = cross_entropy(&loss.normalized(&forward, &w, &b), &Tensor::from_slice(&[label as i64]));
        value.backward();
        let close = |a: f64, b: f64, by: f64| (a - b).abs() <= by * (1.0 + b.abs());
        prop_assert!(close(value.double_value(&[]), by_hand(&h, &head), 1e-6));
        let step = 1e-6;
        for i in 0..4 {
            let at = |d: f64| {
                let mut h = h.clone();
                h[i] += d;
                by_hand(&h, &head)
            };
            let slope = (at(step) - at(-step)) / (2.0 * step);
            prop_assert!(close(x.grad().double_value(&[0, i as i64]), slope, 1e-4));
        }
        for (k, i) in [(0, 0), (label, 1), (4, 3)] {
            let at = |d: f64| {
                let mut head = head.clone();
                head[k][i] += d;
                by_hand(&h, &head)
            };
            let slope = (at(step) - at(-step)) / (2.0 * step);
            prop_assert!(close(w.grad().double_value(&[k as i64, i as i64]), slope, 1e-4));
        }
    }

    #[test]
    fn the_loss_of_negatives_is_the_cross_entropy_to_uniform(
        u in prop::collection::vec(-20f64..20.0, 6),
    ) {
        let t = Tensor::from_slice(&u).view([1, 6]).set_requires_grad(true);
        let value = to_uniform(&t);
        value.backward();
        let sum: f64 = u.iter().map(|v| v.exp()).sum();
        let expected = -u.iter().map(|v| (v.exp() / sum).ln() / 6.0).sum::<f64>();
        prop_assert!((value.double_value(&[]) - expected).abs() < 1e-9 * (1.0 + expected));
        prop_assert!(expected >= 6f64.ln() - 1e-12);
        for (k, v) in u.iter().enumerate() {
            let slope = v.exp() / sum - 1.0 / 6.0;
            prop_assert!((t.grad().double_value(&[0, k as i64]) - slope).abs() < 1e-9);
        }
    }
}
