//! Checks of the graph against the description, before tract sees it.

use std::collections::HashMap;

use normgate_int8::tract::pb::{
    GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, tensor_proto::DataType,
    tensor_shape_proto::dimension, type_proto,
};

use super::{BundleError, Description, FEATURES, INPUT, LOGITS, Precision, initializers, nodes};

const MAX_NODES: usize = 4096;
const OPSETS: std::ops::RangeInclusive<i64> = 13..=18;

/// A tensor of the graph: its element type and shape, and its data where it is constant.
#[derive(Debug, Clone)]
pub(super) struct Value<'a> {
    pub(super) data_type: i32,
    pub(super) shape: Vec<usize>,
    pub(super) constant: Option<&'a TensorProto>,
}

pub(super) fn check(model: &ModelProto, description: &Description) -> Result<(), BundleError> {
    let graph = model.graph.as_ref().ok_or(BundleError::NoGraph)?;
    check_opsets(model)?;
    if !graph.sparse_initializer.is_empty() || !model.functions.is_empty() {
        return Err(BundleError::Graph(
            "has sparse initializers or functions, expected none".into(),
        ));
    }
    if graph.node.len() > MAX_NODES {
        return Err(BundleError::Graph(format!(
            "{} nodes, expected at most {MAX_NODES}",
            graph.node.len()
        )));
    }
    let mut values = constants(graph)?;
    let input = check_input(graph, description)?;
    values.insert(INPUT, input);
    for (place, node) in graph.node.iter().enumerate() {
        walk(place, node, &mut values)?;
    }
    check_precision(graph, description.precision)?;
    let shapes = [
        (LOGITS, description.labels.len()),
        (FEATURES, description.features),
    ];
    if graph.output.len() != shapes.len() {
        return Err(BundleError::Graph(format!(
            "{} outputs, expected {LOGITS} and {FEATURES}",
            graph.output.len()
        )));
    }
    for (output, (name, length)) in graph.output.iter().zip(shapes) {
        check_output(output, name, length, &values)?;
    }
    Ok(())
}

fn check_opsets(model: &ModelProto) -> Result<(), BundleError> {
    let mut standard = false;
    for opset in &model.opset_import {
        match opset.domain.as_str() {
            "" | "ai.onnx" if OPSETS.contains(&opset.version) => standard = true,
            "com.microsoft" if opset.version == 1 => {}
            domain => {
                return Err(BundleError::Graph(format!(
                    "operator set {domain:?} {}, expected ai.onnx {} to {} and com.microsoft 1",
                    opset.version,
                    OPSETS.start(),
                    OPSETS.end()
                )));
            }
        }
    }
    if standard {
        Ok(())
    } else {
        Err(BundleError::Graph(
            "no operator set ai.onnx is imported".into(),
        ))
    }
}

fn constants(graph: &GraphProto) -> Result<HashMap<&str, Value<'_>>, BundleError> {
    let mut values = HashMap::new();
    for tensor in &graph.initializer {
        let value = Value {
            data_type: tensor.data_type,
            shape: initializers::check(tensor)?,
            constant: Some(tensor),
        };
        if tensor.name.is_empty() || values.insert(tensor.name.as_str(), value).is_some() {
            return Err(BundleError::Graph(format!(
                "initializer {:?} is there twice or has no name",
                tensor.name
            )));
        }
    }
    Ok(values)
}

fn check_input<'a>(
    graph: &GraphProto,
    description: &Description,
) -> Result<Value<'a>, BundleError> {
    let [input] = graph.input.as_slice() else {
        return Err(BundleError::Graph(format!(
            "{} inputs, expected one, {INPUT}",
            graph.input.len()
        )));
    };
    let i = &description.input;
    let expected = vec![1, i.height as usize, i.width as usize, 3];
    let (data_type, shape) = declared(input)?;
    if input.name != INPUT || data_type != DataType::Uint8 as i32 || shape != expected {
        return Err(BundleError::Graph(format!(
            "input {} of type {data_type} and shape {shape:?}, expected {INPUT}, uint8, {expected:?} as in the description",
            input.name
        )));
    }
    Ok(Value {
        data_type,
        shape,
        constant: None,
    })
}

fn check_output(
    output: &ValueInfoProto,
    name: &str,
    length: usize,
    values: &HashMap<&str, Value<'_>>,
) -> Result<(), BundleError> {
    let expected = vec![1, length];
    let (data_type, shape) = declared(output)?;
    let computed = values
        .get(output.name.as_str())
        .filter(|v| v.constant.is_none())
        .ok_or_else(|| {
            BundleError::Graph(format!("output {} is computed by no node", output.name))
        })?;
    let fits = |t: i32, s: &[usize]| t == DataType::Float as i32 && s == expected;
    if output.name != name || !fits(data_type, &shape) || !fits(computed.data_type, &computed.shape)
    {
        return Err(BundleError::Graph(format!(
            "output {} declared as type {data_type}, shape {shape:?} and computed as type {}, shape {:?}; expected {name}, float, {expected:?} as in the description",
            output.name, computed.data_type, computed.shape
        )));
    }
    Ok(())
}

fn declared(info: &ValueInfoProto) -> Result<(i32, Vec<usize>), BundleError> {
    let fault = |why: &str| BundleError::Graph(format!("{}: {why}", info.name));
    let Some(type_proto::Value::TensorType(tensor)) =
        info.r#type.as_ref().and_then(|t| t.value.as_ref())
    else {
        return Err(fault("not declared as a tensor"));
    };
    let shape = tensor.shape.as_ref().ok_or_else(|| fault("no shape"))?;
    let dims = shape
        .dim
        .iter()
        .map(|d| match d.value {
            Some(dimension::Value::DimValue(v)) => usize::try_from(v).ok(),
            _ => None,
        })
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| fault("a dimension is not a fixed number"))?;
    Ok((tensor.elem_type, dims))
}

fn walk<'a>(
    place: usize,
    node: &'a NodeProto,
    values: &mut HashMap<&'a str, Value<'a>>,
) -> Result<(), BundleError> {
    let name = match node.name.as_str() {
        "" => format!("{place} ({})", node.op_type),
        name => name.to_owned(),
    };
    let fault = |why: String| BundleError::Node {
        node: name.clone(),
        why,
    };
    let inputs = node
        .input
        .iter()
        .map(|i| {
            values
                .get(i.as_str())
                .ok_or_else(|| fault(format!("input {i:?} is computed by no earlier node")))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let [output] = node.output.as_slice() else {
        return Err(fault(format!(
            "{} outputs, expected one",
            node.output.len()
        )));
    };
    let value = nodes::infer(node, &inputs).map_err(fault)?;
    if output.is_empty() || values.insert(output, value).is_some() {
        return Err(fault(format!(
            "output {output:?} is there already or has no name"
        )));
    }
    Ok(())
}

fn check_precision(graph: &GraphProto, precision: Precision) -> Result<(), BundleError> {
    let count = |op: &str| graph.node.iter().filter(|n| n.op_type == op).count();
    let (int8, f32) = (count("QLinearConv"), count("Conv"));
    let agrees = match precision {
        Precision::Int8 => int8 > 0 && f32 == 0,
        Precision::F32 => f32 > 0 && int8 == 0,
    };
    if agrees {
        Ok(())
    } else {
        Err(BundleError::Graph(format!(
            "{int8} QLinearConv and {f32} Conv nodes, which disagrees with the description's precision {precision:?}"
        )))
    }
}
