//! `com.microsoft` `QLinearConcat` along the channels.

use normgate_int8_engine::{Op, Shape, Table};
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::infer::*;
use tract_onnx::tract_hir::internal::*;
use tract_onnx::tract_hir::ops::expandable::Expansion;

use crate::constants::Constants;
use crate::error::{Int8Error, Problem};
use crate::image::Images;
use crate::node::{Attributes, Node, Presence::*, Signature};
use crate::op::{QOp, Work};

/// The inputs of one part follow, part after part.
const SIGNATURE: Signature = Signature {
    op: "QLinearConcat",
    domain: "com.microsoft",
    inputs: &[("Y_scale", Required), ("Y_zero_point", Required)],
    counts: "2, and 3 for each part",
};

const Y_SCALE: usize = 0;
const Y_ZERO_POINT: usize = 1;

/// The channels.
const AXIS: usize = 1;

/// The node as the file has it.
#[derive(Clone, Debug)]
pub(crate) struct QLinearConcat {
    node: Node,
    parts: usize,
    axis: i64,
}

impl QLinearConcat {
    pub(crate) fn parse(proto: &NodeProto) -> Result<QLinearConcat, Int8Error> {
        let parts = proto.input.len().saturating_sub(2).div_ceil(3).max(1);
        let mut inputs = SIGNATURE.inputs.to_vec();
        for _ in 0..parts {
            inputs.extend([
                ("x", Required),
                ("x_scale", Required),
                ("x_zero_point", Required),
            ]);
        }
        let node = Node::with_inputs(&SIGNATURE, &inputs, proto)?;
        let mut attributes = Attributes::new(&node, proto);
        let axis = attributes.int("axis")?;
        attributes.finish()?;
        let axis =
            axis.ok_or_else(|| node.attribute_error("axis", "that of the channels", "missing"))?;
        Ok(QLinearConcat { node, parts, axis })
    }

    /// The inputs that are put together.
    fn parts(&self) -> impl Iterator<Item = usize> {
        (0..self.parts).map(|part| 2 + 3 * part)
    }

    fn check_axis(&self, rank: usize) -> Result<(), Int8Error> {
        let axis = if self.axis < 0 {
            self.axis + rank as i64
        } else {
            self.axis
        };
        if axis == AXIS as i64 && rank > AXIS {
            return Ok(());
        }
        Err(self
            .node
            .attribute_error("axis", "1, that of the channels", self.axis))
    }

    fn op(&self, constants: &Constants<'_>) -> Result<QOp, Int8Error> {
        let first = constants.activations(2)?;
        let code = constants.zero_point(Y_ZERO_POINT)?.0;
        let output = constants.affine(Y_SCALE, code, "that of x")?;
        self.check_axis(first.0.rank())?;
        let mut dims: TVec<TDim> = first.0.shape.iter().cloned().collect();
        let mut channels = 0.to_dim();
        let mut inputs = vec![];
        let mut tables = vec![];
        for part in self.parts() {
            let (x, found) = constants.activations(part)?;
            if found != code {
                return Err(constants.element_type(part, "that of Y_zero_point", x.datum_type));
            }
            dims[AXIS] = x.shape.get(AXIS).cloned().unwrap_or(0.to_dim());
            let Some(images) = Images::of(&x.shape).filter(|_| dims[..] == x.shape[..]) else {
                let expected = format!("{:?} but for known channels", first.0.shape);
                return Err(constants.shape(part, expected, &x.shape));
            };
            channels += dims[AXIS].clone();
            inputs.push((images.shape, code));
            let affine = constants.affine(part + 1, code, "that of Y_zero_point")?;
            tables.push(Table::requantize(affine, output, code));
        }
        dims[AXIS] = channels;
        let first = inputs[0].0;
        let shape = Shape {
            channels: inputs.iter().map(|(shape, _)| shape.channels).sum(),
            ..first
        };
        let work = Work::Op(Op::Concat(tables));
        QOp::new(self.node.id.clone(), work, inputs, shape, dims.into(), code)
    }
}

impl Expansion for QLinearConcat {
    fn name(&self) -> StaticName {
        "QLinearConcat".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        let y = &outputs[0];
        s.equals(&y.datum_type, &inputs[Y_ZERO_POINT].datum_type)?;
        let shapes: Vec<_> = self
            .parts()
            .map(|part| (&inputs[part].shape).bex())
            .collect();
        s.given_all(shapes, move |s, shapes| {
            let mut dims = shapes[0].clone();
            self.check_axis(dims.len())?;
            for shape in &shapes[1..] {
                if shape.len() != dims.len() {
                    Err(self.node.error(Problem::Shape {
                        input: "x",
                        expected: format!("rank {}", dims.len()),
                        found: format!("{shape:?}"),
                    }))?;
                }
                dims[AXIS] += shape[AXIS].clone();
            }
            s.equals(&y.shape, dims)
        })
    }

    fn wire(
        &self,
        prefix: &str,
        model: &mut TypedModel,
        inputs: &[OutletId],
    ) -> TractResult<TVec<OutletId>> {
        let constants = Constants {
            node: &self.node,
            model,
            outlets: inputs,
        };
        let op = self.op(&constants)?;
        let outlets: TVec<OutletId> = self
            .parts()
            .map(|part| constants.outlet(part))
            .collect::<Result<_, _>>()?;
        model.wire_node(prefix, op, &outlets)
    }
}
