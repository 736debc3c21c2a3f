//! Mixing against loops over pixels.

use normgate_train::mix::{add, from_unit, mixup, multiply, pixmix, to_unit};
use normgate_train::pictures::Pool;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use crate::{images, torch_rng};

fn real(count: usize) -> Tensor {
    normgate_train::export::tensor(&images().slice(0..count).unwrap())
}

proptest! {
    // PixMix's operations as its code has them, a number at a time.
    #[test]
    fn the_two_operations_are_pixmixs(
        x in 0f64..=1.0, y in 0f64..=1.0, a in 0f64..2.0, b in -1f64..1.0,
    ) {
        let tensor = |v: f64| Tensor::from_slice(&[v]);
        let sum = (((x * 2.0 - 1.0) * a + (y * 2.0 - 1.0) * b + 1.0) / 2.0).clamp(0.0, 1.0);
        let found = add(&tensor(x), &tensor(y), &tensor(a), &tensor(b)).double_value(&[0]);
        prop_assert!((found - sum).abs() < 1e-12);
        let product = ((2.0 * x).powf(a) * (2.0 * y).max(1e-37).powf(b) / 2.0).clamp(0.0, 1.0);
        let found = multiply(&tensor(x), &tensor(y), &tensor(a), &tensor(b)).double_value(&[0]);
        prop_assert!((found - product).abs() < 1e-9, "{found} and {product}");
    }
}

#[test]
fn black_pixels_mix_to_finite_ones() {
    let zero = Tensor::from_slice(&[0f64]);
    for b in [-1.0, 0.0, 1.0] {
        let found = multiply(
            &zero,
            &zero,
            &Tensor::from_slice(&[0.5]),
            &Tensor::from_slice(&[b]),
        );
        let found = found.double_value(&[0]);
        assert!((0.0..=1.0).contains(&found), "{found}");
    }
}

#[test]
fn pixels_come_back_from_their_unit() {
    let x = real(4);
    assert!((from_unit(&to_unit(&x)) - &x).abs().max().double_value(&[]) < 1e-5);
    assert!(to_unit(&x).min().double_value(&[]) >= 0.0);
    assert!(to_unit(&x).max().double_value(&[]) <= 1.0 + 1e-6);
}

#[test]
fn pixmix_changes_its_share_within_the_range_of_pixels_and_repeats() {
    let _alone = torch_rng();
    let x = real(40);
    let run = |seed: u64| {
        tch::manual_seed(seed as i64);
        let pool = Pool::new(16, 32, Device::Cpu);
        pixmix(&x, 0.75, &pool, &mut ChaCha8Rng::seed_from_u64(seed))
    };
    for seed in 0..12 {
        let mixed = run(seed);
        assert_eq!(mixed.size(), x.size());
        assert!(mixed.narrow(0, 30, 10).equal(&x.narrow(0, 30, 10)));
        assert!(bool::try_from(mixed.isfinite().all()).unwrap());
        let unit = to_unit(&mixed);
        assert!(
            unit.min().double_value(&[]) >= -1e-5 && unit.max().double_value(&[]) <= 1.0 + 1e-5
        );
        let moved = (&mixed - &x).abs().amax([1i64, 2, 3], false).gt(0.05);
        let moved = moved.sum(Kind::Int64).int64_value(&[]);
        // Nine in ten have a round, or start from an augmented copy; some of it is faint.
        assert!((12..=30).contains(&moved), "seed {seed}: {moved}");
        assert!(mixed.equal(&run(seed)), "seed {seed}");
    }
    // One in ten has neither; a start from a copy says nothing about the rounds.
    let clean: i64 = (0..40)
        .map(|seed| {
            let still = (run(seed) - &x).abs().amax([1i64, 2, 3], false).lt(1e-4);
            still.narrow(0, 0, 30).sum(Kind::Int64).int64_value(&[])
        })
        .sum();
    assert!((60..=240).contains(&clean), "{clean} of 1200");
    let pool = Pool::new(4, 32, Device::Cpu);
    let same = pixmix(&x, 0.0, &pool, &mut ChaCha8Rng::seed_from_u64(1));
    assert!(same.equal(&x));
}

#[test]
fn mixup_is_the_weighted_sum_of_two_images() {
    let _alone = torch_rng();
    tch::manual_seed(9);
    let x = real(8);
    let mut shares = vec![];
    for _ in 0..50 {
        let (mixed, other, share) = mixup(&x, 0.3);
        assert!((0.0..=1.0).contains(&share));
        let expected = &x * share + x.index_select(0, &other) * (1.0 - share);
        assert!((mixed - expected).abs().max().double_value(&[]) < 1e-6);
        let mut places = Vec::<i64>::try_from(&other).unwrap();
        places.sort_unstable();
        assert_eq!(places, (0..8).collect::<Vec<_>>());
        shares.push(share);
    }
    // Beta(0.3, 0.3) leans to both ends.
    let ends = shares.iter().filter(|s| **s < 0.1 || **s > 0.9).count();
    assert!((15..=45).contains(&ends), "{ends} of 50");
}
