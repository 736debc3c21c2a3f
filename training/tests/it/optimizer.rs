//! The flat optimizer against libtorch's own.

use normgate_train::network::Arch;
use normgate_train::optimizer::{Weights, Which};
use tch::nn::{self, OptimizerConfig};
use tch::{Device, Kind, Tensor, no_grad};

use crate::torch_rng;

#[test]
fn five_steps_are_those_of_libtorchs_nesterov_sgd() {
    let _alone = torch_rng();
    tch::manual_seed(5);
    let network = Arch::Resnet8.network(10);
    let mut weights = Weights::new(&network, Device::Cpu, false);
    let vs = nn::VarStore::new(Device::Cpu);
    let theirs: Vec<Tensor> = weights
        .views(Which::Live, Kind::Float)
        .iter()
        .enumerate()
        .map(|(i, t)| vs.root().var_copy(&format!("p{i}"), &t.detach()))
        .collect();
    let mut sgd = nn::sgd(0.9, 0.0, 5e-4, true).build(&vs, 0.1).unwrap();
    let loss = |ps: &[Tensor]| {
        // Any smooth function of every parameter.
        ps.iter()
            .map(|p| ((p * 3.0).sin() + p * p).sum(Kind::Float))
            .reduce(|a, b| a + b)
            .unwrap()
    };
    for step in 0..5 {
        let rate = 0.1 / f64::from(step + 1);
        sgd.set_lr(rate);
        sgd.backward_step(&loss(&theirs));
        loss(&weights.views(Which::Live, Kind::Float)).backward();
        weights.step(rate, 0.9, 5e-4);
    }
    for (a, b) in weights.views(Which::Live, Kind::Float).iter().zip(&theirs) {
        let difference = (a - b).abs().max().double_value(&[]);
        assert!(difference < 1e-6, "{difference}");
    }
}

#[test]
fn the_average_moves_by_its_share() {
    let _alone = torch_rng();
    tch::manual_seed(6);
    let network = Arch::Resnet8.network(10);
    let mut weights = Weights::new(&network, Device::Cpu, true);
    let before = weights.views(Which::Averaged, Kind::Float)[0].copy();
    weights.views(Which::Live, Kind::Float)[0]
        .sum(Kind::Float)
        .backward();
    weights.step(1.0, 0.0, 0.0);
    no_grad(|| weights.average(0.75));
    let live = weights.views(Which::Live, Kind::Float)[0].detach();
    let expected = &before * 0.75 + live * 0.25;
    let found = &weights.views(Which::Averaged, Kind::Float)[0];
    assert!((found - expected).abs().max().double_value(&[]) < 1e-6);
    assert!((found - before).abs().max().double_value(&[]) > 0.1);
}

#[test]
fn named_tensors_restore_everything() {
    let _alone = torch_rng();
    tch::manual_seed(7);
    let network = Arch::Resnet8.network(10);
    let trained = Weights::new(&network, Device::Cpu, true);
    let mut fresh = Weights::new(&network, Device::Cpu, true);
    fresh.restore(&trained.named()).unwrap();
    for ((name, a), (_, b)) in trained.named().iter().zip(fresh.named()) {
        assert!(a.equal(&b), "{name}");
    }
    let mut short = trained.named();
    short.retain(|(name, _)| name != "stem.norm.running_var");
    let error = fresh.restore(&short).unwrap_err();
    assert!(error.contains("stem.norm.running_var"), "{error}");
}
