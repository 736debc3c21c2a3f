//! From a checkpoint to a model file: fold, observe, quantize, measure, write.

mod graph;
mod onnx;

use normgate::bundle::{
    Accuracy, Bundle, DataSet, Description, InputDescription, Loss as BundleLoss, Precision,
    SCHEMA_VERSION,
};
use normgate::dataset::ImageSet;
use normgate::eval::labels::aligned;
use normgate::eval::run::{accuracy, infer_all};
use normgate::model::{Inference, Model};
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::augment::{PIXEL_SCALE, PIXEL_ZERO};
use crate::checkpoint::State;
use crate::error::TrainError;
use crate::fold::{self, Folded};
use crate::loss::Loss;
use crate::optimizer::Weights;
use crate::ranges::{self, RangeMethod};
use crate::recipe::Recipe;

use graph::Frame;

/// The range methods that compete on the calibration images.
pub const RANGE_METHODS: [RangeMethod; 5] = [
    RangeMethod::MinMax,
    RangeMethod::Percentile { keep: 0.9999 },
    RangeMethod::Percentile { keep: 0.9995 },
    RangeMethod::Percentile { keep: 0.999 },
    RangeMethod::Mse,
];

const BATCH: i64 = 250;

/// What to export, and the images to measure it on.
#[derive(Debug)]
pub struct Request<'a> {
    /// The model's name.
    pub name: String,
    /// Its version, from 1.
    pub version: u32,
    /// The calibration images, as they were kept out of training.
    pub calibration: &'a ImageSet,
    /// Where those came from, in words.
    pub data_name: String,
    /// Labelled images that only measure, with a name.
    pub test: Option<(&'a ImageSet, String)>,
}

/// The two files that an export gives.
#[derive(Debug)]
pub struct Exported {
    /// int8.
    pub int8: Bundle,
    /// Its f32 twin.
    pub f32: Bundle,
    /// How the ranges were chosen.
    pub quantization: Quantization,
}

/// How the ranges were chosen; part of the file's recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quantization {
    /// The method with the least error.
    pub ranges: RangeMethod,
    /// Every method's error.
    pub candidates: Vec<Candidate>,
}

/// A range method as measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The method.
    pub ranges: RangeMethod,
    /// Squared distance of the int8 runtime's logits to f32's, over the calibration images, as a share of the
    /// squared f32 logits.
    pub logit_error: f64,
}

#[derive(Serialize)]
struct FullRecipe<'a> {
    training: &'a Recipe,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantization: Option<&'a Quantization>,
}

/// Exports the checkpoint (`state`, `named`); `progress` hears of each stage.
///
/// # Errors
/// Calibration images that are not the checkpoint's, a checkpoint that does not fit its recipe, or a runtime fault.
pub fn export(
    state: &State,
    named: &[(String, Tensor)],
    request: &Request<'_>,
    mut progress: impl FnMut(&str),
) -> Result<Exported, TrainError> {
    check_calibration(state, request.calibration)?;
    let network = state.recipe.network(state.classes.len());
    let mut weights = Weights::blank(&network, Device::Cpu, state.recipe.ema_decay > 0.0);
    weights.restore(named).map_err(TrainError::Data)?;
    let folded = fold::fold(&network, &weights.inference()).map_err(TrainError::Data)?;
    let frame = Frame {
        name: &request.name,
        width: state.image[0] as usize,
        height: state.image[1] as usize,
    };

    progress("observing the ranges");
    let calibration = tensor(request.calibration);
    let histograms = ranges::observe(&folded, &calibration).map_err(TrainError::Data)?;
    let reference = float_logits(&folded, &calibration)?;
    let mut candidates = vec![];
    for method in RANGE_METHODS {
        progress(&format!("measuring ranges by {method}"));
        let ranges: Vec<_> = histograms.iter().map(|h| h.range(method)).collect();
        let graph = graph::int8(&folded, &ranges, frame);
        let bundle = Bundle::new(graph, describe(state, request, Precision::Int8, None)?)?;
        let outputs = run(bundle.clone(), request.calibration)?;
        candidates.push((logit_error(&outputs, &reference), method, bundle));
    }
    let quantization = Quantization {
        candidates: candidates
            .iter()
            .map(|&(logit_error, ranges, _)| Candidate {
                ranges,
                logit_error,
            })
            .collect(),
        ranges: candidates
            .iter()
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map_or(RangeMethod::MinMax, |best| best.1),
    };
    let best = candidates
        .into_iter()
        .find(|(_, method, _)| *method == quantization.ranges)
        .map(|(_, _, bundle)| bundle.model().clone())
        .ok_or_else(|| TrainError::Data("no range method was measured".into()))?;

    let mut int8 = describe(state, request, Precision::Int8, Some(&quantization))?;
    let mut f32 = describe(state, request, Precision::F32, None)?;
    let float_graph = graph::float(&folded, frame);
    if let Some((test, name)) = &request.test {
        progress("measuring the accuracy");
        let labels = &aligned(test, &state.classes)?;
        let measured = Accuracy {
            test: Some(fingerprint(test, name)),
            f32: accuracy(
                &run(Bundle::new(float_graph.clone(), f32.clone())?, test)?,
                labels,
            ),
            int8: accuracy(
                &run(Bundle::new(best.clone(), int8.clone())?, test)?,
                labels,
            ),
        };
        int8.accuracy = measured.clone();
        f32.accuracy = measured;
    }
    Ok(Exported {
        int8: Bundle::new(best, int8)?,
        f32: Bundle::new(float_graph, f32)?,
        quantization,
    })
}

