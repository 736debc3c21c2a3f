//! ONNX graphs, piece by piece, in tract's protobuf types.

use normgate_int8::tract::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto,
    attribute_proto::AttributeType,
    tensor_proto::DataType,
    tensor_shape_proto::{Dimension, dimension},
    type_proto,
};

/// The operator set that the graphs need.
const OPSET: i64 = 17;
/// The ONNX file format that goes with it.
const IR_VERSION: i64 = 8;
/// onnxruntime's own operators, QLinearAdd among them.
const MICROSOFT: &str = "com.microsoft";

/// A graph under construction.
#[derive(Debug, Default)]
pub(super) struct Builder {
    nodes: Vec<NodeProto>,
    initializers: Vec<TensorProto>,
    microsoft: bool,
}

/// A declared input or output.
#[derive(Debug, Clone, Copy)]
pub(super) struct Port<'a> {
    pub(super) name: &'a str,
    pub(super) data_type: DataType,
    pub(super) shape: &'a [usize],
}

impl Builder {
    /// Adds a node that computes `output`, and names it so.
    pub(super) fn node(
        &mut self,
        op: &str,
        inputs: &[&str],
        output: &str,
        attribute: Vec<AttributeProto>,
    ) {
        let domain = match op {
            "QLinearAdd" => MICROSOFT,
            _ => "",
        };
        self.microsoft |= domain == MICROSOFT;
        self.nodes.push(NodeProto {
            op_type: op.to_owned(),
            domain: domain.to_owned(),
            name: output.to_owned(),
            input: inputs.iter().map(|&i| i.to_owned()).collect(),
            output: vec![output.to_owned()],
            attribute,
            ..NodeProto::default()
        });
    }

    pub(super) fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        let raw = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.initializer(name, DataType::Float, shape, raw);
    }

    pub(super) fn ints(&mut self, name: &str, shape: &[usize], values: &[i32]) {
        let raw = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.initializer(name, DataType::Int32, shape, raw);
    }

    pub(super) fn signed(&mut self, name: &str, shape: &[usize], values: &[i8]) {
        let raw = values.iter().map(|v| v.cast_unsigned()).collect();
        self.initializer(name, DataType::Int8, shape, raw);
    }

    pub(super) fn byte(&mut self, name: &str, value: u8) {
        self.initializer(name, DataType::Uint8, &[], vec![value]);
    }

    fn initializer(&mut self, name: &str, data_type: DataType, shape: &[usize], raw: Vec<u8>) {
        self.initializers.push(TensorProto {
            name: name.to_owned(),
            data_type: data_type as i32,
            dims: shape.iter().map(|&d| d as i64).collect(),
            raw_data: raw,
            ..TensorProto::default()
        });
    }

    /// The finished model.
    pub(super) fn finish(self, name: &str, input: Port<'_>, outputs: &[Port<'_>]) -> ModelProto {
        let mut opset_import = vec![OperatorSetIdProto {
            domain: String::new(),
            version: OPSET,
        }];
        if self.microsoft {
            opset_import.push(OperatorSetIdProto {
                domain: MICROSOFT.to_owned(),
                version: 1,
            });
        }
        ModelProto {
            ir_version: IR_VERSION,
            producer_name: "normgate-train".to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            opset_import,
            graph: Some(GraphProto {
                name: name.to_owned(),
                node: self.nodes,
                initializer: self.initializers,
                input: vec![declare(input)],
                output: outputs.iter().map(|&o| declare(o)).collect(),
                ..GraphProto::default()
            }),
            ..ModelProto::default()
        }
    }
}

fn declare(port: Port<'_>) -> ValueInfoProto {
    let dim = port
        .shape
        .iter()
        .map(|&d| Dimension {
            value: Some(dimension::Value::DimValue(d as i64)),
            ..Dimension::default()
        })
        .collect();
    ValueInfoProto {
        name: port.name.to_owned(),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(type_proto::Tensor {
                elem_type: port.data_type as i32,
                shape: Some(TensorShapeProto { dim }),
            })),
            ..TypeProto::default()
        }),
        ..ValueInfoProto::default()
    }
}

/// An attribute of integers.
pub(super) fn integers(name: &str, values: &[usize]) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::Ints as i32,
        ints: values.iter().map(|&v| v as i64).collect(),
        ..AttributeProto::default()
    }
}

/// An attribute of one integer.
pub(super) fn integer(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::Int as i32,
        i: value,
        ..AttributeProto::default()
    }
}
