//! `com.microsoft` `QLinearLeakyRelu` and `QLinearSigmoid`: one code becomes another.

use normgate_int8_engine::{Op, Table};
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::infer::*;
use tract_onnx::tract_hir::internal::*;
use tract_onnx::tract_hir::ops::expandable::Expansion;

use crate::constants::Constants;
use crate::error::Int8Error;
use crate::image::Images;
use crate::node::{Attributes, Node, Presence::*, Signature};
use crate::op::{QOp, Work};

const fn signature(op: &'static str) -> Signature {
    Signature {
        op,
        domain: "com.microsoft",
        inputs: &[
            ("X", Required),
            ("X_scale", Required),
            ("X_zero_point", Optional),
            ("Y_scale", Required),
            ("Y_zero_point", Optional),
        ],
        counts: "4 or 5",
    }
}

const LEAKY_RELU: Signature = signature("QLinearLeakyRelu");
const SIGMOID: Signature = signature("QLinearSigmoid");

const X: usize = 0;
const X_SCALE: usize = 1;
const Y_SCALE: usize = 3;

#[derive(Clone, Copy, Debug)]
enum Function {
    LeakyRelu { alpha: f32 },
    Sigmoid,
}

/// The node as the file has it.
#[derive(Clone, Debug)]
pub(crate) struct QLinearTable {
    node: Node,
    function: Function,
}

impl QLinearTable {
    pub(crate) fn leaky_relu(proto: &NodeProto) -> Result<QLinearTable, Int8Error> {
        let node = Node::parse(&LEAKY_RELU, proto)?;
        let mut attributes = Attributes::new(&node, proto);
        let alpha = attributes.float("alpha")?.unwrap_or(0.01);
        attributes.finish()?;
        let function = Function::LeakyRelu { alpha };
        Ok(QLinearTable { node, function })
    }

    pub(crate) fn sigmoid(proto: &NodeProto) -> Result<QLinearTable, Int8Error> {
        let node = Node::parse(&SIGMOID, proto)?;
        Attributes::new(&node, proto).finish()?;
        let function = Function::Sigmoid;
        Ok(QLinearTable { node, function })
    }

    fn op(&self, constants: &Constants<'_>) -> Result<QOp, Int8Error> {
        let (x, code) = constants.activations(X)?;
        let Some(Images { shape, .. }) = Images::of(&x.shape) else {
            let expected = "all axes but the first known, none 0";
            return Err(constants.shape(X, expected, &x.shape));
        };
        let input = constants.affine(X_SCALE, code, "that of X")?;
        let output = constants.affine(Y_SCALE, code, "that of X")?;
        let table = match self.function {
            Function::LeakyRelu { alpha } => Table::leaky_relu(input, output, code, alpha),
            Function::Sigmoid => Table::sigmoid(input, output, code),
        };
        QOp::new(
            self.node.id.clone(),
            Work::Op(Op::Table(table)),
            vec![(shape, code)],
            shape,
            x.shape.clone(),
            code,
        )
    }
}

impl Expansion for QLinearTable {
    fn name(&self) -> StaticName {
        self.node.id.op.into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        let x = &inputs[self.node.position(X).context("required input")?];
        s.equals(&outputs[0].datum_type, &x.datum_type)?;
        s.equals(&outputs[0].shape, &x.shape)
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
        model.wire_node(prefix, op, &[x])
    }
}
