//! Nodes that work on constants: quantized weights, and the biases that PyTorch quantizes in the
//! graph.

use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{NodeProto, TensorProto};

use super::code::Code;
use super::graph::Graph;
use super::params::{self, integer, is_either};
use super::report::Report;
use super::tensor;

/// Longest vector that is computed where only its length is in the file.
const MAX_FILLED: i64 = 1 << 16;

/// Puts initializers in the place of such nodes.
pub(super) fn fold(graph: &mut Graph, report: &mut Report) {
    for id in graph.ordered() {
        let Some(node) = graph.node(id) else { continue };
        let [output] = &node.output[..] else { continue };
        if output.is_empty() || graph.is_pinned(output) {
            continue;
        }
        let output = output.clone();
        let Some(folded) = evaluate(graph, node) else {
            continue;
        };
        if !graph.affords(folded.raw_data.len()) {
            continue;
        }
        if is_either(node, params::QUANTIZE) {
            report.count(params::QUANTIZE);
        }
        graph.remove(id);
        graph.add_initializer(output, folded);
    }
}

fn evaluate(graph: &Graph, node: &NodeProto) -> Option<TensorProto> {
    if is_either(node, params::QUANTIZE) {
        return quantize(graph, node);
    }
    let constant = |at: usize| graph.constant(node.input.get(at)?);
    match node.op_type.as_str() {
        _ if !matches!(node.domain.as_str(), "" | "ai.onnx") => None,
        "Clip" => clip(graph, node),
        "Transpose" => transpose(&*constant(0)?, node),
        "Mul" => elementwise(&*constant(0)?, &*constant(1)?, |a, b| a * b),
        "Div" => elementwise(&*constant(0)?, &*constant(1)?, |a, b| a / b),
        "Round" => {
            let x = constant(0)?;
            let rounded: Vec<f32> = vector(&x)?.into_iter().map(f32::round_ties_even).collect();
            Some(tensor::of_floats(x.dims.clone(), &rounded))
        }
        "Cast" => cast(&*constant(0)?, node),
        "Shape" if node.attribute.is_empty() => {
            let dims = &constant(0)?.dims;
            Some(tensor::of_int64s(
                vec![i64::try_from(dims.len()).ok()?],
                dims,
            ))
        }
        "ConstantOfShape" => filled(&*constant(0)?, node),
        _ => None,
    }
}

/// ONNX's QuantizeLinear of a constant, with a scale for all of it or for each slice of an axis.
fn quantize(graph: &Graph, node: &NodeProto) -> Option<TensorProto> {
    let x = graph.constant(node.input.first()?)?;
    let (id, _) = graph.producer(node.output.first()?)?;
    let params = params::quantized(graph, id).ok()?.params;
    if !graph.affords(tensor::count(&x.dims)?) {
        return None;
    }
    let values = tensor::floats(&x)?;
    let axis = params.axis_in(x.dims.len());
    let inner = match (params.scales.len(), axis) {
        (1, _) => values.len().max(1),
        (scales, Some(axis)) if usize::try_from(x.dims[axis]) == Ok(scales) => {
            tensor::count(&x.dims[axis + 1..])?.max(1)
        }
        _ => return None,
    };
    if values.iter().any(|value| value.is_nan()) {
        return None;
    }
    let slices = values.chunks(inner).zip((0..params.scales.len()).cycle());
    let mut codes = Vec::with_capacity(values.len());
    for (slice, at) in slices {
        let affine = params.at(at)?;
        codes.extend(slice.iter().map(|value| affine.quantize(*value)));
    }
    Some(tensor::of_codes(params.code()?, x.dims.clone(), &codes))
}

/// PyTorch's 7-bit weights.
fn clip(graph: &Graph, node: &NodeProto) -> Option<TensorProto> {
    let x = graph.constant(node.input.first()?)?;
    if !graph.affords(tensor::count(&x.dims)?) {
        return None;
    }
    let (code, codes) = tensor::codes(&x)?;
    let bound = |at: usize, absent: i32| match node.input.get(at).filter(|n| !n.is_empty()) {
        None => Some(absent),
        Some(name) => match tensor::codes(&*graph.constant(name)?)? {
            (found, bound) if found == code && bound.len() == 1 => Some(bound[0]),
            _ => None,
        },
    };
    let (least, greatest) = code.range();
    let (least, greatest) = (bound(1, least)?, bound(2, greatest)?);
    let clipped: Vec<i32> = codes
        .iter()
        .map(|q| (*q).max(least).min(greatest))
        .collect();
    Some(tensor::of_codes(code, x.dims.clone(), &clipped))
}

