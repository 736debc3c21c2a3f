//! QLinearConv as tract runs it: NHWC codes in, NHWC codes out.

use std::cell::RefCell;
use std::sync::Arc;

use tract_onnx::tract_hir::internal::*;

use super::pack::PackedConv;
use crate::code::Code;
use crate::error::NodeId;
use crate::kernels::Kernels;

/// The operator in the graph; clones share the packed weights.
#[derive(Clone, Debug)]
pub(crate) struct ConvOp(Arc<ConvOpData>);

#[derive(Debug)]
struct ConvOpData {
    id: NodeId,
    conv: PackedConv,
    kernels: &'static Kernels,
    /// Height, width, channels.
    input: [usize; 3],
    output: [usize; 3],
    codes: (Code, Code),
}

impl ConvOp {
    pub(crate) fn new(
        id: NodeId,
        conv: PackedConv,
        input: [usize; 3],
        output: [usize; 3],
        codes: (Code, Code),
    ) -> ConvOp {
        ConvOp(Arc::new(ConvOpData {
            id,
            conv,
            kernels: Kernels::best(),
            input,
            output,
            codes,
        }))
    }
}

impl PartialEq for ConvOp {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for ConvOp {}

impl Op for ConvOp {
    fn name(&self) -> StaticName {
        "QLinearConvNhwc".into()
    }

    fn info(&self) -> TractResult<Vec<String>> {
        let [height, width, channels] = self.0.output;
        Ok(vec![format!(
            "{height}x{width}x{channels}, kernels {}",
            self.0.kernels.name
        )])
    }

    op_as_typed_op!();
}

impl TypedOp for ConvOp {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let [height, width, channels] = self.0.output;
        let shape = [
            inputs[0].shape[0].clone(),
            height.to_dim(),
            width.to_dim(),
            channels.to_dim(),
        ];
        Ok(tvec!(self.0.codes.1.datum_type().fact(shape)))
    }

    as_op!();
}

thread_local! {
    /// The padded image; it grows to the largest layer's.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl EvalOp for ConvOp {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext<'_>, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let data = &*self.0;
        let input = args_1!(inputs);
        let (batch, image) = match *input.shape() {
            [batch, height, width, channels] => (batch, [height, width, channels]),
            _ => bail!("{}: input has rank {}, expected 4", data.id, input.rank()),
        };
        ensure!(
            image == data.input && input.datum_type() == data.codes.0.datum_type(),
            "{}: input is {:?} of {image:?}, expected {:?} of {:?}",
            data.id,
            input.datum_type(),
            data.codes.0.datum_type(),
            data.input,
        );
        let [height, width, channels] = data.output;
        let mut output =
            Tensor::zero_dt(data.codes.1.datum_type(), &[batch, height, width, channels])?;
        let from = input.try_as_plain_ram()?.as_bytes();
        let mut to = output.try_as_plain_ram_mut()?;
        let from = from.chunks_exact(data.input.iter().product());
        let to = to
            .as_bytes_mut()
            .chunks_exact_mut(data.output.iter().product());
        SCRATCH.with_borrow_mut(|scratch| {
            for (from, to) in from.zip(to) {
                data.conv
                    .run(data.kernels, from, to, scratch)
                    .map_err(|problem| data.id.error(problem))?;
            }
            TractResult::Ok(())
        })?;
        Ok(tvec!(output.into_tvalue()))
    }
}
