//! The two graphs of a folded network: int8, and its f32 twin.

use normgate::bundle::{FEATURES, INPUT, LOGITS};
use normgate_int8::tract::pb::{AttributeProto, ModelProto, tensor_proto::DataType};

use super::onnx::{Builder, Port, integer, integers};
use crate::augment::PIXEL_ZERO;
use crate::fold::{Folded, FoldedConv, FoldedLayer};
use crate::quantize::{PIXELS, codes, quantize};

/// From the camera's [1, H, W, 3] to ONNX's [1, 3, H, W].
const TO_CHANNELS_FIRST: [usize; 4] = [0, 3, 1, 2];

/// Name and size of what is exported.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) name: &'a str,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// The int8 graph; `ranges` has one `[low, high]` a layer of `folded`.
pub(super) fn int8(folded: &Folded, ranges: &[(f32, f32)], frame: Frame<'_>) -> ModelProto {
    let mut b = Builder::default();
    let codes = codes(folded, ranges);
    let names = names(folded);
    for (i, layer) in folded.layers.iter().enumerate() {
        let name = &names[i];
        let (scale, zero) = (format!("{name}.scale"), format!("{name}.zero_point"));
        b.floats(&scale, &[], &[codes[i].scale]);
        b.byte(&zero, codes[i].zero_point);
        match layer {
            FoldedLayer::Input => {
                let perm = integers("perm", &TO_CHANNELS_FIRST);
                b.node("Transpose", &[INPUT], name, vec![perm]);
            }
            FoldedLayer::Conv(conv) => {
                let from = &names[conv.from];
                let q = quantize(conv, codes[conv.from].scale);
                let part = |p: &str| format!("{name}.{p}");
                b.signed(&part("weight"), &weight_shape(conv), &q.weight);
                b.floats(&part("weight_scale"), &[conv.outputs], &q.weight_scale);
                b.signed(
                    &part("weight_zero_point"),
                    &[conv.outputs],
                    &vec![0; conv.outputs],
                );
                b.ints(&part("bias"), &[conv.outputs], &q.bias);
                b.node(
                    "QLinearConv",
                    &[
                        from,
                        &format!("{from}.scale"),
                        &format!("{from}.zero_point"),
                        &part("weight"),
                        &part("weight_scale"),
                        &part("weight_zero_point"),
                        &scale,
                        &zero,
                        &part("bias"),
                    ],
                    name,
                    conv_attributes(conv),
                );
            }
            FoldedLayer::Add { operands, .. } => {
                let mut inputs: Vec<String> = vec![];
                for &o in operands {
                    let from = &names[o];
                    inputs.extend([
                        from.clone(),
                        format!("{from}.scale"),
                        format!("{from}.zero_point"),
                    ]);
                }
                inputs.extend([scale, zero]);
                let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
                b.node("QLinearAdd", &inputs, name, vec![]);
            }
        }
    }
    let last = &names[names.len() - 1];
    let (scale, zero) = (format!("{last}.scale"), format!("{last}.zero_point"));
    b.node("DequantizeLinear", &[last, &scale, &zero], "map", vec![]);
    head(b, folded, "map", frame)
}

/// The same network in f32, from the same pixels.
pub(super) fn float(folded: &Folded, frame: Frame<'_>) -> ModelProto {
    let mut b = Builder::default();
    let names = names(folded);
    for (i, layer) in folded.layers.iter().enumerate() {
        let name = &names[i];
        let (before, relu) = match layer {
            FoldedLayer::Conv(FoldedConv { relu: true, .. })
            | FoldedLayer::Add { relu: true, .. } => (format!("{name}.sum"), true),
            _ => (name.clone(), false),
        };
        match layer {
            FoldedLayer::Input => {
                b.floats("pixel_zero", &[], &[PIXEL_ZERO as f32]);
                b.floats("pixel_step", &[], &[PIXELS.scale]);
                let to = integer("to", DataType::Float as i64);
                b.node("Cast", &[INPUT], "codes", vec![to]);
                b.node("Sub", &["codes", "pixel_zero"], "centred", vec![]);
                b.node("Mul", &["centred", "pixel_step"], "scaled", vec![]);
                let perm = integers("perm", &TO_CHANNELS_FIRST);
                b.node("Transpose", &["scaled"], name, vec![perm]);
            }
            FoldedLayer::Conv(conv) => {
                let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
                b.floats(&weight, &weight_shape(conv), &conv.weight);
                b.floats(&bias, &[conv.outputs], &conv.bias);
                b.node(
                    "Conv",
                    &[&names[conv.from], &weight, &bias],
                    &before,
                    conv_attributes(conv),
                );
            }
            FoldedLayer::Add {
                operands: [x, y], ..
            } => b.node("Add", &[&names[*x], &names[*y]], &before, vec![]),
        }
        if relu {
            b.node("Relu", &[&before], name, vec![]);
        }
    }
    let last = names[names.len() - 1].clone();
    head(b, folded, &last, frame)
}

/// Pooling and the linear layer, f32 in both graphs.
fn head(mut b: Builder, folded: &Folded, map: &str, frame: Frame<'_>) -> ModelProto {
    let (classes, features) = (folded.classes, folded.features);
    b.floats("head.weight", &[classes, features], &folded.head_weight);
    b.floats("head.bias", &[classes], &folded.head_bias);
    b.node("GlobalAveragePool", &[map], "pooled", vec![]);
    b.node("Flatten", &["pooled"], FEATURES, vec![integer("axis", 1)]);
    b.node(
        "Gemm",
        &[FEATURES, "head.weight", "head.bias"],
        LOGITS,
        vec![integer("transB", 1)],
    );
    b.finish(
        frame.name,
        Port {
            name: INPUT,
            data_type: DataType::Uint8,
            shape: &[1, frame.height, frame.width, 3],
        },
        &[
            Port {
                name: LOGITS,
                data_type: DataType::Float,
                shape: &[1, classes],
            },
            Port {
                name: FEATURES,
                data_type: DataType::Float,
                shape: &[1, features],
            },
        ],
    )
}

fn names(folded: &Folded) -> Vec<String> {
    folded
        .layers
        .iter()
        .enumerate()
        .map(|(i, layer)| match layer {
            FoldedLayer::Input => "image".to_owned(),
            FoldedLayer::Conv(conv) => conv.name.clone(),
            FoldedLayer::Add { .. } => format!("sum{i}"),
        })
        .collect()
}

fn weight_shape(conv: &FoldedConv) -> [usize; 4] {
    [
        conv.outputs,
        conv.inputs / conv.groups,
        conv.kernel,
        conv.kernel,
    ]
}

fn conv_attributes(conv: &FoldedConv) -> Vec<AttributeProto> {
    let pad = conv.kernel / 2;
    vec![
        integers("kernel_shape", &[conv.kernel; 2]),
        integers("strides", &[conv.stride; 2]),
        integers("pads", &[pad; 4]),
        integer("group", conv.groups as i64),
    ]
}
