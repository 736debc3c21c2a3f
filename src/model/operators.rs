//! The operators that a model file may hold ([`crate::bundle`] lets no other through), from a node to tract.
//!
//! tract's own register holds all of ONNX, and what is in a register is linked: two thirds of the program would be
//! operators that no file can name. Attributes, types and shapes are checked before a node comes here.

use normgate_int8::tract::Onnx;
use normgate_int8::tract::model::{OnnxOpRegister, ParsingContext};
use normgate_int8::tract::pb::NodeProto;
use normgate_int8::tract::tract_hir;
use tract_hir::internal::*;
use tract_hir::ops::activations::Clip;
use tract_hir::ops::array::{Flatten, PermuteAxes};
use tract_hir::ops::cast::cast;
use tract_hir::ops::cnn::{Conv, PaddingSpec};
use tract_hir::ops::math;
use tract_hir::ops::nn::GlobalAvgPool;
use tract_hir::ops::quant::DequantizeLinearF32;
use tract_hir::tract_core::ops::einsum::EinSum;

type Built = TractResult<(Box<dyn InferenceOp>, Vec<String>)>;

/// tract's reader of ONNX, with these operators alone.
pub(super) fn onnx() -> Onnx {
    let mut ops = OnnxOpRegister::default();
    ops.insert("Add", |_, _| built(math::Add.into_hir()));
    ops.insert("Sub", |_, _| built(math::Sub.into_hir()));
    ops.insert("Mul", |_, _| built(math::Mul.into_hir()));
    ops.insert("Relu", |_, _| built(expand(Clip::new(Some(0.0), None))));
    ops.insert("Cast", |_, n| built(Box::new(cast(n.get_attr("to")?))));
    ops.insert("Transpose", transpose);
    ops.insert("Flatten", flatten);
    ops.insert("GlobalAveragePool", |_, _| built(expand(GlobalAvgPool)));
    ops.insert("Conv", conv);
    ops.insert("Gemm", |_, _| built(expand(Gemm)));
    ops.insert("DequantizeLinear", |_, _| built(expand(DequantizeLinear)));
    let mut onnx = Onnx {
        op_register: ops,
        ..Onnx::default()
    };
    normgate_int8::register(&mut onnx);
    onnx
}

fn built(op: Box<dyn InferenceOp>) -> Built {
    Ok((op, vec![]))
}

fn transpose(_: &ParsingContext<'_>, node: &NodeProto) -> Built {
    let perm = node.get_attr_opt_vec("perm")?;
    built(expand(PermuteAxes::new(perm.map(|axes| axes.into()))))
}

fn flatten(_: &ParsingContext<'_>, node: &NodeProto) -> Built {
    built(expand(Flatten::new(
        node.get_attr_opt("axis")?.unwrap_or(1),
    )))
}

fn conv(_: &ParsingContext<'_>, node: &NodeProto) -> Built {
    let mut op = Conv {
        kernel_shape: node.get_attr_opt_tvec("kernel_shape")?,
        strides: node.get_attr_opt_tvec("strides")?,
        group: node.get_attr_opt("group")?,
        bias_input: (node.input.len() == 3).then_some(2),
        ..Conv::default()
    };
    if let Some(pads) = node.get_attr_opt_tvec::<usize>("pads")? {
        let (before, after) = pads.split_at(pads.len() / 2);
        op.padding = PaddingSpec::Explicit(before.into(), after.into());
    }
    built(expand(op))
}

/// `x [N, C]`, `w [K, C]`, `b [K]`: `x w^T + b`. tract's own cannot be reached from outside.
#[derive(Debug, Clone)]
struct Gemm;

impl Expansion for Gemm {
    fn name(&self) -> StaticName {
        "Gemm".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_input_arity(inputs, 3)?;
        check_output_arity(outputs, 1)?;
        for (input, rank) in inputs.iter().zip([2, 2, 1]) {
            s.equals(&input.rank, rank)?;
            s.equals(&input.datum_type, &outputs[0].datum_type)?;
        }
        s.equals(&outputs[0].rank, 2)?;
        s.equals(&inputs[0].shape[1], &inputs[1].shape[1])?;
        s.equals(&inputs[0].shape[0], &outputs[0].shape[0])?;
        s.equals(&inputs[1].shape[0], &outputs[0].shape[1])
    }