/// The matrix of a linear layer, which PyTorch transposes in the graph.
fn transpose(x: &TensorProto, node: &NodeProto) -> Option<TensorProto> {
    let ([rows, columns], true) = (&x.dims[..], swaps(node)) else {
        return None;
    };
    let (code, codes) = tensor::codes(x)?;
    let width = usize::try_from(*columns).ok()?;
    let column = |at: usize| codes.iter().skip(at).step_by(width).copied();
    let transposed: Vec<i32> = (0..width).flat_map(column).collect();
    Some(tensor::of_codes(code, vec![*columns, *rows], &transposed))
}

/// Whether the Transpose swaps the two axes of a matrix.
pub(super) fn swaps(node: &NodeProto) -> bool {
    match &node.attribute[..] {
        [] => true,
        [perm] => perm.name == "perm" && perm.ints == [1, 0],
        _ => false,
    }
}

/// To the types of scales, zero points and biases. Numbers that do not fit are left.
fn cast(x: &TensorProto, node: &NodeProto) -> Option<TensorProto> {
    if x.dims.len() > 1 || tensor::count(&x.dims)? > MAX_FILLED as usize {
        return None;
    }
    let numbers = tensor::numbers(x)?;
    let dims = x.dims.clone();
    let integers = |least: i32, greatest: i32| -> Option<Vec<i32>> {
        let fits = |v: &f64| (f64::from(least)..=f64::from(greatest)).contains(v);
        let numbers = numbers.iter().map(|v| v.trunc());
        numbers.map(|v| fits(&v).then_some(v as i32)).collect()
    };
    match DataType::try_from(i32::try_from(integer(node, "to")?).ok()?).ok()? {
        DataType::Float => {
            let floats: Vec<f32> = numbers.iter().map(|v| *v as f32).collect();
            Some(tensor::of_floats(dims, &floats))
        }
        DataType::Int32 => Some(tensor::of_int32s(dims, &integers(i32::MIN, i32::MAX)?)),
        of => {
            let code = Code::of(of)?;
            let (least, greatest) = code.range();
            Some(tensor::of_codes(code, dims, &integers(least, greatest)?))
        }
    }
}

/// Two vectors of one shape, or one and a scalar.
fn elementwise(a: &TensorProto, b: &TensorProto, op: fn(f32, f32) -> f32) -> Option<TensorProto> {
    let (x, y) = (vector(a)?, vector(b)?);
    let dims = if a.dims == b.dims || (y.len() == 1 && a.dims.len() >= b.dims.len()) {
        &a.dims
    } else if x.len() == 1 && b.dims.len() >= a.dims.len() {
        &b.dims
    } else {
        return None;
    };
    let length = x.len().max(y.len());
    let at = |values: &[f32], i: usize| values[if values.len() == 1 { 0 } else { i }];
    let result: Vec<f32> = (0..length).map(|i| op(at(&x, i), at(&y, i))).collect();
    Some(tensor::of_floats(dims.clone(), &result))
}

/// The elements of a float vector or scalar of some length.
fn vector(x: &TensorProto) -> Option<Vec<f32>> {
    if x.dims.len() > 1 || tensor::count(&x.dims)? > MAX_FILLED as usize {
        return None;
    }
    tensor::floats(x).filter(|values| !values.is_empty())
}

/// ConstantOfShape for a scalar or vector of s32.
fn filled(shape: &TensorProto, node: &NodeProto) -> Option<TensorProto> {
    let dims = if shape.dims == [0] {
        vec![]
    } else {
        tensor::int64s(shape)?
    };
    let length = match dims[..] {
        [] => 1,
        [length] if (0..=MAX_FILLED).contains(&length) => length as usize,
        _ => return None,
    };
    let [value] = &node.attribute[..] else {
        return None;
    };
    let value = value
        .t
        .as_ref()
        .filter(|t| t.dims == [1] || t.dims.is_empty())?;
    let value = *tensor::int32s(value)?.first()?;
    Some(tensor::of_int32s(dims, &vec![value; length]))
}
