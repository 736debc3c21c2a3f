//! ONNX `QLinearConv`: 8-bit convolution with bias and requantization in one step.
//!
//! [`attributes`] and this file check the node; the engine does the rest.

mod attributes;

use normgate_int8_engine::{ConvSpec, Op as EngineOp};
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::infer::*;
use tract_onnx::tract_hir::internal::*;
use tract_onnx::tract_hir::ops::expandable::Expansion;

use crate::constants::Constants;
use crate::error::{Int8Error, Problem};
use crate::image::code_of;
use crate::node::{Node, Presence::*, Signature};
use crate::op::{QOp, Work};
use attributes::ConvAttributes;

const SIGNATURE: Signature = Signature {
    op: "QLinearConv",
    domain: "",
    inputs: &[
        ("x", Required),
        ("x_scale", Required),
        ("x_zero_point", Required),
        ("w", Required),
        ("w_scale", Required),
        ("w_zero_point", Required),
        ("y_scale", Required),
        ("y_zero_point", Required),
        ("B", Optional),
    ],
    counts: "8 or 9",
};

const X: usize = 0;
const X_SCALE: usize = 1;
const X_ZERO_POINT: usize = 2;
const W: usize = 3;
const W_SCALE: usize = 4;
const W_ZERO_POINT: usize = 5;
const Y_SCALE: usize = 6;
const Y_ZERO_POINT: usize = 7;
const B: usize = 8;

/// The node as the file has it, before shapes and constants are known.
#[derive(Clone, Debug)]
pub(crate) struct QLinearConv {
    node: Node,
    attributes: ConvAttributes,
}

impl QLinearConv {
    pub(crate) fn parse(proto: &NodeProto) -> Result<QLinearConv, Int8Error> {
        let node = Node::parse(&SIGNATURE, proto)?;
        let attributes = ConvAttributes::parse(&node, proto)?;
        Ok(QLinearConv { node, attributes })
    }

    fn error(&self, problem: Problem) -> Int8Error {
        self.node.error(problem)
    }

    /// Reads and checks everything that the operator needs.
    fn op(&self, model: &TypedModel, outlets: &[OutletId]) -> TractResult<QOp> {
        let constants = Constants {
            node: &self.node,
            model,
            outlets,
        };
        let x = model.outlet_fact(constants.outlet(X)?)?;
        let image = constants.images(X, &x.shape)?.shape;
        let inputs = image.channels;
        let input = constants.zero_point(X_ZERO_POINT)?;
        if code_of(x.datum_type) != Some(input.0) {
            Err(constants.element_type(X, "that of x_zero_point", x.datum_type))?;
        }
        let output = constants.zero_point(Y_ZERO_POINT)?;

        let group = self.attributes.group;
        let shape = constants.tensor(W)?.shape().to_vec();
        let [outputs, group_inputs, kernel_y, kernel_x] = match shape[..] {
            [o, i, y, x] if shape.iter().all(|d| *d >= 1) => [o, i, y, x],
            _ => Err(constants.shape(W, "[M, C / group, kH, kW], none 0", &shape))?,
        };
        if group_inputs.checked_mul(group) != Some(inputs) || outputs % group != 0 {
            let expected = format!("M in {group} groups and C / group = {inputs} / {group}");
            Err(constants.shape(W, expected, &shape))?;
        }
        if let Some(kernel) = self.attributes.windows.kernel
            && kernel != [kernel_y, kernel_x]
        {
            Err(self.node.attribute_error(
                "kernel_shape",
                "that of w",
                format!("{kernel:?}, w has {:?}", [kernel_y, kernel_x]),
            ))?;
        }
        let axis = |axis, input, kernel| {
            self.attributes
                .axis(axis, input, kernel)
                .map_err(|why| self.error(Problem::Engine(why)))
        };
        let spec = ConvSpec {
            y: axis(0, image.rows, kernel_y)?,
            x: axis(1, image.columns, kernel_x)?,
            group,
            inputs,
            outputs,
            input_zero: input.1 + input.0.offset(),
            output_zero: output.1 + output.0.offset(),
            weights: constants
                .symmetric_weights(W, W_ZERO_POINT, outputs)?
                .into(),
            bias: self.bias(&constants, outputs)?,
            multipliers: constants.multipliers(
                constants.scale(X_SCALE)?,
                W_SCALE,
                Y_SCALE,
                outputs,
            )?,
        };
        spec.check()
            .map_err(|why| self.error(Problem::Engine(why)))?;
        let to = spec.output_shape();
        let dims: ShapeFact = [
            x.shape[0].clone(),
            to.channels.to_dim(),
            to.rows.to_dim(),
            to.columns.to_dim(),
        ]
        .into_iter()
        .collect();
        let work = Work::Op(EngineOp::Conv(spec));
        Ok(QOp::new(
            self.node.id.clone(),
            work,
            vec![(image, input.0)],
            to,
            dims,
            output.0,
        )?)
    }

    fn bias(&self, constants: &Constants<'_>, outputs: usize) -> Result<Vec<i32>, Int8Error> {
        if self.node.position(B).is_none() {
            return Ok(vec![0; outputs]);
        }
        let bias = constants.elements::<i32>(B, "int32")?;
        if bias.len() != outputs {
            return Err(constants.shape(B, format!("[{outputs}]"), [bias.len()]));
        }
        Ok(bias)
    }
}

impl Expansion for QLinearConv {
    fn name(&self) -> StaticName {
        "QLinearConv".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        let at = |input: usize| self.node.position(input).context("required input");
        let (x, w) = (&inputs[at(X)?], &inputs[at(W)?]);
        let y = &outputs[0];
        s.equals(&y.datum_type, &inputs[at(Y_ZERO_POINT)?].datum_type)?;
        s.given_2(&x.rank, &w.rank, move |s, x_rank, w_rank| {
            for (input, rank) in [("x", x_rank), ("w", w_rank)] {
                if rank != 4 {
                    Err(self.error(Problem::Shape {
                        input,
                        expected: "rank 4".into(),
                        found: format!("rank {rank}"),
                    }))?;
                }
            }
            s.equals(&y.rank, 4)?;
            s.equals(&x.shape[0], &y.shape[0])?;
            s.equals(&w.shape[0], &y.shape[1])?;
            for axis in 0..2 {
                s.given_2(
                    &x.shape[2 + axis],
                    &w.shape[2 + axis],
                    move |s, input, kernel| {
                        // A symbol here is refused when the node is wired.
                        if let (Ok(input), Ok(kernel)) = (input.to_usize(), kernel.to_usize()) {
                            let axis_of = self
                                .attributes
                                .axis(axis, input, kernel)
                                .map_err(|why| self.error(Problem::Engine(why)))?;
                            s.equals(&y.shape[2 + axis], axis_of.output.to_dim())?;
                        }
                        Ok(())
                    },
                )?;
            }
            Ok(())
        })
    }

    fn wire(
        &self,
        prefix: &str,
        model: &mut TypedModel,
        inputs: &[OutletId],
    ) -> TractResult<TVec<OutletId>> {
        let op = self.op(model, inputs)?;
        let x = inputs[self.node.position(X).context("required input")?];
        model.wire_node(prefix, op, &[x])
    }
}
