//! A convolution in which every output channel reads every input channel of its group.

use std::sync::Arc;

use super::{Chunk, ConvSpec, DenseWeights};
use crate::add::AddParams;
use crate::geometry::window;
use crate::kernels::Kernels;
use crate::requant::{BLOCK, Requant};
use crate::view::{View, Window};

/// One group of a convolution, ready to run.
#[derive(Debug)]
pub(crate) struct Dense {
    /// Its run is filled up to the kernels' granule: what lies there is read and has weights of zero.
    pub(crate) window: Window,
    pub(crate) requant: Arc<Requant>,
    /// In the kernels' own order.
    pub(crate) weights: Arc<[Chunk]>,
    /// Where this group's channels go.
    pub(crate) output: View,
    pub(crate) residual: Option<Residual>,
}

/// A QLinearAdd that follows at once: its other operand, and the arithmetic.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Residual {
    /// As long as the output.
    pub(crate) view: View,
    pub(crate) params: AddParams,
    /// The convolution is the second operand.
    pub(crate) swapped: bool,
}

impl Residual {
    /// The sum of the convolution's own code and the other operand's.
    #[inline(always)]
    pub(crate) fn code(&self, own: u8, other: u8) -> u8 {
        if self.swapped {
            self.params.code(other, own)
        } else {
            self.params.code(own, other)
        }
    }
}

impl Dense {
    /// One for each group.
    pub(crate) fn new(
        spec: &ConvSpec,
        kernels: &Kernels,
        input: &View,
        output: &View,
        residual: Option<&Residual>,
    ) -> Vec<Dense> {
        let group_inputs = spec.inputs / spec.group;
        let group_outputs = spec.outputs / spec.group;
        let bias = spec.folded_bias(kernels.lowered);
        // With pads the walk goes over the halo, and that of a single row is not its neighbour in memory.
        let unpadded = [&spec.y, &spec.x].map(|axis| axis.padded == axis.input) == [true; 2];
        let pointwise = unpadded && spec.taps() * spec.y.stride * spec.x.stride == 1;
        let contiguous = |view: &View| view.is_contiguous() && spec.group == 1;
        let flat = pointwise
            && contiguous(input)
            && contiguous(output)
            && residual.is_none_or(|r| contiguous(&r.view));
        (0..spec.group)
            .map(|g| {
                let channels = g * group_outputs..(g + 1) * group_outputs;
                let mut window = window(&spec.y, &spec.x, input, g * group_inputs, group_inputs);
                let merged = window.runs.len() < spec.taps();
                let weights = DenseWeights::new(spec, g, merged);
                window.run = window.run.next_multiple_of(kernels.granule);
                let place = |view: &View| {
                    let view = view.channels(channels.start, group_outputs);
                    if flat { view.flattened() } else { view }
                };
                if flat {
                    window.columns *= window.rows;
                    window.rows = 1;
                }
                Dense {
                    window,
                    requant: Arc::new(Requant::new(
                        &bias[channels.clone()],
                        &spec.multipliers[channels.clone()],
                        spec.output_zero,
                    )),
                    weights: (kernels.pack_dense)(&weights).into(),
                    output: place(output),
                    residual: residual.map(|r| Residual {
                        view: place(&r.view),
                        ..r.clone()
                    }),
                }
            })
            .collect()
    }

    /// Output channels of this group.
    pub(crate) fn channels(&self) -> usize {
        self.output.shape.channels
    }

    pub(crate) fn blocks(&self) -> usize {
        self.channels().div_ceil(BLOCK)
    }

    /// Channels of a block: 16, or fewer in the last one.
    pub(crate) fn block_channels(&self, block: usize) -> usize {
        (self.channels() - block * BLOCK).min(BLOCK)
    }

    /// The packed weights of one block.
    pub(crate) fn block_weights(&self, block: usize) -> &[Chunk] {
        let step = self.weights.len() / self.blocks();
        &self.weights[block * step..][..step]
    }

    /// # Panics
    /// If a buffer is shorter than the walk needs. Every kernel starts here; what it reads and writes follows
    /// from the walk alone.
    pub(crate) fn check(&self, input: &[u8], output: &[u8], residual: &[u8]) {
        let shape = self.output.shape;
        assert_eq!(
            (shape.rows, shape.columns),
            (self.window.rows, self.window.columns)
        );
        assert!(input.len() >= self.window.input_len());
        assert!(output.len() >= self.output.end());
        assert_eq!(self.weights.len() % self.blocks(), 0);
        if let Some(other) = &self.residual {
            assert_eq!(other.view.shape, shape);
            assert!(residual.len() >= other.view.end());
        }
    }
}