    fn wire(
        &self,
        name: &str,
        model: &mut TypedModel,
        inputs: &[OutletId],
    ) -> TractResult<TVec<OutletId>> {
        let axes = AxesMapping::for_numpy_matmul(2, false, true, false)?;
        let sum = EinSum::new(axes, model.outlet_fact(inputs[0])?.datum_type);
        let sum = model.wire_node(format!("{name}.product"), sum, &inputs[..2])?;
        let bias = model.wire_node(format!("{name}.bias"), AxisOp::Add(0), &inputs[2..])?;
        model.wire_node(name, math::add(), &[sum[0], bias[0]])
    }
}

/// `scale * (x - zero_point)`, with one scale and one zero point. tract's own cannot be reached from outside.
#[derive(Debug, Clone)]
struct DequantizeLinear;

impl Expansion for DequantizeLinear {
    fn name(&self) -> StaticName {
        "DequantizeLinear".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_input_arity(inputs, 3)?;
        check_output_arity(outputs, 1)?;
        s.equals(&inputs[1].datum_type, f32::datum_type())?;
        s.equals(&outputs[0].datum_type, f32::datum_type())?;
        s.equals(&inputs[0].datum_type, &inputs[2].datum_type)?;
        s.equals(&inputs[0].shape, &outputs[0].shape)
    }

    fn wire(
        &self,
        name: &str,
        model: &mut TypedModel,
        inputs: &[OutletId],
    ) -> TractResult<TVec<OutletId>> {
        let constant = |input: OutletId| -> TractResult<Arc<Tensor>> {
            let value = model.outlet_fact(input)?.konst.clone();
            value
                .filter(|tensor| tensor.len() == 1)
                .with_context(|| format!("{name}: expected constants of one element"))
        };
        let scale = constant(inputs[1])?.cast_to::<f32>()?.nth(0)?;
        let zero = constant(inputs[2])?.cast_to::<i32>()?.nth(0)?;
        let op = DequantizeLinearF32::new(
            scale.cast_to_scalar::<f32>()?,
            zero.cast_to_scalar::<i32>()?,
        );
        model.wire_node(name, op, &inputs[..1])
    }
}

#[cfg(test)]
mod tests {
    use normgate_int8::tract;
    use tract::pb::tensor_proto::DataType;
    use tract::pb::{
        AttributeProto, GraphProto, ModelProto, OperatorSetIdProto, TensorProto, TensorShapeProto,
        TypeProto, ValueInfoProto, attribute_proto::AttributeType, tensor_shape_proto, type_proto,
    };
    use tract::prelude::*;

    use super::*;
    use crate::bundle::Bundle;

    fn ints(name: &str, values: &[i64]) -> AttributeProto {
        AttributeProto {
            name: name.into(),
            r#type: AttributeType::Ints as i32,
            ints: values.to_vec(),
            ..AttributeProto::default()
        }
    }

    fn int(name: &str, value: i64) -> AttributeProto {
        AttributeProto {
            name: name.into(),
            r#type: AttributeType::Int as i32,
            i: value,
            ..AttributeProto::default()
        }
    }

    /// Values without a pattern, the same in each run.
    fn weights(name: &str, dims: &[i64]) -> TensorProto {
        let n = dims.iter().product::<i64>();
        let value = |i: i64| ((i * 37 + 11) % 23) as f32 / 32.0 - 0.3;
        TensorProto {
            name: name.into(),
            dims: dims.to_vec(),
            data_type: DataType::Float as i32,
            raw_data: (0..n).flat_map(|i| value(i).to_le_bytes()).collect(),
            ..TensorProto::default()
        }
    }

