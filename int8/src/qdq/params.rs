//! QuantizeLinear and DequantizeLinear: their scales and zero points.

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{NodeProto, TensorProto};

use super::code::{Affine, Code, usable};
use super::graph::{Graph, Id};
use super::report::Reason;
use super::tensor;

/// More scales than any layer has output channels.
const MAX_CHANNELS: usize = 1 << 16;

pub(super) const MICROSOFT: &str = "com.microsoft";
pub(super) const QUANTIZE: &str = "QuantizeLinear";
pub(super) const DEQUANTIZE: &str = "DequantizeLinear";

/// How a value is quantized, checked: one scale and one zero point, or as many along an axis.
#[derive(Clone, Debug)]
pub(super) struct Params {
    /// u8, s8, or s32 for a bias.
    pub(super) of: DataType,
    pub(super) scales: Vec<f32>,
    pub(super) zero_points: Vec<i32>,
    pub(super) axis: i64,
    /// The scale's name and shape.
    pub(super) scale: String,
    pub(super) dims: Vec<i64>,
    /// The zero point's name, if the file has one of that shape.
    pub(super) zero_point: Option<String>,
}

impl Params {
    pub(super) fn code(&self) -> Option<Code> {
        Code::of(self.of)
    }

    /// One slice along the axis.
    pub(super) fn at(&self, slice: usize) -> Option<Affine> {
        Some(Affine {
            code: self.code()?,
            scale: *self.scales.get(slice)?,
            zero_point: *self.zero_points.get(slice)?,
        })
    }

    /// The zero point as a constant of the scale's shape.
    pub(super) fn zero_point_tensor(&self) -> Option<TensorProto> {
        let code = self.code()?;
        Some(tensor::of_codes(code, self.dims.clone(), &self.zero_points))
    }

    /// One scale for the whole tensor.
    pub(super) fn affine(&self) -> Option<Affine> {
        self.at(0).filter(|_| self.scales.len() == 1)
    }

    /// The axis of the scales in a tensor of this rank.
    pub(super) fn axis_in(&self, rank: usize) -> Option<usize> {
        let rank = i64::try_from(rank).ok()?;
        let axis = if self.axis < 0 {
            self.axis.checked_add(rank)?
        } else {
            self.axis
        };
        usize::try_from(axis).ok().filter(|_| axis < rank)
    }

    fn read(graph: &Graph, node: &NodeProto, of: DataType) -> Option<Params> {
        let name = node.input.get(1)?;
        let scale = graph.constant(name)?;
        let zero_point = node.input.get(2).filter(|name| !name.is_empty());
        let small = |dims: &[i64]| dims.len() <= 1 && tensor::count(dims) <= Some(MAX_CHANNELS);
        if !small(&scale.dims) {
            return None;
        }
        let scales = tensor::floats(&scale).filter(|scales| !scales.is_empty())?;
        let mut same_shape = None;
        let zero_points = match zero_point {
            None => vec![0; scales.len()],
            Some(name) => {
                let constant = graph.constant(name)?;
                if !small(&constant.dims) || tensor::data_type(&constant) != Some(of) {
                    return None;
                }
                same_shape = Some(name).filter(|_| constant.dims == scale.dims);
                match (of, tensor::codes(&constant)) {
                    (_, Some((_, codes))) => codes,
                    (DataType::Int32, None) => tensor::int32s(&constant)?,
                    _ => return None,
                }
            }
        };
        // onnxruntime's own two have no axis unless they say one.
        let axis = match integer(node, "axis") {
            None if node.domain == MICROSOFT && scales.len() > 1 => return None,
            axis => axis.unwrap_or(1),
        };
        (zero_points.len() == scales.len()).then(|| Params {
            of,
            scales,
            zero_points,
            axis,
            scale: name.clone(),
            dims: scale.dims.clone(),
            zero_point: same_shape.cloned(),
        })
    }

    fn checked(graph: &Graph, node: &NodeProto, of: Option<DataType>) -> Result<Params, Reason> {
        let value = |at: Option<&String>| at.cloned().unwrap_or_default();
        let name = || {
            let of = if node.op_type == QUANTIZE {
                node.output.first()
            } else {
                node.input.first()
            };
            value(of)
        };
        let params = of
            .filter(|_| plain(node))
            .and_then(|of| Params::read(graph, node, of))
            .ok_or_else(|| Reason::Parameters { of: name() })?;
        match params.scales.iter().find(|scale| !usable(**scale)) {
            Some(scale) => Err(Reason::Scale {
                of: name(),
                scale: scale.to_string(),
            }),
            None => Ok(params),
        }
    }
}

