//! A convolution in which every output channel reads every input channel of its group.

use super::{BLOCK, QUAD, Requant, Window};

/// One step of packed weights: for each of 16 output channels, 4 input channels in a row.
pub(crate) type Quads = [[i8; QUAD]; BLOCK];

/// One group of a convolution, ready to run.
#[derive(Debug)]
pub(crate) struct Dense {
    pub(crate) window: Window,
    pub(crate) requant: Requant,
    /// For each block of output channels, the steps of its window in the order of the runs.
    weights: Vec<Quads>,
    /// Output channels of this group.
    channels: usize,
    /// Bytes from one output pixel to the next: all groups' channels.
    pixel_step: usize,
}

impl Dense {
    /// # Panics
    /// If the packed weights do not fit the window; the packing makes both.
    pub(crate) fn new(
        window: Window,
        requant: Requant,
        weights: Vec<Quads>,
        channels: usize,
        pixel_step: usize,
    ) -> Dense {
        let dense = Dense {
            window,
            requant,
            weights,
            channels,
            pixel_step,
        };
        assert_eq!(dense.window.run % QUAD, 0);
        assert!(channels >= 1 && channels <= pixel_step);
        assert_eq!(dense.weights.len(), dense.blocks() * dense.steps());
        dense
    }

    pub(crate) fn blocks(&self) -> usize {
        self.channels.div_ceil(BLOCK)
    }

    /// Packed steps in one window.
    pub(crate) fn steps(&self) -> usize {
        self.window.runs.len() * self.window.run / QUAD
    }

    pub(crate) fn weights(&self, block: usize) -> &[Quads] {
        &self.weights[block * self.steps()..][..self.steps()]
    }

    /// Channels of a block: 16, or fewer in the last one.
    pub(crate) fn block_channels(&self, block: usize) -> usize {
        (self.channels - block * BLOCK).min(BLOCK)
    }

    /// Where a block of an output pixel starts.
    pub(crate) fn output_at(&self, row: usize, column: usize, block: usize) -> usize {
        (row * self.window.columns + column) * self.pixel_step + block * BLOCK
    }

    /// # Panics
    /// If a buffer is shorter than the walk needs. Every kernel starts here.
    pub(crate) fn check(&self, input: &[u8], output: &[u8]) {
        let pixels = self.window.rows * self.window.columns;
        assert!(input.len() >= self.window.input_len());
        assert!(output.len() >= (pixels - 1) * self.pixel_step + self.channels);
    }
}
