//! The operators that this project's graphs are made of: arity, attributes, types and shapes of each.

use normgate_int8::tract::pb::{
    AttributeProto, NodeProto, attribute_proto::AttributeType, tensor_proto::DataType,
};

use super::graph::Value;

const MAX_ELEMENTS: usize = 1 << 26;
const MAX_KERNEL: i64 = 64;

const F32: i32 = DataType::Float as i32;
const U8: i32 = DataType::Uint8 as i32;
const I8: i32 = DataType::Int8 as i32;
const I32: i32 = DataType::Int32 as i32;

type Inferred<'a> = Result<Value<'a>, String>;

/// The value that `node` computes from `inputs`, or why the node is refused.
pub(super) fn infer<'a>(node: &NodeProto, inputs: &[&Value<'a>]) -> Inferred<'a> {
    let microsoft = node.domain == "com.microsoft";
    let known = match node.op_type.as_str() {
        "QLinearAdd" => microsoft,
        _ => node.domain.is_empty() || node.domain == "ai.onnx",
    };
    match node.op_type.as_str() {
        "Transpose" if known => transpose(node, inputs),
        "Cast" if known => cast(node, inputs),
        "Sub" | "Mul" if known => with_scalar(node, inputs),
        "Relu" if known => same(node, inputs),
        "Conv" if known => conv(node, inputs),
        "QLinearConv" if known => qlinear_conv(node, inputs),
        "Add" if known => add(node, inputs),
        "QLinearAdd" if known => qlinear_add(node, inputs),
        "DequantizeLinear" if known => dequantize(node, inputs),
        "GlobalAveragePool" if known => pool(node, inputs),
        "Flatten" if known => flatten(node, inputs),
        "Gemm" if known => gemm(node, inputs),
        op => Err(format!(
            "operator {op:?} of domain {:?} is not one that this runtime runs",
            node.domain
        )),
    }
}

fn value<'a>(data_type: i32, shape: Vec<usize>) -> Inferred<'a> {
    let elements = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
    match elements {
        Some(n) if (1..=MAX_ELEMENTS).contains(&n) => Ok(Value {
            data_type,
            shape,
            constant: None,
        }),
        _ => Err(format!(
            "gives shape {shape:?}, expected 1 to {MAX_ELEMENTS} elements"
        )),
    }
}

fn arity<'v, 'a, const N: usize>(inputs: &[&'v Value<'a>]) -> Result<[&'v Value<'a>; N], String> {
    <[&Value<'a>; N]>::try_from(inputs)
        .map_err(|_| format!("{} inputs, expected {N}", inputs.len()))
}

fn expect_type(what: &str, value: &Value<'_>, types: &[i32]) -> Result<(), String> {
    if types.contains(&value.data_type) {
        Ok(())
    } else {
        Err(format!(
            "{what} has type {}, expected one of {types:?}",
            value.data_type
        ))
    }
}

/// A constant of one element, or of `channels` where more than one is given.
fn expect_parameter(
    what: &str,
    value: &Value<'_>,
    types: &[i32],
    lengths: &[usize],
) -> Result<(), String> {
    expect_type(what, value, types)?;
    let n: usize = value.shape.iter().product();
    if value.constant.is_none() || value.shape.len() > 1 || !lengths.contains(&n) {
        return Err(format!(
            "{what} has shape {:?}, expected a constant of {lengths:?} elements",
            value.shape
        ));
    }
    Ok(())
}

fn attribute<'n>(
    node: &'n NodeProto,
    name: &str,
    kind: AttributeType,
) -> Result<Option<&'n AttributeProto>, String> {
    let mut found = node.attribute.iter().filter(|a| a.name == name);
    match (found.next(), found.next()) {
        (Some(_), Some(_)) => Err(format!("attribute {name} is there twice")),
        (Some(a), None) if a.r#type != kind as i32 => Err(format!(
            "attribute {name} has type {}, expected {kind:?}",
            a.r#type
        )),
        (found, _) => Ok(found),
    }
}

fn only(node: &NodeProto, names: &[&str]) -> Result<(), String> {
    match node
        .attribute
        .iter()
        .find(|a| !names.contains(&a.name.as_str()))
    {
        None => Ok(()),
        Some(a) => Err(format!(
            "attribute {:?} is not known, expected one of {names:?}",
            a.name
        )),
    }
}

fn integer(node: &NodeProto, name: &str, default: i64) -> Result<i64, String> {
    Ok(attribute(node, name, AttributeType::Int)?.map_or(default, |a| a.i))
}

/// `count` integers, each in `range`.
fn integers(
    node: &NodeProto,
    name: &str,
    default: &[i64],
    range: std::ops::RangeInclusive<i64>,
) -> Result<Vec<usize>, String> {
    let given = match attribute(node, name, AttributeType::Ints)? {
        Some(a) => a.ints.as_slice(),
        None => default,
    };
    if given.len() != default.len() || given.iter().any(|v| !range.contains(v)) {
        return Err(format!(
            "attribute {name} is {given:?}, expected {} integers in {range:?}",
            default.len()
        ));
    }
    Ok(given.iter().map(|&v| v as usize).collect())
}

