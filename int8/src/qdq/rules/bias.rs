//! Biases: codes of 32 bits, in steps of input scale times weight scale.

use tract_onnx::pb::tensor_proto::DataType;

use super::weights::Weights;
use super::{Input, Site};
use crate::qdq::params;
use crate::qdq::report::Reason;
use crate::qdq::tensor;

/// Exporters multiply the two scales in f32 or in f64.
const TOLERANCE: f32 = 1e-6;

/// The third input, if there is one. A row of a matrix counts as a vector with `row`.
pub(super) fn bias(
    site: &Site<'_>,
    x_scale: f32,
    weights: &Weights,
    row: bool,
) -> Result<Input, Reason> {
    let Some(name) = site.node.input.get(2).filter(|name| !name.is_empty()) else {
        return Ok(Input::Absent);
    };
    let channels = weights.channels;
    let refused = Reason::Bias { channels };
    let fits = |dims: &[i64]| match dims {
        [n] => usize::try_from(*n) == Ok(channels),
        [1, n] => row && usize::try_from(*n) == Ok(channels),
        _ => false,
    };
    let steps: Vec<f32> = weights.scales.iter().map(|w| x_scale * w).collect();
    let step = |channel: usize| steps[if steps.len() == 1 { 0 } else { channel }];
    if let Some(constant) = site.graph.constant(name) {
        let floats = tensor::floats(&constant).filter(|_| fits(&constant.dims));
        let codes = quantize(&floats.ok_or(refused)?, step)?;
        return Ok(vector(&codes));
    }
    let bias = params::dequantized(site.graph, name, 2)?;
    let constant = site
        .graph
        .constant(&bias.codes)
        .filter(|constant| fits(&constant.dims));
    let (Some(constant), DataType::Int32) = (constant, bias.params.of) else {
        return Err(refused);
    };
    let params = &bias.params;
    let one = params.scales.len() == 1;
    let along = params.axis_in(constant.dims.len()) == Some(constant.dims.len() - 1);
    let near = |channel: usize| {
        let found = params.scales[if one { 0 } else { channel }];
        (found - step(channel)).abs() <= TOLERANCE * step(channel)
    };
    if !(one || along && params.scales.len() == channels)
        || params.zero_points.iter().any(|zero| *zero != 0)
        || !(0..channels).all(near)
    {
        return Err(Reason::BiasScale);
    }
    if constant.dims.len() == 1 {
        return Ok(Input::Name(bias.codes));
    }
    Ok(vector(&tensor::int32s(&constant).ok_or(refused)?))
}

fn vector(codes: &[i32]) -> Input {
    let dims = vec![codes.len() as i64];
    Input::New(Box::new(tensor::of_int32s(dims, codes)))
}

/// As onnxruntime does it: divided, rounded to even, cast.
fn quantize(bias: &[f32], step: impl Fn(usize) -> f32) -> Result<Vec<i32>, Reason> {
    let codes = bias.iter().enumerate().map(|(channel, bias)| {
        let steps = (bias / step(channel)).round_ties_even();
        // The bounds are exact in f32.
        let fits = steps >= i32::MIN as f32 && steps < -(i32::MIN as f32);
        fits.then_some(steps as i32).ok_or(Reason::BiasRange)
    });
    codes.collect()
}
