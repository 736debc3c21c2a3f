//! Gemm, which becomes com.microsoft QGemm, and MatMul, which becomes QLinearMatMul.

use tract_onnx::pb::attribute_proto::AttributeType;

use super::bias::bias;
use super::weights::weights;
use super::{Input, Lowered, Site, triple};
use crate::qdq::params::{MICROSOFT, integer};
use crate::qdq::report::Reason;

pub(super) fn gemm(site: &Site<'_>) -> Result<Lowered, Reason> {
    site.arity(2..=3)?;
    let mut attributes = site.attributes(&["alpha", "beta", "transA", "transB"])?;
    let is_one = |name| {
        let found = attributes.iter().find(|a| a.name == name);
        found.is_none_or(|a| a.r#type() == AttributeType::Float && a.f == 1.0)
    };
    let number = |name| match attributes.iter().any(|a| a.name == name) {
        true => integer(site.node, name),
        false => Some(0),
    };
    let refused = |name: &str| Err(Reason::Attribute { name: name.into() });
    for name in ["alpha", "beta"] {
        if !is_one(name) {
            return refused(name);
        }
    }
    if number("transA") != Some(0) {
        return refused("transA");
    }
    let (axis, shape) = match number("transB") {
        Some(0) => (1, "[K, N]"),
        Some(_) => (0, "[N, K]"),
        None => return refused("transB"),
    };
    let x = site.activation(0)?;
    let weights = weights(site, 2, axis, shape)?;
    weights.fit(site, x.params.scales[0])?;
    let mut inputs = triple(&x);
    let bias = bias(site, x.params.scales[0], &weights, true)?;
    inputs.extend(weights.inputs);
    inputs.push(bias);
    inputs.extend(site.output_params());
    // QGemm has no beta: its bias has been multiplied.
    attributes.retain(|attribute| attribute.name != "beta");
    Ok(Lowered {
        op: "QGemm",
        domain: MICROSOFT,
        inputs,
        attributes,
    })
}

pub(super) fn matmul(site: &Site<'_>) -> Result<Lowered, Reason> {
    site.arity(2..=2)?;
    let x = site.activation(0)?;
    let weights = weights(site, 2, 1, "[K, N]")?;
    weights.fit(site, x.params.scales[0])?;
    let mut inputs: Vec<Input> = triple(&x);
    inputs.extend(weights.inputs);
    inputs.extend(site.output_params());
    Ok(Lowered {
        op: "QLinearMatMul",
        domain: "",
        inputs,
        attributes: site.attributes(&[])?,
    })
}
