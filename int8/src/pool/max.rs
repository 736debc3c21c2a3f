//! ONNX `MaxPool` on codes; on any other type it stays tract's own.

use normgate_int8_engine::Op;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::infer::*;
use tract_onnx::tract_hir::internal::*;
use tract_onnx::tract_hir::ops::expandable::Expansion;

use super::{PoolAttributes, dims};
use crate::constants::Constants;
use crate::error::{Int8Error, Problem};
use crate::image::code_of;
use crate::node::{Attributes, Node, Presence::*, Signature};
use crate::op::{QOp, Work};
use crate::windows::above_zero;

const SIGNATURE: Signature = Signature {
    op: "MaxPool",
    domain: "",
    inputs: &[("X", Required)],
    counts: "1",
};

const X: usize = 0;

/// The node, once its type is known.
#[derive(Clone, Debug)]
pub(crate) struct MaxPool {
    /// An error only where there are codes: of what tract takes, this crate takes a part.
    codes: Result<OfCodes, Int8Error>,
    tracts: Box<dyn Expansion>,
}

/// The node as the file has it.
#[derive(Clone, Debug)]
struct OfCodes {
    node: Node,
    pool: PoolAttributes,
    dilations: [usize; 2],
}

impl MaxPool {
    pub(crate) fn parse(
        proto: &NodeProto,
        tracts: TractResult<Box<dyn Expansion>>,
    ) -> TractResult<MaxPool> {
        let codes = OfCodes::parse(proto);
        match tracts {
            Ok(tracts) => Ok(MaxPool { codes, tracts }),
            // Of two errors, the clearer one.
            Err(why) => Err(codes.err().map_or(why, TractError::from)),
        }
    }
}

impl OfCodes {
    fn parse(proto: &NodeProto) -> Result<OfCodes, Int8Error> {
        let node = Node::parse(&SIGNATURE, proto)?;
        let mut attributes = Attributes::new(&node, proto);
        let pool = PoolAttributes::take(&node, &mut attributes)?;
        let dilations = above_zero(&node, &mut attributes, "dilations")?.unwrap_or([1; 2]);
        // The order of the indices, which are another output.
        attributes.flag("storage_order")?;
        attributes.finish()?;
        Ok(OfCodes {
            node,
            pool,
            dilations,
        })
    }

    fn op(&self, constants: &Constants<'_>) -> Result<QOp, Int8Error> {
        let (x, code) = constants.activations(X)?;
        let images = constants.images(X, &x.shape)?;
        let windows = self.pool.windows(images.shape, self.dilations);
        let windows = windows.map_err(|why| self.node.error(Problem::Engine(why)))?;
        let mut to = images.shape;
        (to.rows, to.columns) = (windows.y.output, windows.x.output);
        QOp::new(
            self.node.id.clone(),
            Work::Op(Op::MaxPool(windows)),
            vec![(images.shape, code)],
            to,
            dims(&images.batch, to),
            code,
        )
    }

    fn output(&self, mut shape: TVec<TDim>) -> Result<TVec<TDim>, Int8Error> {
        // Another rank, or a symbol, is refused when the node is wired.
        if shape.len() == 4 {
            for axis in 0..2 {
                if let Ok(input) = shape[2 + axis].to_usize() {
                    let windows = self.pool.axis(axis, input, self.dilations);
                    let windows = windows.map_err(|why| self.node.error(Problem::Engine(why)))?;
                    shape[2 + axis] = windows.output.to_dim();
                }
            }
        }
        Ok(shape)
    }
}

impl Expansion for MaxPool {
    fn name(&self) -> StaticName {
        "MaxPool".into()
    }

    fn nboutputs(&self) -> TractResult<usize> {
        self.tracts.as_ref().nboutputs()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        let Some(x) = inputs.first() else {
            return Ok(self.codes.as_ref().map(|_| ()).map_err(Clone::clone)?);
        };
        s.given(&x.datum_type, move |s, datum_type| {
            if code_of(datum_type).is_none() {
                return self.tracts.as_ref().rules(s, inputs, outputs);
            }
            let codes = self.codes.as_ref().map_err(Clone::clone)?;
            s.equals(&outputs[0].datum_type, datum_type)?;
            s.given(&x.shape, move |s, shape| {
                s.equals(&outputs[0].shape, codes.output(shape)?)
            })
        })
    }

    fn wire(
        &self,
        prefix: &str,
        model: &mut TypedModel,
        inputs: &[OutletId],
    ) -> TractResult<TVec<OutletId>> {
        if code_of(model.outlet_fact(inputs[0])?.datum_type).is_none() {
            return self.tracts.wire(prefix, model, inputs);
        }
        let codes = self.codes.as_ref().map_err(Clone::clone)?;
        let op = codes.op(&Constants {
            node: &codes.node,
            model,
            outlets: inputs,
        })?;
        model.wire_node(prefix, op, inputs)
    }
}
