//! Outputs are those of the trained network.

use normgate_train::checkpoint;
use normgate_train::fold::fold;
use normgate_train::loss::Loss;
use normgate_train::network::Arch;
use normgate_train::outputs::outputs;
use normgate_train::recipe::Recipe;
use normgate_train::start::Start;
use normgate_train::train::CHECKPOINT;

use crate::runs::{FRESH, run};
use crate::{images, recipe};

#[test]
fn outputs_are_the_folded_networks() {
    agree(Loss::LogitNorm { tau: 0.04 });
    agree(Loss::T2fNorm { tau: 0.1 });
}

fn agree(loss: Loss) {
    let folder = tempfile::tempdir().unwrap();
    let recipe = Recipe {
        loss,
        ..recipe(Arch::Resnet8, 1)
    };
    run(&recipe, folder.path(), FRESH).unwrap();
    let start = Start::read(folder.path()).unwrap();
    let set = images().slice(0..300).unwrap();
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
