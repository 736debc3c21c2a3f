//! The inner loops. A kernel is a contract (here), a portable reference, and one file for each
//! instruction set; the same tests are made for each.
//!
//! Contract, for all instruction sets and to the bit:
//! - activations are unsigned bytes; signed ones come in with their sign bit flipped, and both
//!   zero points are already inside the bias;
//! - sums are exact 32-bit integers (wrapping, as in onnxruntime);
//! - `output = clamp(round_ties_even(sum as f32 * scale) + zero_point)`, one f32 rounding for
//!   the conversion and one for the product.
//!
//! The kernels check lengths once, when they start; what they then read and write follows from
//! the [`Window`] alone.

mod add;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avx512vnni;
mod dense;
mod depthwise;
mod portable;
mod requant;
#[cfg(test)]
mod tests;

pub(crate) use add::{AddParams, Affine};
pub(crate) use dense::{Dense, Quads};
pub(crate) use depthwise::Depthwise;
pub(crate) use requant::Requant;

/// Output channels that one kernel step makes.
pub(crate) const BLOCK: usize = 16;
/// Input channels that lie together in packed weights: what one dot-product instruction takes.
pub(crate) const QUAD: usize = 4;

/// How a convolution walks over its padded input: offsets in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// From one output row's window to the next one's.
    pub(crate) row_step: usize,
    pub(crate) column_step: usize,
    /// Where the contiguous runs of one window start.
    pub(crate) runs: Vec<usize>,
    /// Bytes in a run.
    pub(crate) run: usize,
}

impl Window {
    /// Bytes of input that the walk needs.
    pub(crate) fn input_len(&self) -> usize {
        (self.rows - 1) * self.row_step
            + (self.columns - 1) * self.column_step
            + self.runs.iter().max().copied().unwrap_or(0)
            + self.run
    }
}

/// The kernels of one instruction set.
#[derive(Clone, Copy)]
pub(crate) struct Kernels {
    pub(crate) name: &'static str,
    pub(crate) dense: fn(&Dense, &[u8], &mut [u8]),
    pub(crate) depthwise: fn(&Depthwise, &[u8], &mut [u8]),
    pub(crate) add_u8: fn(&AddParams, &[u8], &[u8], &mut [u8]),
    pub(crate) add_s8: fn(&AddParams, &[u8], &[u8], &mut [u8]),
}

impl Kernels {
    /// The fastest kernels that this processor runs.
    pub(crate) fn best() -> &'static Kernels {
        #[cfg(target_arch = "x86_64")]
        if let Some(kernels) = avx512vnni::kernels()
            .or_else(avx512::kernels)
            .or_else(avx2::kernels)
        {
            return kernels;
        }
        &portable::KERNELS
    }
}

impl std::fmt::Debug for Kernels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
