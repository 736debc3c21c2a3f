//! A convolution in which every channel reads only itself.

use std::sync::Arc;

use super::{Chunk, ConvSpec, TapWeights};
use crate::geometry::window;
use crate::kernels::Kernels;
use crate::requant::{BLOCK, Requant};
use crate::view::{SLACK, View, Window};

/// A depthwise convolution, ready to run.
#[derive(Debug)]
pub(crate) struct Depthwise {
    /// One run a tap, of all channels. A kernel may read up to [`SLACK`] bytes past each.
    pub(crate) window: Window,
    pub(crate) requant: Arc<Requant>,
    /// In the kernels' own order.
    pub(crate) weights: Arc<[Chunk]>,
    pub(crate) output: View,
}

impl Depthwise {
    pub(crate) fn new(
        spec: &ConvSpec,
        kernels: &Kernels,
        input: &View,
        output: &View,
    ) -> Depthwise {
        let bias = spec.folded_bias(kernels.lowered);
        let mut window = window(&spec.y, &spec.x, input, 0, spec.inputs);
        if window.runs.len() < spec.taps() {
            let starts = window.runs.clone();
            window.run /= spec.x.kernel;
            let run = window.run;
            window.runs = starts
                .iter()
                .flat_map(|start| (0..spec.x.kernel).map(move |kx| start + kx * run))
                .collect();
        }
        Depthwise {
            window,
            requant: Arc::new(Requant::new(&bias, &spec.multipliers, spec.output_zero)),
            weights: (kernels.pack_depthwise)(&TapWeights::new(spec)).into(),
            output: *output,
        }
    }

    pub(crate) fn channels(&self) -> usize {
        self.output.shape.channels
    }

    pub(crate) fn blocks(&self) -> usize {
        self.channels().div_ceil(BLOCK)
    }

    /// # Panics
    /// If a buffer is shorter than the walk needs. Every kernel starts here; what it reads and writes follows
    /// from the walk alone.
    pub(crate) fn check(&self, input: &[u8], output: &[u8]) {
        let shape = self.output.shape;
        assert_eq!(
            (shape.rows, shape.columns),
            (self.window.rows, self.window.columns)
        );
        assert_eq!(self.window.run, shape.channels);
        assert!(input.len() >= self.window.input_len() + SLACK);
        assert!(output.len() >= self.output.end());
    }
}
