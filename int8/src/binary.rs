//! `com.microsoft` `QLinearAdd` and `QLinearMul`: two values, pixel by pixel; or one of them with a single code, with
//! one for each channel, or with one for each pixel.

use normgate_int8_engine::{AddParams, Affine, Code, EngineError, MulParams, Op, Shape};
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::broadcast::multi_broadcast;
use tract_onnx::tract_core::ops::change_axes::AxisOp;
use tract_onnx::tract_hir::infer::*;
use tract_onnx::tract_hir::internal::*;
use tract_onnx::tract_hir::ops::expandable::Expansion;

use crate::constants::Constants;
use crate::error::{Int8Error, Problem};
use crate::image::Images;
use crate::node::{
    Attributes, Node,
    Presence::{self, *},
    Signature,
};
use crate::op::{QOp, Work};

const INPUTS: &[(&str, Presence)] = &[
    ("A", Required),
    ("A_scale", Required),
    ("A_zero_point", Optional),
    ("B", Required),
    ("B_scale", Required),
    ("B_zero_point", Optional),
    ("C_scale", Required),
    ("C_zero_point", Optional),
];

const fn signature(op: &'static str) -> Signature {
    Signature {
        op,
        domain: "com.microsoft",
        inputs: INPUTS,
        counts: "7 or 8",
    }
}

const ADD: Signature = signature("QLinearAdd");
const MUL: Signature = signature("QLinearMul");

const A: usize = 0;
const B: usize = 3;
const C_SCALE: usize = 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Add,
    Mul,
}

/// The node as the file has it.
#[derive(Clone, Debug)]
pub(crate) struct QLinearBinary {
    node: Node,
    kind: Kind,
}

/// One operand as the engine has it.
struct Operand {
    input: usize,
    shape: Shape,
    affine: Affine,
}

impl QLinearBinary {
    pub(crate) fn add(proto: &NodeProto) -> Result<QLinearBinary, Int8Error> {
        QLinearBinary::parse(&ADD, Kind::Add, proto)
    }

    pub(crate) fn mul(proto: &NodeProto) -> Result<QLinearBinary, Int8Error> {
        QLinearBinary::parse(&MUL, Kind::Mul, proto)
    }

    fn parse(
        signature: &Signature,
        kind: Kind,
        proto: &NodeProto,
    ) -> Result<QLinearBinary, Int8Error> {
        let node = Node::parse(signature, proto)?;
        Attributes::new(&node, proto).finish()?;
        Ok(QLinearBinary { node, kind })
    }

    fn shape_error(&self, found: &[TDim], other: &[TDim]) -> Int8Error {
        self.node.error(Problem::Shape {
            input: "B",
            expected: format!("A's {other:?}, or one of the two [1], [C, 1, 1] or [1, H, W]"),
            found: format!("{found:?}"),
        })
    }

    /// Both operands in the order of the arithmetic, and the dimensions of the output.
    fn operands(
        &self,
        constants: &Constants<'_>,
    ) -> Result<([Operand; 2], Images, ShapeFact, Code), Int8Error> {
        let (a, code) = constants.activations(A)?;
        let (b, b_code) = constants.activations(B)?;
        if b_code != code {
            return Err(constants.element_type(B, "that of A", b.datum_type));
        }
        let refused = || self.shape_error(&b.shape, &a.shape);
        let dims = multi_broadcast(&[&a.shape, &b.shape]).map_err(|_| refused())?;
        let known = |input: usize, dims: &[TDim]| {
            Images::of(dims)
                .ok_or_else(|| constants.shape(input, "all axes but the first known, none 0", dims))
        };
        known(A, &a.shape)?;
        known(B, &b.shape)?;
        let output = Images::of(&dims).ok_or_else(refused)?;
        let operand = |input: usize, fact: &TypedFact| {
            let images = repeated(&fact.shape, &dims).ok_or_else(refused)?;
            // One image for all of a batch has to be in the file.
            if images.batch != output.batch && fact.konst.is_none() {
                return Err(refused());
            }
            Ok(Operand {
                input,
                shape: images.shape,
                affine: constants.affine(input + 1, code, "that of A")?,
            })
        };
        let mut operands = [operand(A, a)?, operand(B, b)?];
        if operands.iter().all(|o| o.shape != output.shape) {
            return Err(refused());
        }
        // onnxruntime takes the operand with a single code for many as its second. Where it has moved the
        // channels last, as it does between convolutions, one code for each pixel is of that kind.
        let single = |shape: Shape| shape.channels == 1 && shape != output.shape;
        if single(operands[0].shape) {
            operands.swap(0, 1);
        }
        Ok((operands, output, dims.into(), code))
    }