/// A value that comes out of a DequantizeLinear.
#[derive(Clone, Debug)]
pub(super) struct Dequantized {
    /// What the DequantizeLinear reads.
    pub(super) codes: String,
    pub(super) params: Params,
}

/// The codes behind a real value; `input` is where it is read.
pub(super) fn dequantized(graph: &Graph, name: &str, input: usize) -> Result<Dequantized, Reason> {
    let missing = Reason::NotDequantized { input };
    let Some((_, node)) = graph
        .producer(name)
        .filter(|(_, n)| is_either(n, DEQUANTIZE))
    else {
        return Err(missing);
    };
    let ([codes, ..], 2..=3, 1) = (&node.input[..], node.input.len(), node.output.len()) else {
        return Err(missing);
    };
    let zero_point = node.input.get(2).filter(|name| !name.is_empty());
    let of = graph.element_type(zero_point.unwrap_or(codes));
    // A file can say anything of its values.
    if graph
        .element_type(codes)
        .is_some_and(|found| Some(found) != of)
    {
        return Err(missing);
    }
    Ok(Dequantized {
        codes: codes.clone(),
        params: Params::checked(graph, node, of)?,
    })
}

/// A real value that is quantized: by which node, and how.
#[derive(Clone, Debug)]
pub(super) struct Quantized {
    pub(super) id: Id,
    /// What the QuantizeLinear reads and gives.
    pub(super) value: String,
    pub(super) codes: String,
    pub(super) params: Params,
}

/// What the QuantizeLinear with this id does.
pub(super) fn quantized(graph: &Graph, id: Id) -> Result<Quantized, Reason> {
    let node = graph.node(id).filter(|node| is_either(node, QUANTIZE));
    let node = node.ok_or(Reason::NotQuantized)?;
    let ([value, ..], 2..=3, [codes]) = (&node.input[..], node.input.len(), &node.output[..])
    else {
        return Err(Reason::NotQuantized);
    };
    let of = quantized_type(graph, node).filter(|of| Code::of(*of).is_some());
    let real = graph
        .element_type(value)
        .is_none_or(|of| of == DataType::Float);
    if value.is_empty() || codes.is_empty() || !real {
        return Err(Reason::NotQuantized);
    }
    Ok(Quantized {
        id,
        value: value.clone(),
        codes: codes.clone(),
        params: Params::checked(graph, node, of)?,
    })
}

/// The type that a QuantizeLinear gives.
fn quantized_type(graph: &Graph, node: &NodeProto) -> Option<DataType> {
    match node.input.get(2).filter(|name| !name.is_empty()) {
        Some(zero_point) => graph.element_type(zero_point),
        None => match integer(node, "output_dtype").unwrap_or(0) {
            0 => Some(DataType::Uint8),
            of => DataType::try_from(i32::try_from(of).ok()?).ok(),
        },
    }
}

/// Writes down the types of what the two operators give, whatever the file says.
pub(super) fn note_types(graph: &mut Graph) {
    for id in graph.ids() {
        let Some(node) = graph.node(id) else { continue };
        let of = if is_either(node, QUANTIZE) {
            quantized_type(graph, node)
        } else if is_either(node, DEQUANTIZE) {
            Some(DataType::Float)
        } else {
            continue;
        };
        if let (Some(of), Some(name)) = (of, node.output.first().cloned()) {
            graph.note_type(name, of);
        }
    }
}

/// onnxruntime has the two in a domain of its own as well.
pub(super) fn is_either(node: &NodeProto, op: &str) -> bool {
    node.op_type == op && matches!(node.domain.as_str(), "" | "ai.onnx" | MICROSOFT)
}

/// No blocks, no types but f32, nothing unknown.
fn plain(node: &NodeProto) -> bool {
    node.attribute.iter().all(|attribute| {
        let integer = attribute.r#type() == AttributeType::Int;
        match attribute.name.as_str() {
            "axis" | "saturate" => integer,
            "block_size" => integer && attribute.i == 0,
            "output_dtype" if node.op_type == QUANTIZE => integer,
            "output_dtype" | "precision" => {
                integer && (attribute.i == 0 || attribute.i == DataType::Float as i64)
            }
            _ => false,
        }
    })
}

pub(super) fn integer(node: &NodeProto, name: &str) -> Option<i64> {
    let mut attributes = node.attribute.iter();
    let found = attributes.find(|attribute| attribute.name == name)?;
    (found.r#type() == AttributeType::Int).then_some(found.i)
}
