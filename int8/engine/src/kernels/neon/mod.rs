//! aarch64: a file for each instruction set, and what they share.
//!
//! `strips` cuts an image into parts and lowers their codes; `baseline`, `dot` and `i8mm` make sums of them; `block`
//! takes the sums to memory by way of `finish`.
#![allow(
    unsafe_code,
    reason = "vector loads and stores, and calls after detection"
)]
#![allow(
    clippy::needless_range_loop,
    reason = "indices name lanes, pixels and outputs"
)]

mod add;
mod baseline;
mod block;
mod depthwise;
mod dot;
mod finish;
mod i8mm;
mod memory;
mod order;
mod steps;
mod strips;

use super::{Isa, Kernels};

/// The kernels of an instruction set of this target, where the processor runs them.
pub(super) fn kernels(isa: Isa) -> Option<&'static Kernels> {
    if cfg!(target_endian = "big") {
        return None;
    }
    match isa {
        Isa::Neon => Some(&baseline::KERNELS),
        Isa::NeonDot => dot::kernels(),
        Isa::NeonI8mm => i8mm::kernels(),
        _ => None,
    }
}
