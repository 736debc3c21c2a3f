//! One operator of the engine in tract's graph, between tensors as ONNX has them. When tract generates code,
//! neighbours become one [`ProgramOp`](crate::program::ProgramOp); until then each runs alone.

use std::sync::Arc;

use normgate_int8_engine as engine;
use normgate_int8_engine::{Code, Isa, Shape};
use tract_onnx::tract_hir::internal::*;

use crate::error::{Int8Error, NodeId, Problem};
use crate::image::datum_type;
use crate::program::ProgramOp;
use crate::region;

/// The operator in the graph; clones share its weights.
#[derive(Clone, Debug)]
pub(crate) struct QOp(Arc<QNode>);

/// A checked node.
#[derive(Debug)]
pub(crate) struct QNode {
    pub(crate) id: NodeId,
    pub(crate) work: Work,
    /// The images that it reads, and their codes.
    pub(crate) inputs: Vec<(Shape, Code)>,
    /// What it makes: the image, all dimensions of the tensor, the codes.
    pub(crate) output: Shape,
    pub(crate) dims: ShapeFact,
    pub(crate) code: Code,
    pub(crate) isa: Isa,
}

/// What a node does.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// Codes to codes.
    Op(engine::Op),
    /// QuantizeLinear: f32 to codes; the zero point is that of unsigned codes.
    Quantize { scale: f32, zero_point: i32 },
}

impl QOp {
    /// # Errors
    /// [`Problem::Engine`], where the parts of the node do not fit each other.
    pub(crate) fn new(
        id: NodeId,
        work: Work,
        inputs: Vec<(Shape, Code)>,
        output: Shape,
        dims: ShapeFact,
        code: Code,
    ) -> Result<QOp, Int8Error> {
        let isa = Isa::chosen().map_err(|why| id.error(Problem::Engine(why)))?;
        let op = QOp(Arc::new(QNode {
            id,
            work,
            inputs,
            output,
            dims,
            code,
            isa,
        }));
        // What would be refused later is refused here, where the node is known.
        op.0.graph().check().map_err(|why| op.0.error(why))?;
        Ok(op)
    }

    pub(crate) fn node(&self) -> &QNode {
        &self.0
    }
}

impl QNode {
    fn error(&self, why: engine::EngineError) -> Int8Error {
        self.id.error(Problem::Engine(why))
    }

    /// The node alone, between tensors as ONNX has them.
    fn graph(&self) -> engine::Graph {
        let flip = self.code.flip();
        let mut graph = engine::Graph::default();
        let layout = engine::Layout::Nchw;
        let mut input = |value, source| {
            graph.inputs.push(engine::Input {
                value,
                layout,
                source,
            });
        };
        match &self.work {
            Work::Quantize { scale, zero_point } => {
                let (scale, zero_point) = (*scale, *zero_point);
                input(0, engine::Source::Floats { scale, zero_point });
                graph.values.push(self.output);
            }
            Work::Op(op) => {
                for (value, (_, code)) in self.inputs.iter().enumerate() {
                    input(value, engine::Source::Codes { flip: code.flip() });
                }
                graph
                    .values
                    .extend(self.inputs.iter().map(|(shape, _)| *shape));
                graph.values.push(self.output);
                graph.nodes.push(engine::Node {
                    op: op.clone(),
                    inputs: (0..self.inputs.len()).collect(),
                    output: self.inputs.len(),
                });
            }
        }
        graph.outputs.push(engine::Output {
            value: graph.values.len() - 1,
            layout,
            target: engine::Target::Codes { flip },
        });
        graph
    }
}

impl PartialEq for QOp {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for QOp {}

impl Op for QOp {
    fn name(&self) -> StaticName {
        self.0.id.op.into()
    }

    op_as_typed_op!();
}

impl TypedOp for QOp {
    fn output_facts(&self, _: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(tvec!(datum_type(self.0.code).fact(self.0.dims.clone())))
    }

    fn codegen(
        &self,
        model: &TypedModel,
        node: &TypedNode,
    ) -> TractResult<Option<TypedModelPatch>> {
        region::merge(model, node).map(Some)
    }

    as_op!();
}

impl EvalOp for QOp {
    op_out_of_plan!();

    fn eval(&self, context: &EvalContext<'_>, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let node = &*self.0;
        let output = (node.dims.clone(), datum_type(node.code));
        let threads = engine::Threads::ONE;
        ProgramOp::new(&node.id, node.graph(), node.isa, threads, vec![output])?
            .eval(context, inputs)
    }
}
