//! Pictures of nothing: in range, varied, repeatable.

use normgate_train::pictures::{Picture, Pool, draw};
use tch::{Device, Kind, Tensor};

use crate::torch_rng;

fn check(pictures: &Tensor, count: i64, side: i64) {
    assert_eq!(pictures.size(), [count, 3, side, side]);
    assert!(bool::try_from(pictures.isfinite().all()).unwrap());
    let (low, high) = (
        pictures.min().double_value(&[]),
        pictures.max().double_value(&[]),
    );
    assert!(low >= -1e-5 && high <= 1.0 + 1e-5, "{low} to {high}");
}

#[test]
fn every_kind_is_in_range_and_no_two_are_alike() {
    let _alone = torch_rng();
    for kind in Picture::ALL {
        tch::manual_seed(4);
        let pictures = kind.draw(64, 24, Device::Cpu);
        check(&pictures, 64, 24);
        let flat = pictures.reshape([64, -1]);
        // A mean difference of under two codes of 255 would be the same picture to the eye.
        let apart = Tensor::cdist(&flat, &flat, 1.0, None) / flat.size()[1] as f64;
        let apart = apart + Tensor::eye(64, (Kind::Float, Device::Cpu));
        let least = apart.min().double_value(&[]);
        assert!(least > 2.0 / 255.0, "{kind:?}: {least}");
        let spread = flat.std_dim([1i64].as_slice(), false, false);
        let flat_ones = spread.lt(0.01).sum(Kind::Int64).int64_value(&[]);
        assert!(
            flat_ones <= 6,
            "{kind:?}: {flat_ones} of 64 have no contrast"
        );
        tch::manual_seed(4);
        assert!(kind.draw(64, 24, Device::Cpu).equal(&pictures), "{kind:?}");
    }
}

#[test]
fn any_count_and_side_can_be_drawn() {
    let _alone = torch_rng();
    for (count, side) in [(1, 8), (2, 9), (7, 33)] {
        check(&draw(count, side, Device::Cpu), count, side);
    }
}

#[test]
fn samples_of_a_pool_are_cut_to_size() {
    let _alone = torch_rng();
    tch::manual_seed(1);
    let pool = Pool::new(5, 20, Device::Cpu);
    let first = pool.sample(11);
    check(&first, 11, 20);
    assert!(!first.equal(&pool.sample(11)));
}
