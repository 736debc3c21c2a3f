//! f32 operators between dequantized inputs and a quantized output, and the int8 operators that
//! take their place.

mod bias;
mod conv;
mod gemm;
mod pointwise;
mod weights;

pub(super) use pointwise::leaky;

use tract_onnx::pb::{AttributeProto, NodeProto, TensorProto};

use super::code::Affine;
use super::graph::{Graph, Id};
use super::params::{self, Dequantized, Params, Quantized};
use super::report::{Reason, Report};
use super::tensor;

/// An int8 node that is not in the graph yet.
pub(super) struct Lowered {
    pub(super) op: &'static str,
    pub(super) domain: &'static str,
    pub(super) inputs: Vec<Input>,
    pub(super) attributes: Vec<AttributeProto>,
}

#[derive(Clone)]
pub(super) enum Input {
    Name(String),
    New(Box<TensorProto>),
    Absent,
}

impl Input {
    pub(super) fn scale(params: &Params) -> Input {
        Input::Name(params.scale.clone())
    }

    /// The int8 operators tell the type of codes by it, so that it is never left out.
    /// onnxruntime's QGemm wants it in the scale's shape.
    pub(super) fn zero_point(params: &Params) -> Input {
        match (&params.zero_point, params.zero_point_tensor()) {
            (Some(name), _) => Input::Name(name.clone()),
            (None, Some(tensor)) => Input::New(Box::new(tensor)),
            (None, None) => Input::Absent,
        }
    }
}

/// Codes, scale, zero point.
pub(super) fn triple(x: &Dequantized) -> Vec<Input> {
    let params = &x.params;
    vec![
        Input::Name(x.codes.clone()),
        Input::scale(params),
        Input::zero_point(params),
    ]
}

impl Lowered {
    fn bytes(&self) -> usize {
        let new = self.inputs.iter().map(|input| match input {
            Input::New(tensor) => tensor.raw_data.len(),
            _ => 0,
        });
        new.sum()
    }

    /// Puts the node in the graph, beside the one with this id.
    pub(super) fn add(self, graph: &mut Graph, beside: Id, name: String, output: String) {
        let mut inputs = Vec::with_capacity(self.inputs.len());
        for input in self.inputs {
            inputs.push(match input {
                Input::Name(name) => name,
                Input::Absent => String::new(),
                Input::New(tensor) => {
                    let of = tensor::data_type(&tensor).unwrap_or_default();
                    let name = graph.fresh(&output, of);
                    graph.add_initializer(name.clone(), *tensor);
                    name
                }
            });
        }
        let node = NodeProto {
            op_type: self.op.into(),
            domain: self.domain.into(),
            name,
            input: inputs,
            output: vec![output],
            attribute: self.attributes,
            ..Default::default()
        };
        graph.add(beside, node);
    }
}

/// A node to lower, and what its output has to be.
struct Site<'a> {
    graph: &'a Graph,
    node: &'a NodeProto,
    output: &'a Quantized,
    to: Affine,
}

