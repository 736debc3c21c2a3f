//! Weights before a kernel has packed them, and the units in which packed ones are kept.

use super::ConvSpec;

/// 64 aligned bytes of packed weights: one vector of the widest instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub(crate) struct Chunk(pub(crate) [u8; 64]);

/// The weights of one group in the order in which its window is read.
#[derive(Debug)]
pub(crate) struct DenseWeights {
    /// Output channels of the group.
    pub(crate) outputs: usize,
    /// Runs of a window.
    pub(crate) runs: usize,
    /// Bytes of a run that have weights.
    pub(crate) run: usize,
    /// `[output][run][byte]`.
    values: Vec<i8>,
}

impl DenseWeights {
    /// `merged`: the taps of one kernel row are one run.
    pub(crate) fn new(spec: &ConvSpec, group: usize, merged: bool) -> DenseWeights {
        let outputs = spec.outputs / spec.group;
        let channels = spec.inputs / spec.group;
        let taps = spec.taps();
        let (runs, run) = if merged {
            (spec.y.kernel, spec.x.kernel * channels)
        } else {
            (taps, channels)
        };
        let window = spec.window_weights();
        let first = group * outputs * window;
        let mut values = Vec::with_capacity(outputs * window);
        for weights in spec.weights[first..][..outputs * window].chunks_exact(window) {
            // [channel][tap] becomes [tap][channel]; merged or not, that is the order of the bytes.
            values.extend((0..window).map(|i| weights[i % channels * taps + i / channels]));
        }
        DenseWeights {
            outputs,
            runs,
            run,
            values,
        }
    }

    /// The weight of a byte of a run, 0 past its end or for an output that does not exist.
    pub(crate) fn at(&self, output: usize, run: usize, byte: usize) -> i8 {
        if output < self.outputs && byte < self.run {
            self.values[(output * self.runs + run) * self.run + byte]
        } else {
            0
        }
    }
}

/// The weights of a depthwise convolution.
#[derive(Debug)]
pub(crate) struct TapWeights<'a> {
    pub(crate) channels: usize,
    pub(crate) taps: usize,
    /// `[channel][tap]`.
    values: &'a [i8],
}

impl TapWeights<'_> {
    pub(crate) fn new(spec: &ConvSpec) -> TapWeights<'_> {
        TapWeights {
            channels: spec.outputs,
            taps: spec.taps(),
            values: &spec.weights,
        }
    }

    /// The weight of a channel at a tap, 0 past the last of either.
    pub(crate) fn at(&self, channel: usize, tap: usize) -> i8 {
        if channel < self.channels && tap < self.taps {
            self.values[channel * self.taps + tap]
        } else {
            0
        }
    }
}
