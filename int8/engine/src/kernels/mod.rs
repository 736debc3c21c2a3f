//! The inner loops. A kernel is a contract (here), a portable reference, and one file for each
//! instruction set; the same tests are made for each.
//!
//! Contract, for all instruction sets and to the bit:
//! - activations are unsigned bytes; zero points are already inside the bias, for a kernel that lowers each
//!   code by `lowered` before it multiplies;
//! - sums are exact 32-bit integers (wrapping, as in onnxruntime);
//! - `output = clamp(round_ties_even(sum as f32 * scale) + zero_point)`, one f32 rounding for
//!   the conversion and one for the product;
//! - a residual, where there is one, is [`AddParams::code`](crate::add::AddParams) of that output and the
//!   other operand;
//! - a kernel writes the codes of its output view and nothing else.
//!
//! The kernels check lengths once, when they start; what they then read and write follows from
//! the walk alone.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avx512vnni;
#[cfg(target_arch = "x86_64")]
mod avxvnni;
#[cfg(target_arch = "x86_64")]
mod block256;
mod isa;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
#[cfg(test)]
mod tests;
mod tiles;
#[cfg(target_arch = "x86_64")]
mod vnni256;

pub use isa::Isa;

use crate::add::AddParams;
use crate::conv::{Chunk, Dense, DenseWeights, Depthwise, TapWeights};

/// The kernels of one instruction set.
#[derive(Clone, Copy)]
pub(crate) struct Kernels {
    pub(crate) isa: Isa,
    /// Runs are read in whole multiples of this many bytes.
    pub(crate) granule: usize,
    /// What the convolutions subtract from each code before they multiply: 0, or 128 to make it signed.
    pub(crate) lowered: i32,
    pub(crate) pack_dense: fn(&DenseWeights) -> Vec<Chunk>,
    /// Input, output, the residual's other operand (empty where there is none).
    pub(crate) dense: fn(&Dense, &[u8], &mut [u8], &[u8]),
    pub(crate) pack_depthwise: fn(&TapWeights<'_>) -> Vec<Chunk>,
    pub(crate) depthwise: fn(&Depthwise, &[u8], &mut [u8]),
    /// Three slices of one length.
    pub(crate) add: fn(&AddParams, &[u8], &[u8], &mut [u8]),
}

impl std::fmt::Debug for Kernels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.isa.name())
    }
}
