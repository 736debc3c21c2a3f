//! Operators without weights.

use tract_onnx::pb::AttributeProto;
use tract_onnx::pb::attribute_proto::AttributeType;

use super::{Input, Lowered, Site, triple};
use crate::qdq::params::{MICROSOFT, Params};
use crate::qdq::report::Reason;

pub(super) fn unary(
    site: &Site<'_>,
    op: &'static str,
    attributes: &[&str],
) -> Result<Lowered, Reason> {
    site.arity(1..=1)?;
    let mut inputs = triple(&site.activation(0)?);
    inputs.extend(site.output_params());
    Ok(Lowered {
        op,
        domain: MICROSOFT,
        inputs,
        attributes: site.attributes(attributes)?,
    })
}

/// A Relu from one scale to another: a leaky one that lets nothing through.
pub(super) fn relu(site: &Site<'_>) -> Result<Lowered, Reason> {
    site.arity(1..=1)?;
    site.attributes(&[])?;
    Ok(leaky(
        triple(&site.activation(0)?),
        &site.output.params,
        0.0,
    ))
}

/// QLinearLeakyRelu, with a slope below zero of `alpha`: from codes, scale and zero point to `to`.
pub(in crate::qdq) fn leaky(mut inputs: Vec<Input>, to: &Params, alpha: f32) -> Lowered {
    inputs.extend([Input::scale(to), Input::zero_point(to)]);
    let alpha = AttributeProto {
        name: "alpha".into(),
        r#type: AttributeType::Float as i32,
        f: alpha,
        ..Default::default()
    };
    Lowered {
        op: "QLinearLeakyRelu",
        domain: MICROSOFT,
        inputs,
        attributes: vec![alpha],
    }
}

/// The number of pixels, which divides the multiplier, is not known here and less than 2^24.
const LEAST_OF_A_POOL: f32 = 1.0 / 256.0;

pub(super) fn global_average_pool(site: &Site<'_>) -> Result<Lowered, Reason> {
    let lowered = unary(site, "QLinearGlobalAveragePool", &[])?;
    let x = site.activation(0)?;
    site.multiplier(x.params.scales[0], LEAST_OF_A_POOL)?;
    Ok(lowered)
}

pub(super) fn average_pool(site: &Site<'_>) -> Result<Lowered, Reason> {
    let known = [
        "auto_pad",
        "ceil_mode",
        "count_include_pad",
        "dilations",
        "kernel_shape",
        "pads",
        "strides",
    ];
    let mut lowered = unary(site, "QLinearAveragePool", &known)?;
    let refused = |name: &str| Reason::Attribute { name: name.into() };
    let attributes = &mut lowered.attributes;
    let kernel = attributes.iter().find(|a| a.name == "kernel_shape");
    if kernel.is_none_or(|kernel| kernel.ints.len() != 2) {
        return Err(refused("kernel_shape"));
    }
    let dilated = |a: &AttributeProto| a.name == "dilations" && a.ints.iter().any(|d| *d != 1);
    if attributes.iter().any(dilated) {
        return Err(refused("dilations"));
    }
    attributes.retain(|a| a.name != "dilations");
    let x = site.activation(0)?;
    site.multiplier(x.params.scales[0], LEAST_OF_A_POOL)?;
    Ok(lowered)
}

pub(super) fn binary(site: &Site<'_>, op: &'static str) -> Result<Lowered, Reason> {
    site.arity(2..=2)?;
    let operands = [site.activation(0)?, site.activation(1)?];
    let scales = operands.each_ref().map(|x| x.params.scales[0]);
    if op == "QLinearMul" {
        site.multiplier(scales[0] * scales[1], 0.0)?;
    } else {
        site.multiplier(scales[0].max(scales[1]), 0.0)?;
    }
    let mut inputs = operands.each_ref().map(triple).concat();
    inputs.extend(site.output_params());
    Ok(Lowered {
        op,
        domain: MICROSOFT,
        inputs,
        attributes: site.attributes(&[])?,
    })
}

pub(super) fn concat(site: &Site<'_>) -> Result<Lowered, Reason> {
    site.arity(1..=usize::MAX)?;
    let mut inputs = site.output_params().to_vec();
    for at in 0..site.node.input.len() {
        inputs.extend(triple(&site.activation(at)?));
    }
    Ok(Lowered {
        op: "QLinearConcat",
        domain: MICROSOFT,
        inputs,
        attributes: site.attributes(&["axis"])?,
    })
}
