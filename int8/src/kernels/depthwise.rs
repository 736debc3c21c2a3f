//! A convolution in which every channel reads only itself.

use super::{BLOCK, Requant, Window};

/// A depthwise convolution, ready to run. The padded input has its channels filled up to whole
/// blocks; the output has not.
#[derive(Debug)]
pub(crate) struct Depthwise {
    pub(crate) window: Window,
    pub(crate) requant: Requant,
    /// For each tap of the window, the weights of all blocks. u8 times s8 fits in an i16.
    weights: Vec<[i16; BLOCK]>,
    pub(crate) channels: usize,
}

impl Depthwise {
    /// # Panics
    /// If the weights do not fit the window; the packing makes both.
    pub(crate) fn new(
        window: Window,
        requant: Requant,
        weights: Vec<[i16; BLOCK]>,
        channels: usize,
    ) -> Depthwise {
        let depthwise = Depthwise {
            window,
            requant,
            weights,
            channels,
        };
        assert!(channels >= 1);
        assert_eq!(depthwise.window.run, depthwise.blocks() * BLOCK);
        assert_eq!(
            depthwise.weights.len(),
            depthwise.window.runs.len() * depthwise.blocks()
        );
        depthwise
    }

    pub(crate) fn blocks(&self) -> usize {
        self.channels.div_ceil(BLOCK)
    }

    /// The weights of one block at each tap.
    pub(crate) fn weights(&self, block: usize) -> impl Iterator<Item = &[i16; BLOCK]> {
        self.weights[block..].iter().step_by(self.blocks())
    }

    /// # Panics
    /// If a buffer is shorter than the walk needs. Every kernel starts here.
    pub(crate) fn check(&self, input: &[u8], output: &[u8]) {
        assert!(input.len() >= self.window.input_len());
        assert!(output.len() >= self.window.rows * self.window.columns * self.channels);
    }
}