    fn u8_input(name: &str, dims: &[i64]) -> ValueInfoProto {
        let dim = dims
            .iter()
            .map(|&d| tensor_shape_proto::Dimension {
                value: Some(tensor_shape_proto::dimension::Value::DimValue(d)),
                ..Default::default()
            })
            .collect();
        ValueInfoProto {
            name: name.into(),
            r#type: Some(TypeProto {
                value: Some(type_proto::Value::TensorType(type_proto::Tensor {
                    elem_type: DataType::Uint8 as i32,
                    shape: Some(TensorShapeProto { dim }),
                })),
                ..TypeProto::default()
            }),
            ..ValueInfoProto::default()
        }
    }

    /// A network of every f32 operator, in the form of the f32 files.
    fn floats() -> ModelProto {
        let node =
            |op: &str, inputs: &[&str], output: &str, attribute: Vec<AttributeProto>| NodeProto {
                name: output.into(),
                op_type: op.into(),
                input: inputs.iter().map(|&i| i.into()).collect(),
                output: vec![output.into()],
                attribute,
                ..NodeProto::default()
            };
        let graph = GraphProto {
            input: vec![u8_input("pixels", &[1, 9, 7, 3])],
            output: ["logits", "features"]
                .map(|name| ValueInfoProto {
                    name: name.into(),
                    ..ValueInfoProto::default()
                })
                .into(),
            initializer: vec![
                weights("zero", &[1]),
                weights("scale", &[1]),
                weights("w1", &[8, 3, 3, 3]),
                weights("b1", &[8]),
                weights("w2", &[8, 2, 1, 3]),
                weights("b2", &[8]),
                weights("w3", &[5, 8]),
                weights("b3", &[5]),
            ],
            node: vec![
                node(
                    "Transpose",
                    &["pixels"],
                    "t",
                    vec![ints("perm", &[0, 3, 1, 2])],
                ),
                node("Cast", &["t"], "f", vec![int("to", DataType::Float as i64)]),
                node("Sub", &["f", "zero"], "s", vec![]),
                node("Mul", &["s", "scale"], "x", vec![]),
                node(
                    "Conv",
                    &["x", "w1", "b1"],
                    "c1",
                    vec![ints("pads", &[1, 0, 2, 1]), ints("strides", &[2, 1])],
                ),
                node("Relu", &["c1"], "r", vec![]),
                node(
                    "Conv",
                    &["r", "w2", "b2"],
                    "c2",
                    vec![
                        ints("kernel_shape", &[1, 3]),
                        ints("pads", &[0, 1, 0, 1]),
                        int("group", 4),
                    ],
                ),
                node("Add", &["c2", "r"], "a", vec![]),
                node("GlobalAveragePool", &["a"], "p", vec![]),
                node("Flatten", &["p"], "features", vec![]),
                node(
                    "Gemm",
                    &["features", "w3", "b3"],
                    "logits",
                    vec![int("transB", 1)],
                ),
            ],
            ..GraphProto::default()
        };
        ModelProto {
            ir_version: 8,
            opset_import: vec![OperatorSetIdProto {
                version: 17,
                ..OperatorSetIdProto::default()
            }],
            graph: Some(graph),
            ..ModelProto::default()
        }
    }

    fn run(reader: &Onnx, model: &ModelProto, pixels: &Tensor) -> Vec<Vec<u32>> {
        let model = reader.parse(model, None).unwrap().model;
        let plan = model.into_optimized().unwrap().into_runnable().unwrap();
        let outputs = plan.run(tvec!(pixels.clone().into_tvalue())).unwrap();
        let bits = |value: &TValue| {
            let values = value.try_as_plain_ram().unwrap().as_slice::<f32>().unwrap();
            values.iter().map(|v| v.to_bits()).collect()
        };
        outputs.iter().map(bits).collect()
    }

    #[test]
    fn they_compute_what_those_of_tract_do() {
        let mut stock = tract::onnx();
        normgate_int8::register(&mut stock);
        let int8 = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/models/cifar10-resnet8-v1.onnx"
        );
        let int8 = Bundle::read(int8.as_ref()).unwrap();
        for (model, shape) in [
            (int8.model().clone(), [1, 32, 32, 3]),
            (floats(), [1, 9, 7, 3]),
        ] {
            let n = shape.iter().product::<usize>();
            let pixels: Vec<u8> = (0..n).map(|i| (i * 89 % 251) as u8).collect();
            let pixels = Tensor::from_shape(&shape, &pixels).unwrap();
            let ours = run(&super::onnx(), &model, &pixels);
            assert_eq!(ours, run(&stock, &model, &pixels));
            assert!(ours[0].iter().any(|&bits| bits != ours[0][0]));
        }
    }
}
