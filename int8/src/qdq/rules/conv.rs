//! Conv, which becomes QLinearConv.

use super::bias::bias;
use super::weights::weights;
use super::{Input, Lowered, Site, triple};
use crate::qdq::report::Reason;

pub(super) fn conv(site: &Site<'_>) -> Result<Lowered, Reason> {
    site.arity(2..=3)?;
    let x = site.activation(0)?;
    let weights = weights(site, 4, 0, "[M, C / group, kH, kW]")?;
    weights.fit(site, x.params.scales[0])?;
    let bias = bias(site, x.params.scales[0], &weights, false)?;
    let mut inputs = triple(&x);
    inputs.extend(weights.inputs);
    inputs.extend(site.output_params());
    if !matches!(bias, Input::Absent) {
        inputs.push(bias);
    }
    let known = [
        "auto_pad",
        "dilations",
        "group",
        "kernel_shape",
        "pads",
        "strides",
    ];
    Ok(Lowered {
        op: "QLinearConv",
        domain: "",
        inputs,
        attributes: site.attributes(&known)?,
    })
}
