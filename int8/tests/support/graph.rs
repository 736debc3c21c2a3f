//! A builder over the protobuf types.

use normgate_int8::tract::pb::attribute_proto::AttributeType;
use normgate_int8::tract::pb::tensor_proto::DataType;
use normgate_int8::tract::pb::tensor_shape_proto::{Dimension, dimension};
use normgate_int8::tract::pb::*;

/// The operators of onnxruntime's own domain.
const MICROSOFT: [&str; 8] = [
    "QLinearAdd",
    "QLinearMul",
    "QLinearLeakyRelu",
    "QLinearSigmoid",
    "QLinearConcat",
    "QLinearAveragePool",
    "QLinearGlobalAveragePool",
    "QGemm",
];

/// A value in the graph: its name, its element type, its shape.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) name: String,
    pub(crate) of: DataType,
    pub(crate) shape: Vec<i64>,
}

/// Scale and zero point of an 8-bit value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Affine {
    pub(crate) scale: f32,
    pub(crate) zero_point: i64,
}

#[derive(Default)]
pub(crate) struct Graph {
    pub(crate) proto: GraphProto,
}

impl Graph {
    pub(crate) fn input(&mut self, name: &str, of: DataType, shape: &[i64]) -> Value {
        let value = Value {
            name: name.into(),
            of,
            shape: shape.into(),
        };
        self.proto.input.push(info(&value));
        value
    }

    pub(crate) fn finish(mut self, output: &Value) -> ModelProto {
        self.proto.output.push(info(output));
        self.proto.name = "g".into();
        let opset = |domain: &str, version| OperatorSetIdProto {
            domain: domain.into(),
            version,
        };
        ModelProto {
            ir_version: 8,
            opset_import: vec![opset("", 17), opset("com.microsoft", 1)],
            graph: Some(self.proto),
            ..Default::default()
        }
    }

    /// An initializer; its name, which is made unique.
    pub(crate) fn constant(
        &mut self,
        name: &str,
        of: DataType,
        dims: &[i64],
        bytes: Vec<u8>,
    ) -> String {
        let name = format!("{name}_{}", self.proto.initializer.len());
        self.proto.initializer.push(TensorProto {
            name: name.clone(),
            dims: dims.into(),
            data_type: of as i32,
            raw_data: bytes,
            ..Default::default()
        });
        name
    }

    pub(crate) fn floats(&mut self, name: &str, dims: &[i64], values: &[f32]) -> String {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.constant(name, DataType::Float, dims, bytes)
    }

    /// The names of a scale and a zero point of one 8-bit type.
    pub(crate) fn affine(&mut self, name: &str, of: DataType, affine: Affine) -> [String; 2] {
        [
            self.floats(&format!("{name}_scale"), &[], &[affine.scale]),
            self.constant(
                &format!("{name}_zero"),
                of,
                &[],
                vec![affine.zero_point as u8],
            ),
        ]
    }

    pub(crate) fn node(
        &mut self,
        op: &str,
        inputs: Vec<String>,
        attribute: Vec<AttributeProto>,
        of: DataType,
        shape: &[i64],
    ) -> Value {
        let name = format!("{op}_{}", self.proto.node.len());
        let output = format!("{name}_out");
        self.proto.node.push(NodeProto {
            domain: if MICROSOFT.contains(&op) {
                "com.microsoft".into()
            } else {
                String::new()
            },
            op_type: op.into(),
            name,
            input: inputs,
            output: vec![output.clone()],
            attribute,
            ..Default::default()
        });
        Value {
            name: output,
            of,
            shape: shape.into(),
        }
    }
}

fn info(value: &Value) -> ValueInfoProto {
    let dim = value
        .shape
        .iter()
        .map(|d| Dimension {
            value: Some(dimension::Value::DimValue(*d)),
            ..Default::default()
        })
        .collect();
    ValueInfoProto {
        name: value.name.clone(),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(type_proto::Tensor {
                elem_type: value.of as i32,
                shape: Some(TensorShapeProto { dim }),
            })),
            ..Default::default()
        }),
        ..Default::default()
    }
}

pub(crate) fn ints(name: &str, ints: &[i64]) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: AttributeType::Ints as i32,
        ints: ints.into(),
        ..Default::default()
    }
}

pub(crate) fn int(name: &str, i: i64) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: AttributeType::Int as i32,
        i,
        ..Default::default()
    }
}

pub(crate) fn string(name: &str, s: &str) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: AttributeType::String as i32,
        s: s.into(),
        ..Default::default()
    }
}

pub(crate) fn float(name: &str, f: f32) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: AttributeType::Float as i32,
        f,
        ..Default::default()
    }
}
