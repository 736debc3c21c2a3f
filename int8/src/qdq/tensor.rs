//! Constants of the file, whichever of ONNX's fields holds them.

use std::borrow::Cow;

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::{AttributeProto, NodeProto, TensorProto};

use super::code::Code;

pub(super) fn data_type(tensor: &TensorProto) -> Option<DataType> {
    DataType::try_from(tensor.data_type).ok()
}

/// The product of the dimensions; `None` where they are no size.
pub(super) fn count(dims: &[i64]) -> Option<usize> {
    dims.iter().try_fold(1usize, |count, dim| {
        count.checked_mul(usize::try_from(*dim).ok()?)
    })
}

/// The elements, if there are as many as the dimensions say and they are in the file.
fn elements<T, const N: usize>(
    tensor: &TensorProto,
    of: DataType,
    raw: impl Fn([u8; N]) -> T,
    typed: impl Fn(&TensorProto) -> Option<Vec<T>>,
) -> Option<Vec<T>> {
    let outside = tensor.data_location == Some(DataLocation::External as i32);
    if data_type(tensor)? != of || outside || tensor.segment.is_some() {
        return None;
    }
    let elements = if tensor.raw_data.is_empty() {
        typed(tensor)?
    } else {
        let (chunks, rest) = tensor.raw_data.as_chunks::<N>();
        if !rest.is_empty() {
            return None;
        }
        chunks.iter().map(|bytes| raw(*bytes)).collect()
    };
    (Some(elements.len()) == count(&tensor.dims)).then_some(elements)
}

pub(super) fn floats(tensor: &TensorProto) -> Option<Vec<f32>> {
    elements(tensor, DataType::Float, f32::from_le_bytes, |t| {
        Some(t.float_data.clone())
    })
}

pub(super) fn int32s(tensor: &TensorProto) -> Option<Vec<i32>> {
    elements(tensor, DataType::Int32, i32::from_le_bytes, |t| {
        Some(t.int32_data.clone())
    })
}

pub(super) fn int64s(tensor: &TensorProto) -> Option<Vec<i64>> {
    elements(tensor, DataType::Int64, i64::from_le_bytes, |t| {
        Some(t.int64_data.clone())
    })
}

/// u8 or s8 elements, widened.
pub(super) fn codes(tensor: &TensorProto) -> Option<(Code, Vec<i32>)> {
    let code = Code::of(data_type(tensor)?)?;
    let (least, greatest) = code.range();
    let raw = |[byte]: [u8; 1]| match code {
        Code::U8 => i32::from(byte),
        Code::S8 => i32::from(byte as i8),
    };
    let typed = |t: &TensorProto| {
        let within = |value: &i32| (least..=greatest).contains(value);
        t.int32_data
            .iter()
            .all(within)
            .then(|| t.int32_data.clone())
    };
    Some((code, elements(tensor, code.data_type(), raw, typed)?))
}

/// Elements of a type that f64 holds exactly.
pub(super) fn numbers(tensor: &TensorProto) -> Option<Vec<f64>> {
    let widened = |values: Vec<i32>| values.into_iter().map(f64::from).collect();
    match data_type(tensor)? {
        DataType::Float => Some(floats(tensor)?.into_iter().map(f64::from).collect()),
        DataType::Double => elements(tensor, DataType::Double, f64::from_le_bytes, |t| {
            Some(t.double_data.clone())
        }),
        DataType::Int32 => int32s(tensor).map(widened),
        DataType::Int64 => {
            let narrow = |value: i64| i32::try_from(value).ok().map(f64::from);
            int64s(tensor)?.into_iter().map(narrow).collect()
        }
        _ => codes(tensor).map(|(_, codes)| widened(codes)),
    }
}

/// A tensor without a name.
pub(super) fn of_floats(dims: Vec<i64>, values: &[f32]) -> TensorProto {
    let raw = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    tensor(DataType::Float, dims, raw)
}

pub(super) fn of_int32s(dims: Vec<i64>, values: &[i32]) -> TensorProto {
    let raw = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    tensor(DataType::Int32, dims, raw)
}

pub(super) fn of_int64s(dims: Vec<i64>, values: &[i64]) -> TensorProto {
    let raw = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    tensor(DataType::Int64, dims, raw)
}

/// Values are in the code's range.
pub(super) fn of_codes(code: Code, dims: Vec<i64>, values: &[i32]) -> TensorProto {
    let raw = values.iter().map(|value| *value as u8).collect();
    tensor(code.data_type(), dims, raw)
}

fn tensor(of: DataType, dims: Vec<i64>, raw_data: Vec<u8>) -> TensorProto {
    TensorProto {
        dims,
        data_type: of as i32,
        raw_data,
        ..Default::default()
    }
}

/// What a Constant node gives, if it is of a kind that is read here.
pub(super) fn of_constant_node(node: &NodeProto) -> Option<Cow<'_, TensorProto>> {
    let [attribute] = &node.attribute[..] else {
        return None;
    };
    let length = |count: usize| i64::try_from(count).ok();
    let AttributeProto {
        f,
        floats,
        i,
        ints,
        t,
        ..
    } = attribute;
    Some(match (attribute.name.as_str(), attribute.r#type()) {
        ("value", AttributeType::Tensor) => Cow::Borrowed(t.as_ref()?),
        ("value_float", AttributeType::Float) => Cow::Owned(of_floats(vec![], &[*f])),
        ("value_int", AttributeType::Int) => Cow::Owned(of_int64s(vec![], &[*i])),
        ("value_floats", AttributeType::Floats) => {
            Cow::Owned(of_floats(vec![length(floats.len())?], floats))
        }
        ("value_ints", AttributeType::Ints) => {
            Cow::Owned(of_int64s(vec![length(ints.len())?], ints))
        }
        _ => return None,
    })
}
