//! A node of the file while it is parsed: its name, its inputs, its attributes.

use tract_onnx::model::optional_inputs;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::{AttributeProto, NodeProto};

use crate::error::{Int8Error, NodeId, Problem};

/// What an operator takes: its name, its domain and its inputs in order.
pub(crate) struct Signature {
    pub(crate) op: &'static str,
    /// The domain that onnxruntime and the ONNX checker ask for.
    pub(crate) domain: &'static str,
    /// Name, and whether it can be left out.
    pub(crate) inputs: &'static [(&'static str, Presence)],
    pub(crate) counts: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Required,
    Optional,
}

/// A checked node: who it is, and where tract puts each of its inputs.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) id: NodeId,
    names: Vec<&'static str>,
    /// tract leaves out empty inputs, so that a position in the file is not one in the graph.
    positions: Vec<Option<usize>>,
}

impl Node {
    pub(crate) fn parse(signature: &Signature, proto: &NodeProto) -> Result<Node, Int8Error> {
        Node::with_inputs(signature, signature.inputs, proto)
    }

    /// A node with inputs that depend on the file.
    pub(crate) fn with_inputs(
        signature: &Signature,
        inputs: &[(&'static str, Presence)],
        proto: &NodeProto,
    ) -> Result<Node, Int8Error> {
        let name = match proto.output.first() {
            Some(output) if proto.name.is_empty() => output.clone(),
            _ => proto.name.clone(),
        };
        let id = NodeId {
            op: signature.op,
            name,
        };
        let domain = if proto.domain == "ai.onnx" {
            ""
        } else {
            proto.domain.as_str()
        };
        if domain != signature.domain {
            return Err(id.error(Problem::Domain {
                expected: signature.domain,
                found: proto.domain.clone(),
            }));
        }
        let required = inputs.iter().rposition(|(_, p)| *p == Presence::Required);
        let least = required.map_or(0, |last| last + 1);
        if !(least..=inputs.len()).contains(&proto.input.len()) {
            return Err(id.error(Problem::InputCount {
                expected: signature.counts,
                found: proto.input.len(),
            }));
        }
        if proto.output.len() != 1 || proto.output[0].is_empty() {
            return Err(id.error(Problem::OutputCount {
                found: proto.output.len(),
            }));
        }
        let positions: Vec<_> = optional_inputs(proto).take(inputs.len()).collect();
        for ((input, presence), position) in inputs.iter().zip(&positions) {
            if *presence == Presence::Required && position.is_none() {
                return Err(id.error(Problem::InputMissing { input }));
            }
        }
        let names = inputs.iter().map(|(name, _)| *name).collect();
        Ok(Node {
            id,
            names,
            positions,
        })
    }

    /// The name of an input in the operator's definition.
    pub(crate) fn input_name(&self, input: usize) -> &'static str {
        self.names[input]
    }

    /// Where tract has this input, or `None` where the file leaves it out.
    pub(crate) fn position(&self, input: usize) -> Option<usize> {
        self.positions[input]
    }

    pub(crate) fn error(&self, problem: Problem) -> Int8Error {
        self.id.error(problem)
    }

    pub(crate) fn attribute_error(
        &self,
        attribute: &'static str,
        expected: &'static str,
        found: impl ToString,
    ) -> Int8Error {
        self.error(Problem::Attribute {
            attribute,
            expected,
            found: found.to_string(),
        })
    }
}

/// The attributes of a node, each taken once; what is left over is unknown.
pub(crate) struct Attributes<'a> {
    node: &'a Node,
    left: Vec<&'a AttributeProto>,
}

impl<'a> Attributes<'a> {
    pub(crate) fn new(node: &'a Node, proto: &'a NodeProto) -> Self {
        Attributes {
            node,
            left: proto.attribute.iter().collect(),
        }
    }

    fn take(&mut self, name: &str) -> Option<&'a AttributeProto> {
        let at = self.left.iter().position(|a| a.name == name)?;
        Some(self.left.swap_remove(at))
    }

    pub(crate) fn int(&mut self, name: &'static str) -> Result<Option<i64>, Int8Error> {
        let Some(attribute) = self.take(name) else {
            return Ok(None);
        };
        match attribute.r#type() {
            AttributeType::Int => Ok(Some(attribute.i)),
            other => Err(self
                .node
                .attribute_error(name, "an integer", format!("{other:?}"))),
        }
    }

    pub(crate) fn ints(&mut self, name: &'static str) -> Result<Option<&'a [i64]>, Int8Error> {
        let Some(attribute) = self.take(name) else {
            return Ok(None);
        };
        match attribute.r#type() {
            AttributeType::Ints => Ok(Some(&attribute.ints)),
            other => Err(self
                .node
                .attribute_error(name, "integers", format!("{other:?}"))),
        }
    }

    pub(crate) fn float(&mut self, name: &'static str) -> Result<Option<f32>, Int8Error> {
        let Some(attribute) = self.take(name) else {
            return Ok(None);
        };
        match attribute.r#type() {
            AttributeType::Float => Ok(Some(attribute.f)),
            other => Err(self
                .node
                .attribute_error(name, "a number", format!("{other:?}"))),
        }
    }

    /// 0 or 1; 0 where the file has none.
    pub(crate) fn flag(&mut self, name: &'static str) -> Result<bool, Int8Error> {
        match self.int(name)?.unwrap_or(0) {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.node.attribute_error(name, "0 or 1", other)),
        }
    }

    pub(crate) fn string(&mut self, name: &'static str) -> Result<Option<&'a [u8]>, Int8Error> {
        let Some(attribute) = self.take(name) else {
            return Ok(None);
        };
        match attribute.r#type() {
            AttributeType::String => Ok(Some(&attribute.s)),
            other => Err(self
                .node
                .attribute_error(name, "a string", format!("{other:?}"))),
        }
    }

    /// Refuses what no one has asked for.
    pub(crate) fn finish(self) -> Result<(), Int8Error> {
        match self.left.first() {
            None => Ok(()),
            Some(unknown) => Err(self.node.error(Problem::UnknownAttribute {
                attribute: unknown.name.clone(),
            })),
        }
    }
}
