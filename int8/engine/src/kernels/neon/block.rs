//! Outputs, and the way of their codes into memory.
//!
//! Without `target_feature`, for the reason that `finish` has.

use std::arch::aarch64::*;

use super::finish::Finish;
use super::memory::{load, load_four, store, store_four};
use crate::conv::{Dense, Residual};
use crate::requant::{BLOCK, Requant};
use crate::view::View;

/// The first `4 * V` outputs of a block.
pub(super) struct Block<const V: usize> {
    pub(super) first: usize,
    /// Of all outputs of the block, those that exist.
    count: usize,
    pub(super) bias: [int32x4_t; V],
    scale: [float32x4_t; V],
}

impl<const V: usize> Block<V> {
    /// `count`: outputs of the block that exist.
    #[inline(always)]
    pub(super) fn new(requant: &Requant, block: usize, count: usize) -> Block<V> {
        const { assert!(4 * V <= BLOCK) };
        let bias = requant.bias(block).as_ptr();
        let scale = requant.scale(block).as_ptr();
        // SAFETY: NEON is in the baseline, and a block has sixteen of each.
        let four = |v| unsafe { (vld1q_s32(bias.add(4 * v)), vld1q_f32(scale.add(4 * v))) };
        Block {
            first: block * BLOCK,
            count,
            bias: std::array::from_fn(|v| four(v).0),
            scale: std::array::from_fn(|v| four(v).1),
        }
    }
}

/// Four outputs.
pub(super) struct Four {
    first: usize,
    /// Of them, those that exist.
    count: usize,
    scale: float32x4_t,
}

impl Four {
    #[inline(always)]
    pub(super) fn new(conv: &Dense, first: usize) -> Four {
        let scale = &conv.requant.scale(first / BLOCK)[first % BLOCK..][..4];
        Four {
            first,
            count: (conv.channels() - first).min(4),
            // SAFETY: NEON is in the baseline, and the slice has four.
            scale: unsafe { vld1q_f32(scale.as_ptr()) },
        }
    }
}

/// Where the codes go. By value, for the reason that `Walk` has.
#[derive(Clone, Copy)]
pub(super) struct Target {
    finish: Finish,
    view: View,
    output: *mut u8,
    other: Option<(View, *const u8)>,
}

impl Target {
    #[inline(always)]
    pub(super) fn new(
        requant: &Requant,
        view: View,
        output: &mut [u8],
        residual: Option<&Residual>,
        other: &[u8],
    ) -> Target {
        Target {
            finish: Finish::new(requant, residual),
            view,
            output: output.as_mut_ptr(),
            other: residual.map(|residual| (residual.view, other.as_ptr())),
        }
    }

    /// Of a dense convolution.
    #[inline(always)]
    pub(super) fn of(conv: &Dense, output: &mut [u8], other: &[u8]) -> Target {
        let residual = conv.residual.as_ref();
        Target::new(&conv.requant, conv.output, output, residual, other)
    }

    /// # Safety
    /// `check` has passed for the buffers; the block is of the convolution, and the pixels exist.
    #[inline(always)]
    pub(super) unsafe fn store<const V: usize, const P: usize>(
        &self,
        block: &Block<V>,
        sums: [[int32x4_t; V]; P],
        row: usize,
        column: usize,
    ) {
        let scale = std::array::from_fn(|v| block.scale[v.min(V - 1)]);
        // SAFETY: NEON is in the baseline.
        let mut codes = [unsafe { vdupq_n_u8(0) }; P];
        for p in 0..P {
            let sums = std::array::from_fn(|v| sums[p][v.min(V - 1)]);
            codes[p] = self.finish.codes(sums, scale);
        }
        if let Some((view, other)) = &self.other {
            let from = view.at(row, column) + block.first;
            for p in 0..P {
                // SAFETY: the pixel and its outputs exist.
                let other = unsafe { load(other.add(from + p * view.pixel_step), block.count) };
                codes[p] = self.finish.add(codes[p], other);
            }
        }
        for p in 0..P {
            let to = self.view.at(row, column + p) + block.first;
            // SAFETY: the pixel and its outputs exist.
            unsafe { store(self.output.add(to), codes[p], block.count) };
        }
    }

    /// The same for one pixel and no residual.
    ///
    /// # Safety
    /// As for `store`.
    #[inline(always)]
    pub(super) unsafe fn store_plain(
        &self,
        block: &Block<4>,
        sums: [int32x4_t; 4],
        row: usize,
        column: usize,
    ) {
        let codes = self.finish.codes(sums, block.scale);
        let to = self.view.at(row, column) + block.first;
        // SAFETY: the pixel and its outputs exist.
        unsafe { store(self.output.add(to), codes, block.count) };
    }

    /// Sums of four pixels.
    ///
    /// # Safety
    /// `check` has passed for the buffers; the outputs are of the convolution, and the pixels exist.
    #[inline(always)]
    pub(super) unsafe fn store_four(
        &self,
        outputs: &Four,
        sums: [int32x4_t; 4],
        row: usize,
        column: usize,
    ) {
        let mut codes = self.finish.codes(sums, [outputs.scale; 4]);
        // SAFETY: NEON is in the baseline; the pixels and their outputs exist.
        unsafe {
            if let Some((view, other)) = &self.other {
                let from = other.add(view.at(row, column) + outputs.first);
                let four = |p: usize| load_four(from.add(p * view.pixel_step), outputs.count);
                let other = vdupq_n_u32(four(0));
                let other = vsetq_lane_u32::<1>(four(1), other);
                let other = vsetq_lane_u32::<2>(four(2), other);
                let other = vsetq_lane_u32::<3>(four(3), other);
                codes = self.finish.add(codes, vreinterpretq_u8_u32(other));
            }
            let codes = vreinterpretq_u32_u8(codes);
            let to = self.output.add(self.view.at(row, column) + outputs.first);
            let to = |p: usize| to.add(p * self.view.pixel_step);
            store_four(to(0), vgetq_lane_u32::<0>(codes), outputs.count);
            store_four(to(1), vgetq_lane_u32::<1>(codes), outputs.count);
            store_four(to(2), vgetq_lane_u32::<2>(codes), outputs.count);
            store_four(to(3), vgetq_lane_u32::<3>(codes), outputs.count);
        }
    }

    /// # Safety
    /// As for `store_four`.
    #[inline(always)]
    pub(super) unsafe fn store_one(
        &self,
        outputs: &Four,
        sums: int32x4_t,
        row: usize,
        column: usize,
    ) {
        let mut codes = self.finish.codes([sums; 4], [outputs.scale; 4]);
        // SAFETY: NEON is in the baseline; the pixel and its outputs exist.
        unsafe {
            if let Some((view, other)) = &self.other {
                let from = other.add(view.at(row, column) + outputs.first);
                let other = vdupq_n_u32(load_four(from, outputs.count));
                codes = self.finish.add(codes, vreinterpretq_u8_u32(other));
            }
            let to = self.output.add(self.view.at(row, column) + outputs.first);
            let codes = vgetq_lane_u32::<0>(vreinterpretq_u32_u8(codes));
            store_four(to, codes, outputs.count);
        }
    }
}