/// Checks that `calibration` are the images that `state` kept out of training.
///
/// # Errors
/// [`TrainError::Data`] where they are not.
pub fn check_calibration(state: &State, calibration: &ImageSet) -> Result<(), TrainError> {
    let hash = calibration.sha256();
    if hash == state.calibration_sha256 {
        return Ok(());
    }
    Err(TrainError::Data(format!(
        "the calibration images hash to {hash}, expected {} as kept out of training; other images, or another --limit or --shuffle, than there",
        state.calibration_sha256
    )))
}

fn describe(
    state: &State,
    request: &Request<'_>,
    precision: Precision,
    quantization: Option<&Quantization>,
) -> Result<Description, TrainError> {
    let recipe = FullRecipe {
        training: &state.recipe,
        quantization,
    };
    let network = state.recipe.network(state.classes.len());
    Ok(Description {
        schema: SCHEMA_VERSION,
        name: request.name.clone(),
        version: request.version,
        producer: concat!("normgate-train ", env!("CARGO_PKG_VERSION")).to_owned(),
        precision,
        labels: state.classes.clone(),
        input: InputDescription {
            width: state.image[0],
            height: state.image[1],
            fit: normgate_core::Fit::CenterCrop.name().to_owned(),
            mean: PIXEL_ZERO as f32,
            std: PIXEL_SCALE as f32,
        },
        features: network.features as usize,
        loss: match state.recipe.loss {
            // The file has no word for the other two's scales: confidence is the plain softmax.
            Loss::CrossEntropy | Loss::ElogitNorm | Loss::T2fNorm { .. } => {
                BundleLoss::CrossEntropy {}
            }
            Loss::LogitNorm { tau } => BundleLoss::LogitNorm { tau: tau as f32 },
        },
        gate: None,
        references: None,
        calibration: DataSet {
            name: format!("{}, last {}", request.data_name, state.calibration_images),
            images: state.calibration_images,
            sha256: state.calibration_sha256.clone(),
        },
        calibration_scores: Default::default(),
        fit: DataSet {
            name: format!("{}, first {}", request.data_name, state.fit_images),
            images: state.fit_images,
            sha256: state.fit_sha256.clone(),
        },
        recipe: serde_json::to_value(&recipe).map_err(|e| TrainError::Data(e.to_string()))?,
        accuracy: Accuracy {
            test: None,
            f32: None,
            int8: None,
        },
        graph_sha256: String::new(),
    })
}

fn fingerprint(set: &ImageSet, name: &str) -> DataSet {
    DataSet {
        name: name.to_owned(),
        images: set.len(),
        sha256: set.sha256(),
    }
}

fn run(bundle: Bundle, images: &ImageSet) -> Result<Vec<Inference>, TrainError> {
    let model = Model::new(bundle)?;
    Ok(infer_all(&model, images, || {})?)
}

/// f32 `[N, 3, H, W]`, as the network takes it.
pub fn tensor(set: &ImageSet) -> Tensor {
    let shape = [
        set.len() as i64,
        i64::from(set.height()),
        i64::from(set.width()),
        3,
    ];
    let pixels = Tensor::from_slice(set.images()).view(shape);
    ((pixels.to_kind(Kind::Float) - PIXEL_ZERO) / PIXEL_SCALE)
        .permute([0, 3, 1, 2])
        .contiguous()
}

fn float_logits(folded: &Folded, images: &Tensor) -> Result<Vec<Vec<f32>>, TrainError> {
    let n = images.size()[0];
    let mut all = vec![];
    for at in (0..n).step_by(BATCH as usize) {
        let logits = folded.run(&images.narrow(0, at, BATCH.min(n - at))).logits;
        all.extend(Vec::<Vec<f32>>::try_from(&logits)?);
    }
    Ok(all)
}

fn logit_error(outputs: &[Inference], reference: &[Vec<f32>]) -> f64 {
    let (mut error, mut power) = (0f64, 0f64);
    for (output, reference) in outputs.iter().zip(reference) {
        for (z, r) in output.logits.iter().zip(reference) {
            error += f64::from(z - r).powi(2);
            power += f64::from(*r).powi(2);
        }
    }
    error / power.max(f64::MIN_POSITIVE)
}
