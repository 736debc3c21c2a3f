//! `com.microsoft` `QLinearGlobalAveragePool`.

use normgate_int8_engine::{GlobalAveragePool, Op, Shape};
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::infer::*;
use tract_onnx::tract_hir::internal::*;
use tract_onnx::tract_hir::ops::expandable::Expansion;

use super::{channels_first, dims, spatial, wire};
use crate::constants::Constants;
use crate::error::{Int8Error, Problem};
use crate::node::{Attributes, Node, Presence::*, Signature};
use crate::op::{QOp, Work};

const SIGNATURE: Signature = Signature {
    op: "QLinearGlobalAveragePool",
    domain: "com.microsoft",
    inputs: &[
        ("X", Required),
        ("x_scale", Required),
        ("x_zero_point", Required),
        ("y_scale", Required),
        ("y_zero_point", Required),
    ],
    counts: "5",
};

const X: usize = 0;
const X_SCALE: usize = 1;
const Y_SCALE: usize = 3;

/// The node as the file has it.
#[derive(Clone, Debug)]
pub(crate) struct QLinearGlobalAveragePool {
    node: Node,
    channels_last: bool,
}

impl QLinearGlobalAveragePool {
    pub(crate) fn parse(proto: &NodeProto) -> Result<QLinearGlobalAveragePool, Int8Error> {
        let node = Node::parse(&SIGNATURE, proto)?;
        let mut attributes = Attributes::new(&node, proto);
        let channels_last = attributes.flag("channels_last")?;
        attributes.finish()?;
        Ok(QLinearGlobalAveragePool {
            node,
            channels_last,
        })
    }

    fn op(&self, constants: &Constants<'_>) -> Result<QOp, Int8Error> {
        let (x, code) = constants.activations(X)?;
        let images = constants.images(X, &channels_first(&x.shape, self.channels_last))?;
        let input = constants.affine(X_SCALE, code, "that of X")?;
        let output = constants.affine(Y_SCALE, code, "that of X")?;
        let op = GlobalAveragePool::new(images.shape, input, output, code)
            .map_err(|why| self.node.error(Problem::Engine(why)))?;
        let to = Shape {
            rows: 1,
            columns: 1,
            channels: images.shape.channels,
        };
        QOp::new(
            self.node.id.clone(),
            Work::Op(Op::GlobalAveragePool(op)),
            vec![(images.shape, code)],
            to,
            dims(&images.batch, to),
            code,
        )
    }
}

impl Expansion for QLinearGlobalAveragePool {
    fn name(&self) -> StaticName {
        "QLinearGlobalAveragePool".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        let x = &inputs[self.node.position(X).context("required input")?];
        s.equals(&outputs[0].datum_type, &x.datum_type)?;
        s.given(&x.shape, move |s, mut shape| {
            // Another rank is refused when the node is wired.
            if shape.len() == 4 {
                for axis in spatial(self.channels_last) {
                    shape[axis] = 1.to_dim();
                }
            }
            s.equals(&outputs[0].shape, shape)
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
        let x = constants.outlet(X)?;
        wire(prefix, model, op, x, self.channels_last)
    }
}
