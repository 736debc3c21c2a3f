//! Outputs are those of the trained network.

use normgate_train::checkpoint;
use normgate_train::fold::fold;
use normgate_train::loss::Loss;
use normgate_train::network::Arch;
use normgate_train::outputs::outputs;
use normgate_train::recipe::Recipe;
use normgate_train::start::Start;
use normgate_train::train::{CHECKPOINT, Setting, train};
use tch::Device;

use crate::{images, recipe, torch_rng};

#[test]
fn outputs_are_the_folded_networks() {
    agree(Loss::LogitNorm { tau: 0.04 });
    agree(Loss::T2fNorm { tau: 0.1 });
}

fn agree(loss: Loss) {
    let folder = tempfile::tempdir().unwrap();
    let all = images();
    let setting = Setting {
        fit: &all.slice(0..500).unwrap(),
        calibration: &all.slice(500..600).unwrap(),
        start: None,
        device: Device::Cpu,
        out: folder.path().to_owned(),
        resume: false,
        measure_every: 1,
        stop_after: None,
        progress: false,
    };
    let _alone = torch_rng();
    let recipe = Recipe {
        loss,
        ..recipe(Arch::Resnet8, 1)
    };
    train(&recipe, &setting).unwrap();
    let start = Start::read(folder.path()).unwrap();
    let set = all.slice(0..300).unwrap();
    let (features, logits) = outputs(&start, &set).unwrap();
    let (_, named) = checkpoint::load(&folder.path().join(CHECKPOINT)).unwrap();
    let network = recipe.network(10);
    let expected = fold(&network, &named)
        .unwrap()
        .run(&normgate_train::export::tensor(&set));
    for (found, expected) in [(features, expected.features), (logits, expected.logits)] {
        let scale = expected.abs().max().double_value(&[]);
        let worst = (found - expected).abs().max().double_value(&[]);
        assert!(worst <= 2e-5 * scale, "{worst} of {scale}");
    }
}
