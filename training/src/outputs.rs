//! Features and logits of a run's network in f32, before it is quantized: what scores can be compared on early.

use normgate::dataset::ImageSet;
use tch::{Device, Kind, Tensor, no_grad};

use crate::error::TrainError;
use crate::export::tensor;
use crate::optimizer::{Weights, Which};
use crate::start::Start;

const BATCH: usize = 250;

/// Features `[N, C]` and logits `[N, K]` of `images` by the weights of `start`, f32.
///
/// # Errors
/// [`TrainError::Data`] for images of another size than the run's, or weights that do not fit its network.
pub fn outputs(start: &Start, images: &ImageSet) -> Result<(Tensor, Tensor), TrainError> {
    let [width, height] = start.state.image;
    if [images.width(), images.height()] != [width, height] {
        return Err(TrainError::Data(format!(
            "images of {}x{} pixels, expected {width}x{height}",
            images.width(),
            images.height()
        )));
    }
    let classes = start.state.classes.len() as i64;
    let network = start.state.recipe.arch.network(classes);
    let mut weights = Weights::blank(&network, Device::Cpu, false);
    weights
        .start_from(&start.weights)
        .map_err(TrainError::Data)?;
    let parameters = weights.views(Which::Live, Kind::Float);
    let statistics = weights.statistics(Which::Live);
    let (mut features, mut logits) = (vec![], vec![]);
    for from in (0..images.len()).step_by(BATCH) {
        let part = images.slice(from..(from + BATCH).min(images.len()))?;
        let forward =
            no_grad(|| network.forward(&tensor(&part), &parameters, &statistics, false, 0.0));
        features.push(forward.features);
        logits.push(forward.logits);
    }
    Ok((Tensor::cat(&features, 0), Tensor::cat(&logits, 0)))
}
