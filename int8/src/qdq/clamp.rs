//! Relu and Clip in front of a QuantizeLinear. Rounding keeps the order of numbers, so that
//! clamping before it is clamping codes after it; and most often no code is outside.
//!
//! A Relu of codes is a QLinearLeakyRelu without a slope, whose scales are equal.

use tract_onnx::pb::NodeProto;

use super::code::Affine;
use super::graph::{Graph, Id, is};
use super::params::{self, Quantized};
use super::rules::{self, Input};
use super::tensor;

/// Moves the Relu or Clip with this id behind the QuantizeLinear that alone reads it. Gives the
/// QuantizeLinear's new id.
pub(super) fn behind(graph: &mut Graph, id: Id, quantized: &Quantized) -> Option<Id> {
    let affine = quantized.params.affine()?;
    let clamp = graph.node(id)?;
    let (low, high) = bounds(graph, clamp)?;
    if is(clamp, "Relu") && is_lookup(graph, clamp, affine) {
        return None;
    }
    let codes = affine.code.range();
    let clamped = (affine.quantize(low), affine.quantize(high));
    let (clamp, mut quantize) = (graph.remove(id)?, graph.remove(quantized.id)?);
    quantize.input[0].clone_from(&clamp.input[0]);
    if clamped == codes {
        return Some(graph.add(quantized.id, quantize));
    }
    let of = affine.code.data_type();
    let unclamped = graph.fresh(&quantized.codes, of);
    quantize.output[0].clone_from(&unclamped);
    let codes_out = quantized.codes.clone();
    let quantizer = graph.add(quantized.id, quantize);
    if clamped == (affine.zero_point, codes.1) {
        let params = &quantized.params;
        let zero_point = Input::zero_point(params);
        let inputs = vec![Input::Name(unclamped), Input::scale(params), zero_point];
        let relu = rules::leaky(inputs, params, 0.0);
        relu.add(graph, quantized.id, clamp.name, codes_out);
        return Some(quantizer);
    }
    let mut bound = |value: i32, free: i32| {
        if value == free {
            return String::new();
        }
        let name = graph.fresh("bound", of);
        let tensor = tensor::of_codes(affine.code, vec![], &[value]);
        graph.add_initializer(name.clone(), tensor);
        name
    };
    let (low, high) = (bound(clamped.0, codes.0), bound(clamped.1, codes.1));
    let mut input = vec![unclamped, low, high];
    if input[2].is_empty() {
        input.pop();
    }
    let clip = NodeProto {
        op_type: "Clip".into(),
        name: clamp.name,
        input,
        output: vec![codes_out],
        ..Default::default()
    };
    graph.add(quantized.id, clip);
    Some(quantizer)
}

/// A Relu from one scale to another is one look into a table: its own rule makes it.
fn is_lookup(graph: &Graph, relu: &NodeProto, to: Affine) -> bool {
    let (least, _) = to.code.range();
    params::dequantized(graph, &relu.input[0], 0)
        .ok()
        .and_then(|from| from.params.affine())
        .is_some_and(|from| from.code == to.code && from != to && to.zero_point != least)
}

/// The range that a Relu or Clip leaves, if it is known.
fn bounds(graph: &Graph, node: &NodeProto) -> Option<(f32, f32)> {
    let inputs = node.input.len();
    if node.output.len() != 1 || !node.attribute.is_empty() || node.input.first()?.is_empty() {
        return None;
    }
    if is(node, "Relu") {
        return (inputs == 1).then_some((0.0, f32::INFINITY));
    }
    if !is(node, "Clip") || inputs > 3 {
        return None;
    }
    let bound = |at: usize, absent: f32| match node.input.get(at).filter(|n| !n.is_empty()) {
        None => Some(absent),
        Some(name) => {
            let constant = graph.constant(name)?;
            if tensor::count(&constant.dims)? != 1 {
                return None;
            }
            let value = tensor::floats(&constant)?[0];
            (!value.is_nan()).then_some(value)
        }
    };
    Some((bound(1, f32::NEG_INFINITY)?, bound(2, f32::INFINITY)?))
}
