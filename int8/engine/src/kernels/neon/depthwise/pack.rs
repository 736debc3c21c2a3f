//! Weights of a depthwise convolution in the order of its kernels.

use std::arch::aarch64::*;

use super::super::block::Block;
use crate::conv::{Chunk, Depthwise, TapWeights};
use crate::requant::BLOCK;

/// Taps of a square of 3x3.
pub(super) const SQUARE: usize = 9;

/// A first byte that says whether two products fit in a lane. Then, for each block of channels:
/// - what is added to its bias, for kernels that do not lower codes: the functions here do;
/// - sixteen weights for each tap, in whole chunks;
/// - for nine taps, those of each column of a square: `[column][channel][row]`, filled up to four rows.
pub(super) fn pack(weights: &TapWeights<'_>, lowered: i32) -> Vec<Chunk> {
    let pairs = (0..weights.channels).all(|channel| {
        (0..weights.taps).step_by(2).all(|tap| {
            let pair = [tap, tap + 1].map(|tap| weights.at(channel, tap));
            pair != [i8::MIN; 2]
        })
    });
    let mut bytes = vec![pairs as u8];
    bytes.resize(size_of::<Chunk>(), 0);
    for first in (0..weights.channels).step_by(BLOCK) {
        let block = first..first + BLOCK;
        for channel in block.clone() {
            let sum = (0..weights.taps).fold(0i32, |sum, tap| {
                sum.wrapping_add(weights.at(channel, tap) as i32)
            });
            bytes.extend(sum.wrapping_mul(128 - lowered).to_le_bytes());
        }
        for tap in 0..weights.taps.next_multiple_of(4) {
            bytes.extend(block.clone().map(|channel| weights.at(channel, tap) as u8));
        }
        if weights.taps == SQUARE {
            for column in 0..3 {
                bytes.extend(block.clone().flat_map(|channel| {
                    let tap = |row: usize| weights.at(channel, row * 3 + column) as u8;
                    [tap(0), tap(1), tap(2), 0]
                }));
            }
        }
    }
    let chunks = bytes.as_chunks().0.iter();
    chunks.map(|chunk| Chunk(*chunk)).collect()
}

/// Two products fit in a lane.
pub(super) fn pairs(weights: &[Chunk]) -> bool {
    weights[0].0[0] != 0
}

/// A block of channels, as packed.
pub(super) struct Packed<'a> {
    /// The bias includes what packing has added.
    pub(super) block: Block<4>,
    taps: &'a [Chunk],
    columns: &'a [Chunk],
}

impl Packed<'_> {
    #[inline]
    #[target_feature(enable = "neon")]
    pub(super) fn new(conv: &Depthwise, block: usize) -> Packed<'_> {
        let taps = conv.window.runs.len();
        let chunks = [1, taps.div_ceil(4), if taps == SQUARE { 3 } else { 0 }];
        let all = chunks.iter().sum::<usize>();
        let packed = &conv.weights[1 + block * all..][..all];
        let more = packed[0].0.as_ptr().cast::<i32>();
        let count = (conv.channels() - block * BLOCK).min(BLOCK);
        let mut block = Block::new(&conv.requant, block, count);
        for v in 0..4 {
            // SAFETY: a chunk is sixteen integers.
            block.bias[v] = vaddq_s32(block.bias[v], unsafe { vld1q_s32(more.add(4 * v)) });
        }
        let (taps, columns) = packed[1..].split_at(chunks[1]);
        Packed {
            block,
            taps,
            columns,
        }
    }

    /// Of one tap.
    #[inline]
    #[target_feature(enable = "neon")]
    pub(super) fn tap(&self, tap: usize) -> int8x16_t {
        let tap = &self.taps[tap / 4].0[tap % 4 * BLOCK..][..BLOCK];
        // SAFETY: sixteen weights.
        unsafe { vld1q_s8(tap.as_ptr().cast()) }
    }

    /// Of a square's column: four channels of each vector.
    #[inline]
    #[target_feature(enable = "neon")]
    pub(super) fn column(&self, column: usize) -> [int8x16_t; 4] {
        let weights = self.columns[column].0.as_ptr().cast::<i8>();
        // SAFETY: a chunk is four vectors.
        std::array::from_fn(|v| unsafe { vld1q_s8(weights.add(16 * v)) })
    }
}