fn transpose<'a>(node: &NodeProto, inputs: &[&Value<'a>]) -> Inferred<'a> {
    only(node, &["perm"])?;
    let [x] = arity(inputs)?;
    let perm = integers(node, "perm", &[0; 4], 0..=3)?;
    let mut seen = perm.clone();
    seen.sort_unstable();
    if seen != [0, 1, 2, 3] || x.shape.len() != 4 {
        return Err(format!(
            "permutation {perm:?} of shape {:?}, expected one of four axes",
            x.shape
        ));
    }
    value(x.data_type, perm.iter().map(|&p| x.shape[p]).collect())
}

fn cast<'a>(node: &NodeProto, inputs: &[&Value<'a>]) -> Inferred<'a> {
    only(node, &["to"])?;
    let [x] = arity(inputs)?;
    expect_type("input", x, &[U8])?;
    let to = integer(node, "to", 0)?;
    if to != i64::from(F32) {
        return Err(format!("casts to type {to}, expected {F32}, float"));
    }
    value(F32, x.shape.clone())
}

fn with_scalar<'a>(node: &NodeProto, inputs: &[&Value<'a>]) -> Inferred<'a> {
    only(node, &[])?;
    let [x, c] = arity(inputs)?;
    expect_type("input", x, &[F32])?;
    expect_parameter("operand", c, &[F32], &[1])?;
    value(F32, x.shape.clone())
}

fn same<'a>(node: &NodeProto, inputs: &[&Value<'a>]) -> Inferred<'a> {
    only(node, &[])?;
    let [x] = arity(inputs)?;
    expect_type("input", x, &[F32])?;
    value(F32, x.shape.clone())
}

fn conv<'a>(node: &NodeProto, inputs: &[&Value<'a>]) -> Inferred<'a> {
    let [x, w, b] = arity(inputs)?;
    expect_type("input", x, &[F32])?;
    expect_type("weight", w, &[F32])?;
    let shape = conv_shape(node, x, w)?;
    expect_parameter("bias", b, &[F32], &[shape[1]])?;
    value(F32, shape)
}

fn qlinear_conv<'a>(node: &NodeProto, inputs: &[&Value<'a>]) -> Inferred<'a> {
    let [
        x,
        x_scale,
        x_zero,
        w,
        w_scale,
        w_zero,
        y_scale,
        y_zero,
        bias,
    ] = arity(inputs)?;
    expect_type("input", x, &[U8, I8])?;
    expect_type("weight", w, &[I8])?;
    let shape = conv_shape(node, x, w)?;
    let channels = [1, shape[1]];
    expect_parameter("input's scale", x_scale, &[F32], &[1])?;
    expect_parameter("input's zero point", x_zero, &[x.data_type], &[1])?;
    expect_parameter("weight's scale", w_scale, &[F32], &channels)?;
    expect_parameter("weight's zero point", w_zero, &[I8], &channels)?;
    expect_parameter("output's scale", y_scale, &[F32], &[1])?;
    expect_parameter("output's zero point", y_zero, &[U8, I8], &[1])?;
    expect_parameter("bias", bias, &[I32], &[shape[1]])?;
    for (what, scale) in [("input", x_scale), ("weight", w_scale), ("output", y_scale)] {
        expect_positive(what, scale)?;
    }
    value(y_zero.data_type, shape)
}

fn expect_positive(what: &str, scale: &Value<'_>) -> Result<(), String> {
    let raw = scale.constant.map_or(&[][..], |t| &t.raw_data);
    let bad = raw
        .as_chunks::<4>()
        .0
        .iter()
        .map(|b| f32::from_le_bytes(*b))
        .find(|s| !s.is_normal() || *s < 0.0);
    match bad {
        None => Ok(()),
        Some(s) => Err(format!("{what}'s scale is {s}, expected a number above 0")),
    }
}

