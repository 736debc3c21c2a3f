//! The image that a kernel walks over: padded with the zero point, one group's channels, filled
//! up to whole steps, and unsigned.

use super::geometry::Axis;
use crate::error::Problem;

#[derive(Debug)]
pub(crate) struct Pad {
    pub(crate) y: Axis,
    pub(crate) x: Axis,
    /// Channels of the input.
    pub(crate) channels: usize,
    /// Channels that the kernel takes, and with the fill.
    pub(crate) taken: usize,
    pub(crate) padded: usize,
    /// Sign bits have to be flipped.
    pub(crate) signed: bool,
    pub(crate) zero: u8,
}

impl Pad {
    /// The image with the channels from `first` on; the input itself where it already is right.
    pub(crate) fn run<'a>(
        &self,
        input: &'a [u8],
        first: usize,
        scratch: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], Problem> {
        let bare = self.y.padded == self.y.input && self.x.padded == self.x.input;
        let whole = self.taken == self.channels && self.padded == self.channels;
        if bare && !self.signed && whole {
            return Ok(input);
        }
        let row_len = self.x.padded * self.padded;
        let len = self.y.padded * row_len;
        if scratch.len() < len {
            let more = len - scratch.len();
            scratch
                .try_reserve(more)
                .map_err(|_| Problem::OutOfMemory { bytes: len })?;
            scratch.resize(len, 0);
        }
        let image = &mut scratch[..len];
        image.fill(self.zero);
        let input_row = self.x.input * self.channels;
        for row in 0..self.y.input {
            let source = &input[row * input_row..][..input_row];
            let at = (self.y.before + row) * row_len + self.x.before * self.padded;
            let target = &mut image[at..][..self.x.input * self.padded];
            if whole {
                target.copy_from_slice(source);
            } else {
                let pixels = source.chunks_exact(self.channels);
                for (target, source) in target.chunks_exact_mut(self.padded).zip(pixels) {
                    target[..self.taken].copy_from_slice(&source[first..][..self.taken]);
                }
            }
            if self.signed {
                // Also flips the fill, which has weights of zero.
                target.iter_mut().for_each(|code| *code ^= 0x80);
            }
        }
        Ok(image)
    }
}
