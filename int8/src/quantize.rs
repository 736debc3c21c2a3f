//! ONNX `QuantizeLinear` of f32 with one scale; tract multiplies by the scale's reciprocal, onnxruntime divides. Any
//! other is tract's own.

use normgate_int8_engine::Code;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::infer::*;
use tract_onnx::tract_hir::internal::*;
use tract_onnx::tract_hir::ops::expandable::Expansion;

use crate::constants::Constants;
use crate::error::Int8Error;
use crate::image::Images;
use crate::node::{Node, Presence::*, Signature};
use crate::op::{QOp, Work};

/// onnxruntime has it in its own domain too.
const DOMAINS: [&str; 2] = ["", "com.microsoft"];

const fn signature(domain: &'static str) -> Signature {
    Signature {
        op: "QuantizeLinear",
        domain,
        inputs: &[
            ("x", Required),
            ("y_scale", Required),
            ("y_zero_point", Optional),
        ],
        counts: "2 or 3",
    }
}

const X: usize = 0;
const Y_SCALE: usize = 1;
const Y_ZERO_POINT: usize = 2;

/// The node as the file has it.
#[derive(Clone, Debug)]
pub(crate) struct QuantizeLinear {
    node: Node,
    tracts: Box<dyn Expansion>,
}

impl QuantizeLinear {
    pub(crate) fn parse(
        proto: &NodeProto,
        tracts: Box<dyn Expansion>,
    ) -> Result<QuantizeLinear, Int8Error> {
        let domain = DOMAINS.iter().find(|domain| **domain == proto.domain);
        let node = Node::parse(&signature(domain.unwrap_or(&"")), proto)?;
        Ok(QuantizeLinear { node, tracts })
    }

    /// `None` for what is left to tract.
    fn op(&self, constants: &Constants<'_>) -> Result<Option<QOp>, Int8Error> {
        let model = constants.model;
        let constant = |input: usize| {
            let fact = model.outlet_fact(constants.outlet(input).ok()?).ok()?;
            fact.konst.clone().filter(|tensor| tensor.len() == 1)
        };
        let x = model.outlet_fact(constants.outlet(X)?);
        let x = x.map_err(|_| constants.missing(X))?;
        let images = Images::of(&x.shape).filter(|_| x.datum_type == f32::datum_type());
        let zero_point = match self.node.position(Y_ZERO_POINT) {
            None => Some((Code::U8, 0)),
            Some(_) => constant(Y_ZERO_POINT)
                .filter(|tensor| crate::image::code_of(tensor.datum_type()).is_some())
                .map(|_| constants.zero_point(Y_ZERO_POINT))
                .transpose()?,
        };
        let (Some(images), Some((code, zero_point)), Some(_)) =
            (images, zero_point, constant(Y_SCALE))
        else {
            return Ok(None);
        };
        let work = Work::Quantize {
            scale: constants.scale(Y_SCALE)?,
            zero_point: zero_point + code.offset(),
        };
        let id = self.node.id.clone();
        let dims = x.shape.clone();
        QOp::new(
            id,
            work,
            vec![(images.shape, code)],
            images.shape,
            dims,
            code,
        )
        .map(Some)
    }
}

impl Expansion for QuantizeLinear {
    fn name(&self) -> StaticName {
        "QuantizeLinear".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        self.tracts.as_ref().rules(s, inputs, outputs)
    }

    fn wire(
        &self,
        prefix: &str,
        model: &mut TypedModel,
        inputs: &[OutletId],
    ) -> TractResult<TVec<OutletId>> {
        let op = self.op(&Constants {
            node: &self.node,
            model,
            outlets: inputs,
        })?;
        match op {
            Some(op) => model.wire_node(prefix, op, &inputs[..1]),
            None => self.tracts.wire(prefix, model, inputs),
        }
    }
}
