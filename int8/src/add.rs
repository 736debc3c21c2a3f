//! `com.microsoft` `QLinearAdd`: the residual add on 8-bit codes.

use normgate_int8_engine::{AddParams, Affine, Code, Op as EngineOp};
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::infer::*;
use tract_onnx::tract_hir::internal::*;
use tract_onnx::tract_hir::ops::expandable::Expansion;

use crate::constants::Constants;
use crate::error::{Int8Error, Problem};
use crate::image::{Images, code_of};
use crate::node::{Attributes, Node, Presence::*, Signature};
use crate::op::{QOp, Work};

const SIGNATURE: Signature = Signature {
    op: "QLinearAdd",
    domain: "com.microsoft",
    inputs: &[
        ("A", Required),
        ("A_scale", Required),
        ("A_zero_point", Optional),
        ("B", Required),
        ("B_scale", Required),
        ("B_zero_point", Optional),
        ("C_scale", Required),
        ("C_zero_point", Optional),
    ],
    counts: "7 or 8",
};

const A: usize = 0;
const B: usize = 3;
const C_SCALE: usize = 6;

/// The node as the file has it. Operands have one shape; there is no broadcasting.
#[derive(Clone, Debug)]
pub(crate) struct QLinearAdd {
    node: Node,
}

impl QLinearAdd {
    pub(crate) fn parse(proto: &NodeProto) -> Result<QLinearAdd, Int8Error> {
        let node = Node::parse(&SIGNATURE, proto)?;
        Attributes::new(&node, proto).finish()?;
        Ok(QLinearAdd { node })
    }

    /// The scale at `scale` and the zero point after it, which is 0 where the file has none.
    fn affine(
        &self,
        constants: &Constants<'_>,
        scale: usize,
        code: Code,
    ) -> Result<Affine, Int8Error> {
        let zero_point = if self.node.position(scale + 1).is_some() {
            let (found, zero_point) = constants.zero_point(scale + 1)?;
            if found != code {
                let found = crate::image::datum_type(found);
                return Err(constants.element_type(scale + 1, "that of A", found));
            }
            zero_point
        } else {
            0
        };
        Ok(Affine {
            scale: constants.scale(scale)?,
            zero_point,
        })
    }

    fn op(&self, model: &TypedModel, outlets: &[OutletId]) -> TractResult<QOp> {
        let constants = Constants {
            node: &self.node,
            model,
            outlets,
        };
        let a = model.outlet_fact(constants.outlet(A)?)?;
        let b = model.outlet_fact(constants.outlet(B)?)?;
        let Some(code) = code_of(a.datum_type) else {
            Err(constants.element_type(A, "uint8 or int8", a.datum_type))?
        };
        if b.datum_type != a.datum_type {
            Err(constants.element_type(B, "that of A", b.datum_type))?;
        }
        if a.shape != b.shape {
            let expected = format!("A's {:?} (no broadcasting)", a.shape);
            Err(constants.shape(B, expected, &b.shape))?;
        }
        let Some(images) = Images::of(&a.shape) else {
            Err(constants.shape(A, "all axes but the first known, none 0", &a.shape))?
        };
        let params = AddParams::new(
            self.affine(&constants, A + 1, code)?,
            self.affine(&constants, B + 1, code)?,
            self.affine(&constants, C_SCALE, code)?,
            code,
        )
        .map_err(|why| self.node.error(Problem::Engine(why)))?;
        Ok(QOp::new(
            self.node.id.clone(),
            Work::Op(EngineOp::Add(params)),
            vec![(images.shape, code); 2],
            images.shape,
            a.shape.clone(),
            code,
        )?)
    }
}

impl Expansion for QLinearAdd {
    fn name(&self) -> StaticName {
        "QLinearAdd".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        let at = |input: usize| self.node.position(input).context("required input");
        let (a, b) = (&inputs[at(A)?], &inputs[at(B)?]);
        s.equals(&outputs[0].datum_type, &a.datum_type)?;
        s.equals(&outputs[0].shape, &a.shape)?;
        s.given_2(&a.shape, &b.shape, move |_, a, b| {
            if a == b {
                return Ok(());
            }
            Err(self.node.error(Problem::Shape {
                input: "B",
                expected: format!("A's {a:?} (no broadcasting)"),
                found: format!("{b:?}"),
            }))?
        })
    }

    fn wire(
        &self,
        prefix: &str,
        model: &mut TypedModel,
        inputs: &[OutletId],
    ) -> TractResult<TVec<OutletId>> {
        let op = self.op(model, inputs)?;
        let at = |input: usize| self.node.position(input).context("required input");
        model.wire_node(prefix, op, &[inputs[at(A)?], inputs[at(B)?]])
    }
}