fn conv_shape(node: &NodeProto, x: &Value<'_>, w: &Value<'_>) -> Result<Vec<usize>, String> {
    only(
        node,
        &["kernel_shape", "strides", "pads", "dilations", "group"],
    )?;
    let (&[n, c, h, width], &[out, per_group, kh, kw]) = (x.shape.as_slice(), w.shape.as_slice())
    else {
        return Err(format!(
            "input of shape {:?} and weight of shape {:?}, expected four axes each",
            x.shape, w.shape
        ));
    };
    if w.constant.is_none() {
        return Err("weight is not a constant".into());
    }
    let kernel = integers(
        node,
        "kernel_shape",
        &[kh as i64, kw as i64],
        1..=MAX_KERNEL,
    )?;
    let strides = integers(node, "strides", &[1, 1], 1..=MAX_KERNEL)?;
    let pads = integers(node, "pads", &[0; 4], 0..=MAX_KERNEL - 1)?;
    integers(node, "dilations", &[1, 1], 1..=1)?;
    let group = usize::try_from(integer(node, "group", 1)?).unwrap_or(0);
    if kernel != [kh, kw]
        || group == 0
        || !out.is_multiple_of(group)
        || per_group.checked_mul(group) != Some(c)
    {
        return Err(format!(
            "weight of shape {:?} with kernel {kernel:?} and group {group} does not fit {c} channels",
            w.shape
        ));
    }
    let side = |size: usize, low: usize, high: usize, k: usize, stride: usize| {
        (size + low + high)
            .checked_sub(k)
            .filter(|_| low < k && high < k)
            .map(|span| span / stride + 1)
    };
    match (
        side(h, pads[0], pads[2], kh, strides[0]),
        side(width, pads[1], pads[3], kw, strides[1]),
    ) {
        (Some(oh), Some(ow)) => Ok(vec![n, out, oh, ow]),
        _ => Err(format!(
            "kernel {kernel:?} with pads {pads:?} does not fit {h} x {width} pixels"
        )),
    }
}

fn add<'a>(node: &NodeProto, inputs: &[&Value<'a>]) -> Inferred<'a> {
    only(node, &[])?;
    let [a, b] = arity(inputs)?;
    expect_type("first operand", a, &[F32])?;
    expect_type("second operand", b, &[F32])?;
    same_shape(a, b)?;
    value(F32, a.shape.clone())
}

fn qlinear_add<'a>(node: &NodeProto, inputs: &[&Value<'a>]) -> Inferred<'a> {
    only(node, &[])?;
    let [a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero] = arity(inputs)?;
    expect_type("first operand", a, &[U8, I8])?;
    expect_type("second operand", b, &[a.data_type])?;
    same_shape(a, b)?;
    for (what, scale) in [
        ("first operand", a_scale),
        ("second operand", b_scale),
        ("output", y_scale),
    ] {
        expect_parameter(&format!("{what}'s scale"), scale, &[F32], &[1])?;
        expect_positive(what, scale)?;
    }
    for zero in [a_zero, b_zero, y_zero] {
        expect_parameter("zero point", zero, &[a.data_type], &[1])?;
    }
    value(a.data_type, a.shape.clone())
}

fn same_shape(a: &Value<'_>, b: &Value<'_>) -> Result<(), String> {
    if a.shape == b.shape {
        Ok(())
    } else {
        Err(format!(
            "operands of shapes {:?} and {:?}, expected the same",
            a.shape, b.shape
        ))
    }
}

fn dequantize<'a>(node: &NodeProto, inputs: &[&Value<'a>]) -> Inferred<'a> {
    only(node, &[])?;
    let [x, scale, zero] = arity(inputs)?;
    expect_type("input", x, &[U8, I8])?;
    expect_parameter("scale", scale, &[F32], &[1])?;
    expect_parameter("zero point", zero, &[x.data_type], &[1])?;
    expect_positive("input", scale)?;
    value(F32, x.shape.clone())
}

fn pool<'a>(node: &NodeProto, inputs: &[&Value<'a>]) -> Inferred<'a> {
    only(node, &[])?;
    let [x] = arity(inputs)?;
    expect_type("input", x, &[F32])?;
    match x.shape.as_slice() {
        &[n, c, _, _] => value(F32, vec![n, c, 1, 1]),
        shape => Err(format!("input of shape {shape:?}, expected four axes")),
    }
}

fn flatten<'a>(node: &NodeProto, inputs: &[&Value<'a>]) -> Inferred<'a> {
    only(node, &["axis"])?;
    let [x] = arity(inputs)?;
    match (integer(node, "axis", 1)?, x.shape.split_first()) {
        (1, Some((n, rest))) => value(x.data_type, vec![*n, rest.iter().product()]),
        (axis, _) => Err(format!(
            "axis {axis} of shape {:?}, expected axis 1",
            x.shape
        )),
    }
}

fn gemm<'a>(node: &NodeProto, inputs: &[&Value<'a>]) -> Inferred<'a> {
    only(node, &["transB"])?;
    let [x, w, b] = arity(inputs)?;
    for (what, v) in [("input", x), ("weight", w), ("bias", b)] {
        expect_type(what, v, &[F32])?;
    }
    if integer(node, "transB", 0)? != 1 {
        return Err("transB is not 1".into());
    }
    match (x.shape.as_slice(), w.shape.as_slice()) {
        (&[n, c], &[k, inner]) if c == inner && w.constant.is_some() => {
            expect_parameter("bias", b, &[F32], &[k])?;
            value(F32, vec![n, k])
        }
        (x, w) => Err(format!(
            "input of shape {x:?} and weight of shape {w:?} do not fit"
        )),
    }
}
