//! Weights: constant, symmetric, with one scale or one for each output channel.

use super::{Input, Site, triple};
use crate::qdq::code::Code;
use crate::qdq::params;
use crate::qdq::report::Reason;

pub(super) struct Weights {
    /// Codes, scale, zero point.
    pub(super) inputs: Vec<Input>,
    /// One, or one for each output channel.
    pub(super) scales: Vec<f32>,
    /// Output channels.
    pub(super) channels: usize,
}

impl Weights {
    /// Whether the sums can be brought to codes.
    pub(super) fn fit(&self, site: &Site<'_>, x_scale: f32) -> Result<(), Reason> {
        let mut steps = self.scales.iter().map(|scale| x_scale * scale);
        steps.try_for_each(|step| site.multiplier(step, 0.0))
    }
}

/// The second input, of the rank that goes with `expected`, its output channels along `axis`.
pub(super) fn weights(
    site: &Site<'_>,
    rank: usize,
    axis: usize,
    expected: &'static str,
) -> Result<Weights, Reason> {
    let name = site.node.input.get(1).map_or("", String::as_str);
    let w = params::dequantized(site.graph, name, 1)?;
    let dims = match site.graph.constant(&w.codes) {
        Some(constant) => constant.dims.clone(),
        None => return Err(Reason::WeightsNotConstant),
    };
    let channels = dims.get(axis).and_then(|dim| usize::try_from(*dim).ok());
    let (Some(channels), true) = (channels, dims.len() == rank) else {
        return Err(Reason::WeightsShape {
            found: dims,
            expected,
        });
    };
    // onnxruntime takes unsigned weights with unsigned activations alone.
    let code = match w.params.code() {
        Some(Code::S8) => Code::S8,
        Some(Code::U8) if site.to.code == Code::U8 => Code::U8,
        _ => return Err(Reason::CodeTypes { of: w.codes }),
    };
    let middle = code.range().0 + 128;
    if let Some(found) = w.params.zero_points.iter().find(|zero| **zero != middle) {
        return Err(Reason::WeightsNotSymmetric {
            found: *found,
            expected: middle,
        });
    }
    let scales = w.params.scales.len();
    if scales != 1 && (scales != channels || w.params.axis_in(rank) != Some(axis)) {
        return Err(Reason::Axis {
            of: w.codes,
            scales,
            axis: w.params.axis,
            channels,
            expected: axis as i64,
        });
    }
    Ok(Weights {
        inputs: triple(&w),
        scales: w.params.scales,
        channels,
    })
}
