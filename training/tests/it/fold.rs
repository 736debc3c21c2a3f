//! Folding changes nothing that the network computes.

use normgate_train::fold::{FoldedConv, Norm, fold};
use normgate_train::network::{Arch, BN_EPS};
use normgate_train::optimizer::{Weights, Which};
use proptest::prelude::*;
use tch::{Device, Kind, Tensor, no_grad};

use crate::torch_rng;

/// A network whose statistics and gains are nothing like those it starts with.
fn disturbed(arch: Arch) -> (normgate_train::network::Network, Weights) {
    let network = arch.network(10);
    let mut weights = Weights::new(&network, Device::Cpu, false);
    let named: Vec<(String, Tensor)> = weights
        .named()
        .into_iter()
        .map(|(name, t)| {
            let random = || Tensor::rand(t.size(), (Kind::Float, Device::Cpu));
            let t = match name.rsplit('.').next() {
                Some("running_mean") => random() - 0.5,
                Some("running_var") => random() + 0.5,
                Some("bias") => random() * 0.4 - 0.2,
                Some("weight") if t.dim() == 1 => random() + 0.5,
                _ => t,
            };
            (name, t)
        })
        .collect();
    weights.restore(&named).unwrap();
    (network, weights)
}

#[test]
fn every_architecture_gives_the_same_logits_folded() {
    for arch in [Arch::Resnet8, Arch::Resnet20, Arch::Wrn40x2, Arch::Resnet18] {
        let _alone = torch_rng();
        tch::manual_seed(11);
        let (network, weights) = disturbed(arch);
        let images = Tensor::randn([3, 3, 16, 16], (Kind::Float, Device::Cpu));
        let expected = no_grad(|| {
            let parameters = weights.views(Which::Live, Kind::Float);
            network.forward(
                &images,
                &parameters,
                &weights.statistics(Which::Live),
                false,
                0.0,
            )
        });
        let found = fold(&network, &weights.named()).unwrap().run(&images);
        let scale = expected.logits.abs().max().double_value(&[]);
        let worst = (&found.logits - &expected.logits)
            .abs()
            .max()
            .double_value(&[]);
        assert!(worst <= 2e-5 * scale, "{arch}: {worst} of {scale}");
        let worst = (&found.features - &expected.features)
            .abs()
            .max()
            .double_value(&[]);
        let scale = expected.features.abs().max().double_value(&[]);
        assert!(worst <= 2e-5 * scale, "{arch} features: {worst} of {scale}");
    }
}

#[test]
fn a_missing_tensor_is_named() {
    let network = Arch::Resnet8.network(10);
    let mut named = Weights::blank(&network, Device::Cpu, false).named();
    named.retain(|(name, _)| name != "head.bias");
    let error = fold(&network, &named).unwrap_err();
    assert!(error.contains("head.bias"), "{error}");
}

proptest! {
    #[test]
    fn a_folded_channel_is_its_normalised_sum(
        weight in prop::collection::vec(-2f32..2.0, 6),
        bias in prop::collection::vec(-1f32..1.0, 2),
        gain in prop::collection::vec(-2f32..2.0, 2),
        shift in prop::collection::vec(-1f32..1.0, 2),
        mean in prop::collection::vec(-1f32..1.0, 2),
        variance in prop::collection::vec(0f32..3.0, 2),
        x in prop::collection::vec(-3f32..3.0, 3),
    ) {
        let mut conv = FoldedConv {
            from: 0, name: "c".into(), weight: weight.clone(), bias: bias.clone(),
            inputs: 3, outputs: 2, kernel: 1, stride: 1, groups: 1, relu: false,
        };
        conv.fold(Norm { weight: &gain, bias: &shift, mean: &mean, variance: &variance });
        for o in 0..2 {
            let sum = |w: &[f32]| x.iter().zip(w).map(|(x, w)| f64::from(*x) * f64::from(*w)).sum::<f64>();
            let before = sum(&weight[o * 3..][..3]) + f64::from(bias[o]);
            let spread = (f64::from(variance[o]) + BN_EPS).sqrt();
            let expected = (before - f64::from(mean[o])) / spread * f64::from(gain[o]) + f64::from(shift[o]);
            let found = sum(&conv.weight[o * 3..][..3]) + f64::from(conv.bias[o]);
            // A variance near 0 makes the gain large, and f32's last digit with it.
            prop_assert!((found - expected).abs() <= 1e-5 * (1.0 + 20.0 / spread), "{found} and {expected}");
        }
    }
}