impl Site<'_> {
    /// An input that is quantized as a whole, in codes of the output's type.
    fn activation(&self, at: usize) -> Result<Dequantized, Reason> {
        let name = self.node.input.get(at).map_or("", String::as_str);
        let x = params::dequantized(self.graph, name, at)?;
        match x.params.affine() {
            Some(from) if from.code == self.to.code => Ok(x),
            None if x.params.code().is_some() => Err(Reason::PerAxis { of: x.codes }),
            _ => Err(Reason::CodeTypes { of: x.codes }),
        }
    }

    /// Whether the operators take a product of input scales over the output's. From 256 on no
    /// step of the input is left; below `least` onnxruntime's averages run out of bits.
    fn multiplier(&self, scale: f32, least: f32) -> Result<(), Reason> {
        let found = scale / self.to.scale;
        if (least..256.0).contains(&found) {
            return Ok(());
        }
        Err(Reason::Multiplier {
            found: found.to_string(),
            expected: if least > 0.0 {
                "2^-8 to 2^8"
            } else {
                "less than 2^8"
            },
        })
    }

    /// Scale and zero point of the output.
    fn output_params(&self) -> [Input; 2] {
        [
            Input::scale(&self.output.params),
            Input::zero_point(&self.output.params),
        ]
    }

    fn arity(&self, inputs: std::ops::RangeInclusive<usize>) -> Result<(), Reason> {
        if inputs.contains(&self.node.input.len()) {
            return Ok(());
        }
        Err(Reason::Arity {
            inputs: self.node.input.len(),
            outputs: self.node.output.len(),
        })
    }

    /// The node's attributes, all of which the int8 operator has too.
    fn attributes(&self, known: &[&str]) -> Result<Vec<AttributeProto>, Reason> {
        let attributes = &self.node.attribute;
        match attributes
            .iter()
            .find(|a| !known.contains(&a.name.as_str()))
        {
            None => Ok(attributes.clone()),
            Some(unknown) => Err(Reason::Attribute {
                name: unknown.name.clone(),
            }),
        }
    }
}

type Rule = fn(&Site<'_>) -> Result<Lowered, Reason>;

fn rule(node: &NodeProto) -> Option<Rule> {
    let rule: Rule = match node.op_type.as_str() {
        _ if !matches!(node.domain.as_str(), "" | "ai.onnx") => return None,
        "Conv" => conv::conv,
        "Gemm" => gemm::gemm,
        "MatMul" => gemm::matmul,
        "Add" => |site| pointwise::binary(site, "QLinearAdd"),
        "Mul" => |site| pointwise::binary(site, "QLinearMul"),
        "Concat" => pointwise::concat,
        "AveragePool" => pointwise::average_pool,
        "GlobalAveragePool" => pointwise::global_average_pool,
        "LeakyRelu" => |site| pointwise::unary(site, "QLinearLeakyRelu", &["alpha"]),
        "Relu" => pointwise::relu,
        "Sigmoid" => |site| pointwise::unary(site, "QLinearSigmoid", &[]),
        _ => return None,
    };
    Some(rule)
}

/// Whether there is an int8 operator that does the same.
pub(super) fn is_known(node: &NodeProto) -> bool {
    rule(node).is_some()
}

/// The int8 form of a node together with the QuantizeLinear behind it, or why there is none.
pub(super) fn plan(graph: &Graph, node: &NodeProto) -> Result<(Quantized, Lowered), Reason> {
    let rule = rule(node).ok_or(Reason::NoInt8Form)?;
    let [output] = &node.output[..] else {
        return Err(Reason::Arity {
            inputs: node.input.len(),
            outputs: node.output.len(),
        });
    };
    let quantizer = graph.only_reader(output);
    let mut readers = graph.readers(output).iter();
    let quantized = match quantizer.map(|id| params::quantized(graph, id)) {
        Some(quantized) => quantized?,
        None if readers.any(|id| params::quantized(graph, *id).is_ok()) => {
            return Err(Reason::OutputShared);
        }
        None => return Err(Reason::NotQuantized),
    };
    let to = quantized.params.affine().ok_or_else(|| Reason::PerAxis {
        of: quantized.codes.clone(),
    })?;
    let site = Site {
        graph,
        node,
        output: &quantized,
        to,
    };
    let lowered = rule(&site)?;
    if graph.affords(lowered.bytes()) {
        Ok((quantized, lowered))
    } else {
        Err(Reason::NoRoom)
    }
}

/// Puts int8 operators in the place of all nodes that have a form.
pub(super) fn apply(graph: &mut Graph, report: &mut Report) {
    for id in graph.ids() {
        let Some(node) = graph.node(id) else { continue };
        let Ok((quantized, lowered)) = plan(graph, node) else {
            continue;
        };
        graph.remove(quantized.id);
        let Some(node) = graph.remove(id) else {
            continue;
        };
        report.count(&node.op_type);
        lowered.add(graph, id, node.name, quantized.codes);
    }
}
