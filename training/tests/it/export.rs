//! From a checkpoint to a file that the device runs.

use std::path::Path;

use normgate::bundle::Precision;
use normgate::eval::run::infer_all;
use normgate::model::{Inference, Model};
use normgate_core::{Rule, Score, Verdict};
use normgate_train::checkpoint;
use normgate_train::export::{Exported, Request, export};
use normgate_train::network::Arch;
use normgate_train::references::Plan;
use normgate_train::threshold::{self, Wanted};
use normgate_train::train::{CHECKPOINT, Setting, train};
use tch::Device;

use crate::{images, recipe, torch_rng};

fn exported(arch: Arch, folder: &Path) -> Exported {
    let all = images();
    let (fit, calibration) = (all.slice(0..400).unwrap(), all.slice(400..500).unwrap());
    let setting = Setting {
        fit: &fit,
        calibration: &calibration,
        start: None,
        device: Device::Cpu,
        out: folder.to_owned(),
        resume: false,
        measure_every: 1,
        stop_after: None,
        progress: false,
    };
    let _alone = torch_rng();
    train(&recipe(arch, 1), &setting).unwrap();
    let (state, named) = checkpoint::load(&folder.join(CHECKPOINT)).unwrap();
    let request = Request {
        name: "sample".into(),
        version: 1,
        calibration: &calibration,
        data_name: "CIFAR-10 sample".into(),
        test: Some((&all.slice(500..600).unwrap(), "held out".into())),
    };
    export(&state, &named, &request, |_| {}).unwrap()
}

/// The int8 file follows its f32 twin, for a network of each kind of block.
#[test]
fn int8_follows_f32_on_the_runtime() {
    for arch in [Arch::Resnet8, Arch::Wrn40x2] {
        let folder = tempfile::tempdir().unwrap();
        let exported = exported(arch, folder.path());
        assert_eq!(exported.int8.description().precision, Precision::Int8);
        let set = images().slice(500..540).unwrap();
        let run = |bundle: &normgate::bundle::Bundle| {
            infer_all(&Model::new(bundle.clone()).unwrap(), &set, || {}).unwrap()
        };
        let (int8, f32) = (run(&exported.int8), run(&exported.f32));
        let (mut error, mut power) = (0f64, 0f64);
        for (a, b) in int8.iter().zip(&f32) {
            for (a, b) in a.logits.iter().zip(&b.logits) {
                error += f64::from(a - b).powi(2);
                power += f64::from(*b).powi(2);
            }
        }
        assert!(error < 0.02 * power, "{arch}: {error} of {power}");
        // Every method was measured, and the least error chosen.
        let q = &exported.quantization;
        let least = q
            .candidates
            .iter()
            .map(|c| c.logit_error)
            .fold(f64::INFINITY, f64::min);
        let chosen = q.candidates.iter().find(|c| c.ranges == q.ranges).unwrap();
        assert_eq!(chosen.logit_error, least, "{arch}");
    }
}

#[test]
fn the_twin_in_f32_is_the_trained_network() {
    let folder = tempfile::tempdir().unwrap();
    let exported = exported(Arch::Resnet8, folder.path());
    let (state, named) = checkpoint::load(&folder.path().join(CHECKPOINT)).unwrap();
    let set = images().slice(500..520).unwrap();
    let network = state.recipe.arch.network(10);
    let folded = normgate_train::fold::fold(&network, &named).unwrap();
    let expected = folded.run(&normgate_train::export::tensor(&set)).logits;
    let found = infer_all(&Model::new(exported.f32).unwrap(), &set, || {}).unwrap();
    let scale = expected.abs().max().double_value(&[]);
    for (i, inference) in found.iter().enumerate() {
        for (k, z) in inference.logits.iter().enumerate() {
            let want = expected.double_value(&[i as i64, k as i64]);
            assert!(
                (f64::from(*z) - want).abs() <= 1e-4 * scale,
                "{z} and {want}"
            );
        }
    }
}

#[test]
fn a_file_without_a_threshold_calls_everything_unknown_and_a_fitted_one_keeps_its_share() {
    let folder = tempfile::tempdir().unwrap();
    let exported = exported(Arch::Resnet8, folder.path());
    let all = images();
    let calibration = all.slice(400..500).unwrap();
    let model = Model::new(exported.int8.clone()).unwrap();
    let outputs = infer_all(&model, &calibration, || {}).unwrap();
    assert!(outputs.iter().all(|o| model.judge(o) == Verdict::UNSCORED));

    let temperature = 1.0;
    let wanted = |score| Wanted {
        score,
        reject_rate: 0.1,
        energy_temperature: temperature,
        references: Plan {
            rows: 40,
            k: 3,
            direction: Score::Knn,
            magnitude: Score::Energy { temperature },
            rule: Rule::Fisher,
        },
    };
    let fit_images = all.slice(0..400).unwrap();
    for score in Score::ALL {
        let fit = threshold::fit(
            &exported.int8,
            &fit_images,
            &calibration,
            &wanted(score),
            || {},
        )
        .unwrap();
        let model = Model::new(fit.bundle).unwrap();
        let known = |o: &&Inference| model.judge(o).is_known();
        let rejected = outputs.len() - outputs.iter().filter(known).count();
        // Rank 10 of 100: nine scores lie below it, unless some tie; the device's score is the fitted one.
        assert!((6..=9).contains(&rejected), "{rejected} by {score}");
        assert_eq!((fit.fitted.rank, fit.fitted.n), (10, 100));
        // The table keeps this threshold, so that the same rate finds it again.
        let again = model.gate().unwrap().table.threshold(0.1).unwrap();
        assert_eq!(again, fit.fitted, "{score}");
    }

    let swapped = threshold::fit(
        &exported.int8,
        &calibration,
        &fit_images,
        &wanted(Score::Knn),
        || {},
    );
    let error = swapped.unwrap_err();
    assert!(error.to_string().contains("fit images"), "{error}");
    let others = all.slice(0..100).unwrap();
    let error = threshold::fit(
        &exported.int8,
        &fit_images,
        &others,
        &wanted(Score::MaxLogit),
        || {},
    )
    .unwrap_err();
    assert!(error.to_string().contains("calibration images"), "{error}");
}
