//! The engine's graph of a region.

use std::collections::HashMap;

use normgate_int8_engine as engine;
use tract_onnx::tract_core::ops::change_axes::AxisOp;
use tract_onnx::tract_hir::internal::*;
use tract_onnx::tract_hir::ops::quant::DequantizeLinearF32;

use super::members::summed;
use crate::image::{Images, code_of};
use crate::op::{QNode, QOp, Work};

/// A region as the engine has it, and where tract has its inputs and outputs.
pub(super) struct Built<'a> {
    /// The first operator.
    pub(super) first: Option<&'a QNode>,
    pub(super) graph: engine::Graph,
    pub(super) inputs: Vec<OutletId>,
    pub(super) outputs: Vec<OutletId>,
}

pub(super) fn build<'a>(model: &'a TypedModel, members: &[usize]) -> TractResult<Built<'a>> {
    let mut builder = Builder {
        model,
        values: HashMap::new(),
        built: Built {
            first: None,
            graph: engine::Graph::default(),
            inputs: vec![],
            outputs: vec![],
        },
    };
    for n in members {
        builder.add(model.node(*n))?;
    }
    let ends = model.output_outlets()?;
    for n in members {
        let outlet = OutletId::new(*n, 0);
        let leaves = |inlet: &InletId| !members.contains(&inlet.node);
        let successors = &model.node(*n).outputs[0].successors;
        if ends.contains(&outlet) || successors.iter().any(leaves) {
            builder.output(outlet)?;
        }
    }
    Ok(builder.built)
}

struct Builder<'a> {
    model: &'a TypedModel,
    /// The engine's value for each outlet of codes.
    values: HashMap<OutletId, engine::Value>,
    built: Built<'a>,
}

impl<'a> Builder<'a> {
    fn add(&mut self, node: &'a TypedNode) -> TractResult<()> {
        let outlet = OutletId::new(node.id, 0);
        let Some(op) = node.op_as::<QOp>() else {
            // No work in here: the value of a change of axes, a DequantizeLinear or a sum is its input's.
            let value = self.value(node.inputs[0], None)?;
            self.values.insert(outlet, value);
            return Ok(());
        };
        let op = op.node();
        self.built.first.get_or_insert(op);
        let value = match &op.work {
            Work::Quantize { scale, zero_point } => {
                let value = self.new_value(op.output);
                let source = engine::Source::Floats {
                    scale: *scale,
                    zero_point: *zero_point,
                };
                self.input(node.inputs[0], value, source)?;
                value
            }
            Work::Op(work) => {
                let inputs = node
                    .inputs
                    .iter()
                    .zip(&op.inputs)
                    .map(|(outlet, (shape, _))| self.value(*outlet, Some(*shape)))
                    .collect::<TractResult<Vec<_>>>()?;
                let output = self.new_value(op.output);
                self.built.graph.nodes.push(engine::Node {
                    op: work.clone(),
                    inputs,
                    output,
                });
                output
            }
        };
        self.values.insert(outlet, value);
        Ok(())
    }

    fn new_value(&mut self, shape: engine::Shape) -> engine::Value {
        self.built.graph.values.push(shape);
        self.built.graph.values.len() - 1
    }

    /// The value of an outlet of codes; made a constant or an input where no member makes it.
    fn value(
        &mut self,
        outlet: OutletId,
        shape: Option<engine::Shape>,
    ) -> TractResult<engine::Value> {
        if let Some(value) = self.values.get(&outlet) {
            return Ok(*value);
        }
        let fact = self.model.outlet_fact(outlet)?;
        let images = Images::of(&fact.shape).context("images of a known shape")?;
        let code = code_of(fact.datum_type).context("codes")?;
        let value = self.new_value(shape.unwrap_or(images.shape));
        match &fact.konst {
            Some(tensor) if images.batch == 1.to_dim() => {
                let codes = pixels_first(tensor, images.shape, code.flip())?;
                self.built.graph.nodes.push(engine::Node {
                    op: engine::Op::Constant(codes.into()),
                    inputs: vec![],
                    output: value,
                });
            }
            _ => self.input(outlet, value, engine::Source::Codes { flip: code.flip() })?,
        }
        self.values.insert(outlet, value);
        Ok(value)
    }

    fn input(
        &mut self,
        outlet: OutletId,
        value: engine::Value,
        source: engine::Source,
    ) -> TractResult<()> {
        // A camera's pixels lie as the engine has them; a move before the region is undone.
        let node = self.model.node(outlet.node);
        let (outlet, layout) = match node.op_as::<AxisOp>() {
            Some(AxisOp::Move(3, 1)) if self.model.outlet_fact(outlet)?.rank() == 4 => {
                (node.inputs[0], engine::Layout::Nhwc)
            }
            _ => (outlet, engine::Layout::Nchw),
        };
        self.built.inputs.push(outlet);
        self.built.graph.inputs.push(engine::Input {
            value,
            layout,
            source,
        });
        Ok(())
    }

    fn output(&mut self, outlet: OutletId) -> TractResult<()> {
        let node = self.model.node(outlet.node);
        let real = |before: &TypedNode, op: &DequantizeLinearF32| {
            let fact = self.model.outlet_fact(before.inputs[0])?;
            let code = code_of(fact.datum_type).context("codes")?;
            TractResult::Ok((op.scale, op.zero_point + code.offset()))
        };
        let target = if let Some((before, op)) = summed(self.model, node) {
            let (scale, zero_point) = real(before, op)?;
            engine::Target::Sums { scale, zero_point }
        } else if let Some(op) = node.op_as::<DequantizeLinearF32>() {
            let (scale, zero_point) = real(node, op)?;
            engine::Target::Floats { scale, zero_point }
        } else {
            let code = code_of(self.model.outlet_fact(outlet)?.datum_type);
            let flip = code.context("codes")?.flip();
            engine::Target::Codes { flip }
        };
        self.built.outputs.push(outlet);
        self.built.graph.outputs.push(engine::Output {
            value: self.values[&outlet],
            layout: engine::Layout::Nchw,
            target,
        });
        Ok(())
    }
}

/// The codes of one image of a constant, all channels of a pixel together, unsigned.
fn pixels_first(tensor: &Tensor, shape: engine::Shape, flip: u8) -> TractResult<Vec<u8>> {
    let plain = tensor.try_as_plain_ram()?;
    let bytes = plain.as_bytes();
    ensure!(bytes.len() == shape.codes(), "a constant of another length");
    let pixels = shape.rows * shape.columns;
    let code = |i: usize| bytes[i % shape.channels * pixels + i / shape.channels] ^ flip;
    Ok((0..bytes.len()).map(code).collect())
}
