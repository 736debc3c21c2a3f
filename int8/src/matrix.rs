//! `com.microsoft` `QGemm` and ONNX `QLinearMatMul`: a matrix of codes times a constant one.

use normgate_int8_engine::{Matrix, Op, Shape};
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::infer::*;
use tract_onnx::tract_hir::internal::*;
use tract_onnx::tract_hir::ops::expandable::Expansion;

use crate::constants::Constants;
use crate::error::{Int8Error, Problem};
use crate::image::Images;
use crate::node::{Attributes, Node, Presence::*, Signature};
use crate::op::{QOp, Work};

const GEMM: Signature = Signature {
    op: "QGemm",
    domain: "com.microsoft",
    inputs: &[
        ("A", Required),
        ("a_scale", Required),
        ("a_zero_point", Required),
        ("B", Required),
        ("b_scale", Required),
        ("b_zero_point", Required),
        ("C", Optional),
        ("y_scale", Required),
        ("y_zero_point", Required),
    ],
    counts: "9, with y_scale and y_zero_point (codes out, not floats)",
};

const MAT_MUL: Signature = Signature {
    op: "QLinearMatMul",
    domain: "",
    inputs: &[
        ("a", Required),
        ("a_scale", Required),
        ("a_zero_point", Required),
        ("b", Required),
        ("b_scale", Required),
        ("b_zero_point", Required),
        ("y_scale", Required),
        ("y_zero_point", Required),
    ],
    counts: "8",
};

const A: usize = 0;
const A_SCALE: usize = 1;
const A_ZERO_POINT: usize = 2;
const B: usize = 3;
const B_SCALE: usize = 4;
const B_ZERO_POINT: usize = 5;

/// The node as the file has it.
#[derive(Clone, Debug)]
pub(crate) struct QMatrix {
    node: Node,
    alpha: f32,
    transposed: bool,
    c: Option<usize>,
    y_scale: usize,
}

impl QMatrix {
    pub(crate) fn gemm(proto: &NodeProto) -> Result<QMatrix, Int8Error> {
        let node = Node::parse(&GEMM, proto)?;
        let mut attributes = Attributes::new(&node, proto);
        let alpha = attributes.float("alpha")?.unwrap_or(1.0);
        let transposed_a = attributes.flag("transA")?;
        let transposed = attributes.flag("transB")?;
        attributes.finish()?;
        if transposed_a {
            return Err(node.attribute_error("transA", "0", 1));
        }
        let c = node.position(6).map(|_| 6);
        Ok(QMatrix {
            node,
            alpha,
            transposed,
            c,
            y_scale: 7,
        })
    }

    pub(crate) fn mat_mul(proto: &NodeProto) -> Result<QMatrix, Int8Error> {
        let node = Node::parse(&MAT_MUL, proto)?;
        Attributes::new(&node, proto).finish()?;
        Ok(QMatrix {
            node,
            alpha: 1.0,
            transposed: false,
            c: None,
            y_scale: 6,
        })
    }

    fn op(&self, constants: &Constants<'_>) -> Result<QOp, Int8Error> {
        let (a, code) = constants.activations(A)?;
        let a_zero = constants.zero_point(A_ZERO_POINT)?;
        if a_zero.0 != code {
            return Err(constants.element_type(A, "that of a_zero_point", a.datum_type));
        }
        let output = constants.affine(self.y_scale, code, "that of A")?;
        let shape = constants.tensor(B)?.shape().to_vec();
        let [inputs, outputs] = match shape[..] {
            [n, k] if self.transposed && n * k > 0 => [k, n],
            [k, n] if !self.transposed && n * k > 0 => [k, n],
            _ => return Err(constants.shape(B, "two axes, none 0", &shape)),
        };
        let row = Shape {
            rows: 1,
            columns: 1,
            channels: inputs,
        };
        let images = Images::of(&a.shape).filter(|_| a.rank() == 2);
        let Some(images) = images.filter(|images| images.shape == row) else {
            return Err(constants.shape(A, format!("[N, {inputs}]"), &a.shape));
        };
        let spec = Matrix {
            rows: 1,
            inputs,
            outputs,
            weights: constants.symmetric_weights(B, B_ZERO_POINT, outputs)?,
            transposed: self.transposed,
            input_zero: a_zero.1 + code.offset(),
            output_zero: output.zero_point + code.offset(),
            bias: self.bias(constants, outputs)?,
            multipliers: constants.multipliers(
                self.alpha * constants.scale(A_SCALE)?,
                B_SCALE,
                self.y_scale,
                outputs,
            )?,
        }
        .conv()
        .map_err(|why| self.node.error(Problem::Engine(why)))?;
        let to = spec.output_shape();
        QOp::new(
            self.node.id.clone(),
            Work::Op(Op::Conv(spec)),
            vec![(row, code)],
            to,
            [images.batch, outputs.to_dim()].into_iter().collect(),
            code,
        )
    }

    /// Of each column: C is one number, or a row of them.
    fn bias(&self, constants: &Constants<'_>, outputs: usize) -> Result<Vec<i32>, Int8Error> {
        let Some(c) = self.c else {
            return Ok(vec![0; outputs]);
        };
        let bias = constants.elements::<i32>(c, "int32")?;
        let shape = constants.tensor(c)?.shape().to_vec();
        match (&bias[..], &shape[..]) {
            ([one], _) => Ok(vec![*one; outputs]),
            (_, [n] | [1, n]) if *n == outputs => Ok(bias),
            _ => Err(constants.shape(c, format!("[], [{outputs}] or [1, {outputs}]"), &shape)),
        }
    }
}

impl Expansion for QMatrix {
    fn name(&self) -> StaticName {
        self.node.id.op.into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        let at = |input: usize| self.node.position(input).context("required input");
        let (a, b) = (&inputs[at(A)?], &inputs[at(B)?]);
        let y = &outputs[0];
        s.equals(&y.datum_type, &inputs[at(self.y_scale + 1)?].datum_type)?;
        s.given_2(&a.shape, &b.shape, move |s, a, b| {
            // Other ranks are refused when the node is wired.
            if a.len() == 2 && b.len() == 2 {
                let outputs = if self.transposed { &b[0] } else { &b[1] };
                s.equals(&y.shape, tvec![a[0].clone(), outputs.clone()])?;
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
        let constants = Constants {
            node: &self.node,
            model,
            outlets: inputs,
        };
        let op = self.op(&constants)?;
        let a = constants.outlet(A)?;
        model.wire_node(prefix, op, &[a])
    }
}
