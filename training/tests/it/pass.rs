//! A pass on the grids is what the int8 file computes, and trains.

use normgate::eval::run::infer_all;
use normgate::model::Model;
use normgate_train::checkpoint;
use normgate_train::export::{Request, export, tensor};
use normgate_train::network::Arch;
use normgate_train::optimizer::{Weights, Which};
use normgate_train::pass::Pass;
use normgate_train::recipe::Recipe;
use normgate_train::start::Start;
use normgate_train::train::CHECKPOINT;
use tch::{Device, Kind, Tensor, no_grad};

use crate::runs::{FRESH, from, run};
use crate::{images, recipe};

fn power(values: &Tensor) -> f64 {
    values.square().sum(Kind::Double).double_value(&[])
}

#[test]
fn the_grids_are_the_int8_files() {
    for arch in [Arch::Resnet8, Arch::Resnet20, Arch::Wrn40x2] {
        let folder = tempfile::tempdir().unwrap();
        run(&recipe(arch, 2), folder.path(), FRESH).unwrap();
        let (state, named) = checkpoint::load(&folder.path().join(CHECKPOINT)).unwrap();
        let all = images();
        let calibration = all.slice(500..600).unwrap();
        let request = Request {
            name: "sample".into(),
            version: 1,
            calibration: &calibration,
            data_name: "CIFAR-10 sample".into(),
            test: None,
        };
        let exported = export(&state, &named, &request, |_| {}).unwrap();
        let set = all.slice(0..40).unwrap();
        let int8 = infer_all(&Model::new(exported.int8).unwrap(), &set, || {}).unwrap();
        let int8: Vec<f32> = int8.iter().flat_map(|o| o.logits.to_vec()).collect();
        let int8 = Tensor::from_slice(&int8).view([40, 10]);

        let network = state.recipe.network(10);
        let mut weights = Weights::blank(&network, Device::Cpu, false);
        weights.restore(&named).unwrap();
        let logits = |pass: &Pass<'_>| {
            let parameters = weights.views(Which::Live, Kind::Float);
            let statistics = weights.statistics(Which::Live);
            no_grad(|| {
                pass.run(&tensor(&set), &parameters, &statistics, false, 0.0)
                    .logits
            })
        };
        let method = exported.quantization.ranges;
        let grids = Pass::quantized(&network, &named, &tensor(&calibration), method).unwrap();
        let from_grids = power(&(logits(&grids) - &int8));
        let from_real = power(&(logits(&Pass::float(&network)) - &int8));
        // What is left: sums in f32 that fall on the other side of a half.
        assert!(
            from_grids < 0.2 * from_real,
            "{arch}: {from_grids} of {from_real}"
        );
    }
}

#[test]
fn a_quantized_run_moves_the_weights_and_not_the_statistics() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let before = run(&recipe(Arch::Resnet20, 4), first.path(), FRESH).unwrap();
    let start = Start::read(first.path()).unwrap();
    let quantized = Recipe {
        start: Some(start.sha256().unwrap()),
        quantized: true,
        learning_rate: 0.002,
        ..recipe(Arch::Resnet20, 2)
    };
    let after = run(&quantized, second.path(), from(&start)).unwrap();
    assert!(after[1].loss < before[0].loss, "{after:?} {before:?}");
    let again = Start::read(second.path()).unwrap();
    for ((name, a), (_, b)) in start.weights.iter().zip(&again.weights) {
        let moved = (a - b).abs().max().double_value(&[]);
        assert_eq!(moved > 0.0, !name.contains("running"), "{name}: {moved}");
    }
}

#[test]
fn a_quantized_run_wants_weights_to_start_from_and_f32() {
    let fresh = Recipe {
        quantized: true,
        ..recipe(Arch::Resnet8, 1)
    };
    let error = fresh.check().unwrap_err().to_string();
    assert!(
        error.contains("start") && error.contains("weights"),
        "{error}"
    );
    let bf16 = Recipe {
        start: Some("0".repeat(64)),
        precision: normgate_train::device::Precision::Bf16,
        ..fresh
    };
    let error = bf16.check().unwrap_err().to_string();
    assert!(error.contains("f32"), "{error}");
}
