//! `com.microsoft` `QLinearAveragePool`.

use normgate_int8_engine::average_pool;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::infer::*;
use tract_onnx::tract_hir::internal::*;
use tract_onnx::tract_hir::ops::expandable::Expansion;

use super::{PoolAttributes, channels_first, dims, spatial, wire};
use crate::constants::Constants;
use crate::error::{Int8Error, Problem};
use crate::node::{Attributes, Node, Presence::*, Signature};
use crate::op::{QOp, Work};

const SIGNATURE: Signature = Signature {
    op: "QLinearAveragePool",
    domain: "com.microsoft",
    inputs: &[
        ("X", Required),
        ("x_scale", Required),
        ("x_zero_point", Optional),
        ("y_scale", Required),
        ("y_zero_point", Optional),
    ],
    counts: "4 or 5",
};

const X: usize = 0;
const X_SCALE: usize = 1;
const Y_SCALE: usize = 3;

/// The node as the file has it.
#[derive(Clone, Debug)]
pub(crate) struct QLinearAveragePool {
    node: Node,
    pool: PoolAttributes,
    count_include_pad: bool,
    channels_last: bool,
}

impl QLinearAveragePool {
    pub(crate) fn parse(proto: &NodeProto) -> Result<QLinearAveragePool, Int8Error> {
        let node = Node::parse(&SIGNATURE, proto)?;
        let mut attributes = Attributes::new(&node, proto);
        let pool = PoolAttributes::take(&node, &mut attributes)?;
        let count_include_pad = attributes.flag("count_include_pad")?;
        let channels_last = attributes.flag("channels_last")?;
        attributes.finish()?;
        Ok(QLinearAveragePool {
            node,
            pool,
            count_include_pad,
            channels_last,
        })
    }

    fn op(&self, constants: &Constants<'_>) -> Result<QOp, Int8Error> {
        let (x, code) = constants.activations(X)?;
        let images = constants.images(X, &channels_first(&x.shape, self.channels_last))?;
        let input = constants.affine(X_SCALE, code, "that of X")?;
        let output = constants.affine(Y_SCALE, code, "that of X")?;
        let engine = |why| self.node.error(Problem::Engine(why));
        let windows = self.pool.windows(images.shape, [1; 2]).map_err(engine)?;
        let mut to = images.shape;
        (to.rows, to.columns) = (windows.y.output, windows.x.output);
        let op = average_pool(windows, self.count_include_pad, input, output, code);
        QOp::new(
            self.node.id.clone(),
            Work::Op(op.map_err(engine)?),
            vec![(images.shape, code)],
            to,
            dims(&images.batch, to),
            code,
        )
    }
}

impl Expansion for QLinearAveragePool {
    fn name(&self) -> StaticName {
        "QLinearAveragePool".into()
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
            // Another rank, or a symbol, is refused when the node is wired.
            if shape.len() == 4 {
                for (i, axis) in spatial(self.channels_last).into_iter().enumerate() {
                    if let Ok(input) = shape[axis].to_usize() {
                        let windows = self.pool.axis(i, input, [1; 2]);
                        let windows =
                            windows.map_err(|why| self.node.error(Problem::Engine(why)))?;
                        shape[axis] = windows.output.to_dim();
                    }
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
