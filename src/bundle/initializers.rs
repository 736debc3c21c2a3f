//! Checks of the weights as they stand in the file.

use normgate_int8::tract::pb::{TensorProto, tensor_proto::DataType};

use super::BundleError;

/// The most bytes that one initializer may hold.
pub const MAX_INITIALIZER_BYTES: usize = 128 << 20;

/// Bytes of one element, for the types that this project's graphs use.
pub fn element_bytes(data_type: i32) -> Option<usize> {
    match DataType::try_from(data_type) {
        Ok(DataType::Uint8 | DataType::Int8) => Some(1),
        Ok(DataType::Float | DataType::Int32) => Some(4),
        Ok(DataType::Int64) => Some(8),
        _ => None,
    }
}

/// The dimensions of a well-formed initializer: known type, raw data, exact length.
pub(super) fn check(tensor: &TensorProto) -> Result<Vec<usize>, BundleError> {
    let fault = |why: String| BundleError::Graph(format!("initializer {}: {why}", tensor.name));
    let Some(size) = element_bytes(tensor.data_type) else {
        return Err(fault(format!(
            "data type {}, expected float, uint8, int8, int32 or int64",
            tensor.data_type
        )));
    };
    if !tensor.external_data.is_empty() || tensor.data_location.unwrap_or(0) != 0 {
        return Err(fault("data outside the file, expected raw_data".into()));
    }
    if tensor.segment.is_some() {
        return Err(fault("data in segments, expected raw_data".into()));
    }
    let typed = tensor.float_data.len()
        + tensor.int32_data.len()
        + tensor.int64_data.len()
        + tensor.string_data.len()
        + tensor.double_data.len()
        + tensor.uint64_data.len();
    if typed != 0 {
        return Err(fault("typed data, expected raw_data".into()));
    }
    let mut dims = Vec::with_capacity(tensor.dims.len());
    let mut bytes = size;
    for &d in &tensor.dims {
        let d =
            usize::try_from(d).map_err(|_| fault(format!("dimension {d}, expected 0 or more")))?;
        bytes = bytes
            .checked_mul(d)
            .filter(|&b| b <= MAX_INITIALIZER_BYTES)
            .ok_or_else(|| {
                fault(format!(
                    "shape {:?}, expected at most {MAX_INITIALIZER_BYTES} bytes",
                    tensor.dims
                ))
            })?;
        dims.push(d);
    }
    if bytes != tensor.raw_data.len() {
        return Err(fault(format!(
            "{} bytes of data, expected {bytes} for shape {:?}",
            tensor.raw_data.len(),
            tensor.dims
        )));
    }
    if tensor.data_type == DataType::Float as i32 {
        let bad = tensor
            .raw_data
            .as_chunks::<4>()
            .0
            .iter()
            .position(|b| !f32::from_le_bytes(*b).is_finite());
        if let Some(at) = bad {
            return Err(fault(format!("element {at} is not a finite number")));
        }
    }
    Ok(dims)
}
