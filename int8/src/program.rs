//! A program of the engine as an operator of tract: tensors in, tensors out, image by image.

use std::sync::Arc;

use normgate_int8_engine::{Given, Graph, Isa, Memory, Program, Shape, Threads, Wanted};
use tract_onnx::tract_hir::internal::*;

use crate::error::{Int8Error, NodeId, Problem};

/// The operator in the graph; clones share the packed weights.
#[derive(Clone, Debug)]
pub(crate) struct ProgramOp(Arc<Data>);

#[derive(Debug)]
struct Data {
    /// The first node that went in.
    id: NodeId,
    graph: Graph,
    program: Program,
    inputs: Vec<Shape>,
    /// Of each output: all dimensions, the element type.
    outputs: Vec<(ShapeFact, DatumType)>,
}

impl ProgramOp {
    pub(crate) fn new(
        id: &NodeId,
        graph: Graph,
        isa: Isa,
        threads: Threads,
        outputs: Vec<(ShapeFact, DatumType)>,
    ) -> Result<ProgramOp, Int8Error> {
        let program = Program::with_threads(&graph, isa, threads)
            .map_err(|why| id.error(Problem::Engine(why)))?;
        let (inputs, _) = program.shapes();
        Ok(ProgramOp(Arc::new(Data {
            id: id.clone(),
            graph,
            program,
            inputs,
            outputs,
        })))
    }

    fn with_threads(&self, threads: &Threads) -> Result<ProgramOp, Int8Error> {
        let data = &*self.0;
        let (isa, outputs) = (data.program.isa(), data.outputs.clone());
        ProgramOp::new(&data.id, data.graph.clone(), isa, threads.clone(), outputs)
    }
}

/// Lets the programs of an optimized model run on a pool of threads. The bytes stay the same; without this call
/// each program runs on its caller's thread.
///
/// ```
/// use normgate_int8::engine::Threads;
/// use normgate_int8::tract::prelude::*;
///
/// # fn main() -> TractResult<()> {
/// let mut onnx = normgate_int8::tract::onnx();
/// normgate_int8::register(&mut onnx);
/// let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/residual.onnx");
/// let mut model = onnx.model_for_path(path)?.into_optimized()?;
/// normgate_int8::use_threads(&mut model, &Threads::new(2)?)?;
/// let model = model.into_runnable()?;
/// # let _ = model;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Int8Error`], where the parts do not fit; they did before.
pub fn use_threads(model: &mut TypedModel, threads: &Threads) -> Result<(), Int8Error> {
    for node in model.nodes_mut() {
        if let Some(op) = node.op_as::<ProgramOp>() {
            node.op = Box::new(op.with_threads(threads)?);
        }
    }
    Ok(())
}

impl Data {
    fn memory(&self) -> Result<Memory, Int8Error> {
        self.program
            .memory()
            .map_err(|why| self.id.error(Problem::Engine(why)))
    }

    fn run(&self, memory: &mut Memory, inputs: &[TValue]) -> TractResult<TVec<TValue>> {
        let images = inputs.iter().zip(&self.inputs);
        let images = images.map(|(tensor, shape)| tensor.len() / shape.codes());
        let batch = images.max().unwrap_or(1);
        for (tensor, shape) in inputs.iter().zip(&self.inputs) {
            // One image, such as a constant operand, goes with each of a batch.
            ensure!(
                [shape.codes(), batch * shape.codes()].contains(&tensor.len()),
                "{}: input is {:?}, expected {batch} of {shape:?}",
                self.id,
                tensor.shape(),
            );
        }
        let mut outputs: TVec<Tensor> = tvec!();
        for (dims, datum_type) in &self.outputs {
            let shape: TVec<usize> = match dims.as_concrete() {
                Some(shape) => shape.into(),
                // The batch alone may be unknown until here.
                None => {
                    let rest = dims[1..].iter().map(|d| d.to_usize());
                    std::iter::once(Ok(batch))
                        .chain(rest)
                        .collect::<Result<_, _>>()?
                }
            };
            outputs.push(Tensor::zero_dt(*datum_type, &shape)?);
        }
        for image in 0..batch {
            let given = |(tensor, shape)| given(tensor, shape, image);
            let given: TVec<Given<'_>> = inputs
                .iter()
                .zip(&self.inputs)
                .map(given)
                .collect::<TractResult<_>>()?;
            let mut plain: TVec<_> = outputs
                .iter_mut()
                .map(|tensor| tensor.try_as_plain_ram_mut())
                .collect::<TractResult<_>>()?;
            let mut wanted: TVec<Wanted<'_>> = plain
                .iter_mut()
                .zip(&self.outputs)
                .map(|(tensor, (_, datum_type))| wanted(tensor, *datum_type, image, batch))
                .collect::<TractResult<_>>()?;
            self.program.run(memory, &given, &mut wanted);
        }
        Ok(outputs.into_iter().map(Tensor::into_tvalue).collect())
    }
}

/// One image of a tensor.
fn given<'a>(tensor: &'a TValue, shape: &Shape, image: usize) -> TractResult<Given<'a>> {
    let plain = tensor.try_as_plain_ram()?;
    let image = image.min(tensor.len() / shape.codes() - 1);
    let range = image * shape.codes()..(image + 1) * shape.codes();
    Ok(match tensor.datum_type() {
        DatumType::F32 => Given::Floats(&plain.as_slice::<f32>()?[range]),
        _ => Given::Codes(&plain.as_bytes()[range]),
    })
}

fn wanted<'a>(
    tensor: &'a mut PlainViewMut<'_>,
    datum_type: DatumType,
    image: usize,
    batch: usize,
) -> TractResult<Wanted<'a>> {
    let len = tensor.len() / batch;
    let range = image * len..(image + 1) * len;
    Ok(match datum_type {
        DatumType::F32 => Wanted::Floats(&mut tensor.as_slice_mut::<f32>()?[range]),
        _ => Wanted::Codes(&mut tensor.as_bytes_mut()[range]),
    })
}

impl PartialEq for ProgramOp {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for ProgramOp {}

impl Op for ProgramOp {
    fn name(&self) -> StaticName {
        "Int8Program".into()
    }

    fn info(&self) -> TractResult<Vec<String>> {
        let program = &self.0.program;
        Ok(vec![format!(
            "{} steps, {} bytes of images, kernels {}",
            program.steps(),
            program.memory_len(),
            program.isa().name(),
        )])
    }

    op_as_typed_op!();
}

impl TypedOp for ProgramOp {
    fn output_facts(&self, _: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let fact = |(dims, datum_type): &(ShapeFact, DatumType)| datum_type.fact(dims.clone());
        Ok(self.0.outputs.iter().map(fact).collect())
    }

    as_op!();
}

impl EvalOp for ProgramOp {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext<'_>, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        self.0.run(&mut self.0.memory()?, &inputs)
    }

    fn state(&self, _: &EvalContext<'_>) -> TractResult<Option<Box<dyn OpState>>> {
        Ok(Some(Box::new(State(self.0.memory()?))))
    }
}

/// One session's memory.
#[derive(Clone, Debug)]
struct State(Memory);

impl OpState for State {
    fn eval(
        &mut self,
        _: &EvalContext<'_>,
        op: &dyn Op,
        inputs: TVec<TValue>,
    ) -> TractResult<TVec<TValue>> {
        let op = op
            .downcast_ref::<ProgramOp>()
            .context("the state of another operator")?;
        op.0.run(&mut self.0, &inputs)
    }

    /// Nothing goes from one run to the next.
    fn reset_lanes(&mut self, _: &[LaneId]) -> TractResult<()> {
        Ok(())
    }
}
