//! Negatives are made of what they say.

use clap::ValueEnum;
use normgate_train::negatives::{Making, Negatives, shuffled};
use normgate_train::pictures::Pool;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use crate::{images, torch_rng};

fn real(count: usize) -> (Tensor, Tensor) {
    let set = images().slice(0..count).unwrap();
    let labels: Vec<i64> = set
        .labels()
        .unwrap()
        .iter()
        .map(|&l| i64::from(l))
        .collect();
    (
        normgate_train::export::tensor(&set),
        Tensor::from_slice(&labels),
    )
}

fn make(kinds: &[Making], share: f64, count: usize, seed: u64) -> Tensor {
    let (x, labels) = real(count);
    tch::manual_seed(seed as i64);
    let pool = Pool::new(16, 32, Device::Cpu);
    let negatives = Negatives {
        share,
        weight: 0.5,
        kinds: kinds.to_vec(),
    };
    negatives.check().unwrap();
    negatives.of(
        &x,
        &labels,
        Some(&pool),
        &mut ChaCha8Rng::seed_from_u64(seed),
    )
}

/// Bytes of every patch of an image, sorted.
fn patches(image: &Tensor, grid: i64) -> Vec<Vec<i32>> {
    let side = 32 / grid;
    let mut all = vec![];
    for (r, c) in (0..grid).flat_map(|r| (0..grid).map(move |c| (r, c))) {
        let patch = image.narrow(1, r * side, side).narrow(2, c * side, side);
        let codes = (patch.contiguous().view([-1]) * 64.0).to_kind(Kind::Int);
        all.push(Vec::<i32>::try_from(&codes).unwrap());
    }
    all.sort();
    all
}

#[test]
fn shuffled_images_keep_their_patches() {
    let _alone = torch_rng();
    tch::manual_seed(2);
    let (x, _) = real(6);
    for grid in [2, 4, 8] {
        let found = shuffled(&x, grid);
        for i in 0..6 {
            assert_eq!(patches(&found.get(i), grid), patches(&x.get(i), grid));
        }
        assert!(!found.equal(&x));
        // Each image has an order of its own.
        let same = x.narrow(0, 0, 1).repeat([6, 1, 1, 1]);
        let orders = shuffled(&same, grid);
        assert!((1..6).any(|i| !orders.get(i).equal(&orders.get(0))));
    }
    // 32 is no multiple of 5: the rest stays where it was.
    let odd = shuffled(&x, 5);
    assert!(odd.narrow(2, 30, 2).equal(&x.narrow(2, 30, 2)));
}

#[test]
fn rotated_images_are_quarter_turns_of_the_batch() {
    let _alone = torch_rng();
    let (x, _) = real(12);
    for seed in 0..6 {
        let found = make(&[Making::Rotated], 0.5, 12, seed);
        assert_eq!(found.size(), [6, 3, 32, 32]);
        let part = x.narrow(0, 0, 6);
        assert!((1..4).any(|k| part.rot90(k, [2i64, 3]).equal(&found)));
    }
}

#[test]
fn mixed_images_are_means_of_two_classes_or_quarters_of_four() {
    let _alone = torch_rng();
    let (x, labels) = real(40);
    let labels = Vec::<i64>::try_from(&labels).unwrap();
    let (mut means, mut collages) = (0, 0);
    for seed in 0..8 {
        let found = make(&[Making::Mixed], 1.0, 40, seed);
        let i = 3;
        let quarter = |t: &Tensor| t.narrow(1, 0, 16).narrow(2, 0, 16);
        if quarter(&found.get(i)).equal(&quarter(&x.get(i))) {
            collages += 1;
            let corner = |t: &Tensor| t.narrow(1, 16, 16).narrow(2, 16, 16);
            let from = (0..40).find(|&j| corner(&found.get(i)).equal(&corner(&x.get(j))));
            assert!(from.is_some_and(|j| j != i));
        } else {
            means += 1;
            let other = found.get(i) * 2.0 - x.get(i);
            let from = (0..40).find(|&j| (&other - x.get(j)).abs().max().double_value(&[]) < 1e-4);
            let from = from.expect("an image of the batch");
            assert_ne!(labels[from as usize], labels[i as usize]);
        }
    }
    assert!(means > 0 && collages > 0, "{means} and {collages}");
}

#[test]
fn a_batch_too_small_to_mix_is_shuffled() {
    let _alone = torch_rng();
    let (x, _) = real(2);
    for seed in 0..4 {
        let found = make(&[Making::Mixed], 1.0, 2, seed);
        // Patches of 4 are shuffled whatever the grid.
        for i in 0..2 {
            assert_eq!(patches(&found.get(i), 8), patches(&x.get(i), 8));
        }
    }
}

#[test]
fn every_share_and_kind_gives_its_count() {
    let _alone = torch_rng();
    for (share, expected) in [(0.001, 1), (0.2, 6), (0.34, 10), (1.0, 30)] {
        for kinds in [
            Making::value_variants(),
            &[Making::Pictures],
            &[Making::Shuffled],
        ] {
            for seed in 0..3 {
                let found = make(kinds, share, 30, seed);
                assert_eq!(found.size(), [expected, 3, 32, 32]);
                let (low, high) = (found.min().double_value(&[]), found.max().double_value(&[]));
                assert!(
                    low >= -2.0 - 1e-4 && high <= 127.0 / 64.0 + 1e-4,
                    "{low} {high}"
                );
            }
        }
    }
}