    fn work(&self, a: Affine, b: Affine, c: Affine, code: Code) -> Result<Op, EngineError> {
        Ok(match self.kind {
            Kind::Add => Op::Add(AddParams::new(a, b, c, code)?),
            Kind::Mul => Op::Mul(MulParams::new(a, b, c, code)?),
        })
    }
}

/// The images of an operand that is repeated until it has these dimensions; `None` where it would be repeated
/// over some channels only, or over rows alone or columns alone.
fn repeated(operand: &[TDim], dims: &[TDim]) -> Option<Images> {
    let padded = padded(operand, dims.len());
    let images = Images::of(&padded)?;
    let Shape {
        rows,
        columns,
        channels,
    } = Images::of(dims)?.shape;
    let one_pixel = images.shape.rows * images.shape.columns == 1;
    let all_pixels = (images.shape.rows, images.shape.columns) == (rows, columns);
    let fits = (one_pixel || all_pixels) && [1, channels].contains(&images.shape.channels);
    fits.then_some(images)
}

/// With axes of 1 in front.
fn padded(dims: &[TDim], rank: usize) -> TVec<TDim> {
    let mut padded: TVec<TDim> = std::iter::repeat_n(1.to_dim(), rank - dims.len()).collect();
    padded.extend(dims.iter().cloned());
    padded
}

impl Expansion for QLinearBinary {
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
        s.equals(&outputs[0].datum_type, &a.datum_type)?;
        s.given_2(&a.shape, &b.shape, move |s, a, b| {
            let dims = multi_broadcast(&[&a, &b]).map_err(|_| self.shape_error(&b, &a))?;
            s.equals(&outputs[0].shape, dims)
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
        let ([a, b], output, dims, code) = self.operands(&constants)?;
        let c = constants.affine(C_SCALE, code, "that of A")?;
        let op = self
            .work(a.affine, b.affine, c, code)
            .map_err(|why| self.node.error(Problem::Engine(why)))?;
        let outlets = [constants.outlet(a.input)?, constants.outlet(b.input)?];
        let op = QOp::new(
            self.node.id.clone(),
            Work::Op(op),
            vec![(a.shape, code), (b.shape, code)],
            output.shape,
            dims.clone(),
            code,
        )?;
        let wired = [("a", outlets[0]), ("b", outlets[1])]
            .into_iter()
            .map(|(name, outlet)| {
                with_rank(&format!("{prefix}.{name}"), model, outlet, dims.rank())
            })
            .collect::<TractResult<TVec<_>>>()?;
        model.wire_node(prefix, op, &wired)
    }
}

/// The same tensor with axes of 1 in front.
fn with_rank(
    prefix: &str,
    model: &mut TypedModel,
    outlet: OutletId,
    rank: usize,
) -> TractResult<OutletId> {
    let fact = model.outlet_fact(outlet)?;
    let missing = rank - fact.rank();
    if let Some(tensor) = &fact.konst
        && missing > 0
    {
        let mut tensor = tensor.clone().into_tensor();
        (0..missing).try_for_each(|_| tensor.insert_axis(0))?;
        return model.add_const(prefix, tensor);
    }
    (0..missing).try_fold(outlet, |outlet, axis| {
        Ok(model.wire_node(format!("{prefix}.axis_{axis}"), AxisOp::Add(0), &[outlet])?[0])
    })
}
