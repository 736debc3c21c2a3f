//! `com.microsoft` `QLinearAdd`: the residual add on 8-bit codes.

use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::ops::change_axes::{AxisChangeConsequence, AxisOp, InOut};
use tract_onnx::tract_hir::infer::*;
use tract_onnx::tract_hir::internal::*;
use tract_onnx::tract_hir::ops::expandable::Expansion;

use crate::code::Code;
use crate::constants::Constants;
use crate::error::{Int8Error, NodeId, Problem};
use crate::kernels::{AddParams, Affine, Kernels};
use crate::node::{Attributes, Node, Presence::*, Signature};

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
                let found = found.datum_type();
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

    fn op(&self, model: &TypedModel, outlets: &[OutletId]) -> TractResult<AddOp> {
        let constants = Constants {
            node: &self.node,
            model,
            outlets,
        };
        let a = model.outlet_fact(constants.outlet(A)?)?;
        let b = model.outlet_fact(constants.outlet(B)?)?;
        let Some(code) = Code::of(a.datum_type) else {
            Err(constants.element_type(A, "uint8 or int8", a.datum_type))?
        };
        if b.datum_type != a.datum_type {
            Err(constants.element_type(B, "that of A", b.datum_type))?;
        }
        if a.shape != b.shape {
            let expected = format!("A's {:?} (no broadcasting)", a.shape);
            Err(constants.shape(B, expected, &b.shape))?;
        }
        let params = AddParams::new(
            self.affine(&constants, A + 1, code)?,
            self.affine(&constants, B + 1, code)?,
            self.affine(&constants, C_SCALE, code)?,
        )
        .map_err(|problem| self.node.error(problem))?;
        Ok(AddOp {
            id: self.node.id.clone(),
            params,
            code,
            kernels: Kernels::best(),
        })
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

/// The operator as tract runs it, on any layout.
#[derive(Clone, Debug)]
struct AddOp {
    id: NodeId,
    params: AddParams,
    code: Code,
    kernels: &'static Kernels,
}

impl PartialEq for AddOp {
    fn eq(&self, other: &Self) -> bool {
        self.params == other.params && self.code == other.code
    }
}

// The parameters are never NaN.
impl Eq for AddOp {}

impl Op for AddOp {
    fn name(&self) -> StaticName {
        "QLinearAdd".into()
    }

    op_as_typed_op!();
}

impl TypedOp for AddOp {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(tvec!(self.code.datum_type().fact(inputs[0].shape.clone())))
    }

    fn axes_mapping(
        &self,
        inputs: &[&TypedFact],
        outputs: &[&TypedFact],
    ) -> TractResult<AxesMapping> {
        AxesMapping::natural(inputs, outputs)
    }

    fn change_axes(
        &self,
        model: &TypedModel,
        node: &TypedNode,
        _: InOut,
        change: &AxisOp,
    ) -> TractResult<Option<AxisChangeConsequence>> {
        Ok(Some(AxisChangeConsequence::new(model, node, None, change)))
    }

    as_op!();
}

impl EvalOp for AddOp {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext<'_>, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let (a, b) = args_2!(inputs);
        let datum_type = self.code.datum_type();
        ensure!(
            a.shape() == b.shape() && a.datum_type() == datum_type && b.datum_type() == datum_type,
            "{}: operands are {:?} {:?} and {:?} {:?}, expected two of {datum_type:?}, of one shape",
            self.id,
            a.datum_type(),
            a.shape(),
            b.datum_type(),
            b.shape(),
        );
        let mut output = Tensor::zero_dt(datum_type, a.shape())?;
        let kernel = match self.code {
            Code::U8 => self.kernels.add_u8,
            Code::S8 => self.kernels.add_s8,
        };
        kernel(
            &self.params,
            a.try_as_plain_ram()?.as_bytes(),
            b.try_as_plain_ram()?.as_bytes(),
            output.try_as_plain_ram_mut()?.as_bytes_mut(),
        );
        Ok(tvec!(output.into_tvalue()))
    }
}
