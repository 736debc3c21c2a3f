//! Weights of a dense convolution for `vpmaddubsw`, which adds two products of a u8 and an s8 in 16 bits and saturates.
//! Two weights are a safe pair where no two codes make it do so.
//!
//! A quad of codes makes two pairs, in one of three orders. A step multiplies one quad into the sums of 16 outputs, so
//! it needs an order in which the pairs of all 16 are safe; steps that have none are made of 16-bit words for
//! `vpmaddwd`, which is exact with any weights.

use crate::conv::{Chunk, DenseWeights};
use crate::kernels::portable::QUAD;
use crate::requant::BLOCK;
use crate::view::Window;

/// The bytes of a quad so that neighbours are a pair.
pub(super) const ORDERS: [[usize; QUAD]; 3] = [[0, 1, 2, 3], [0, 2, 1, 3], [0, 3, 1, 2]];

/// The run and the byte in it where a quad starts.
pub(super) type Step = [u32; 2];

/// The steps of one block of outputs.
#[derive(Clone, Copy)]
pub(super) struct Steps<'a> {
    /// Those that are safe in each of the orders: a chunk each, `[output][byte]` in that order.
    pub(super) safe: [&'a [Step]; 3],
    /// The others: two chunks each, bytes 0 and 2, then 1 and 3, as `[output][2]` words.
    pub(super) words: &'a [Step],
    /// Of all these steps, one after the other.
    pub(super) weights: &'a [Chunk],
}

/// 32-bit numbers in a chunk.
const NUMBERS: usize = 16;

/// For each block: the lengths of the four lists of steps, the steps, from a new chunk on the weights, and what makes
/// all blocks equally long.
pub(super) fn pack_dense(weights: &DenseWeights) -> Vec<Chunk> {
    let blocks: Vec<_> = (0..weights.outputs.div_ceil(BLOCK))
        .map(|block| pack_block(weights, block))
        .collect();
    let longest = blocks.iter().map(Vec::len).max().unwrap_or(0);
    let mut packed = Vec::with_capacity(blocks.len() * longest);
    for (i, block) in blocks.into_iter().enumerate() {
        packed.extend(block);
        packed.resize((i + 1) * longest, Chunk([0; 64]));
    }
    packed
}

fn pack_block(weights: &DenseWeights, block: usize) -> Vec<Chunk> {
    let mut lists: [Vec<Step>; 4] = Default::default();
    let mut chunks: [Vec<Chunk>; 4] = Default::default();
    for run in 0..weights.runs {
        for first in (0..weights.run).step_by(QUAD) {
            let weight = |o: usize, byte: usize| weights.at(block * BLOCK + o, run, first + byte);
            let safe = |order: &[usize; QUAD]| {
                (0..BLOCK).all(|o| {
                    let [a, b, c, d] = order.map(|byte| weight(o, byte).into());
                    is_safe(a, b) && is_safe(c, d)
                })
            };
            let kind = ORDERS.iter().position(safe).unwrap_or(ORDERS.len());
            lists[kind].push([run as u32, first as u32]);
            match ORDERS.get(kind) {
                Some(order) => chunks[kind].push(Chunk(std::array::from_fn(|i| {
                    weight(i / QUAD, order[i % QUAD]) as u8
                }))),
                None => chunks[kind].extend([0, 1].map(|odd| {
                    Chunk(std::array::from_fn(|i| {
                        let word = i16::from(weight(i / QUAD, i % QUAD / 2 * 2 + odd));
                        word.to_le_bytes()[i % 2]
                    }))
                })),
            }
        }
    }
    let mut numbers: Vec<u32> = lists.iter().map(|steps| steps.len() as u32).collect();
    numbers.extend(lists.iter().flatten().flatten());
    let mut packed: Vec<Chunk> = numbers.chunks(NUMBERS).map(chunk).collect();
    packed.extend(chunks.into_iter().flatten());
    packed
}

/// 255 * 128 fits 16 bits with a sign, 255 * 129 does not.
fn is_safe(a: i32, b: i32) -> bool {
    a.min(0) + b.min(0) >= -128 && a.max(0) + b.max(0) <= 128
}

fn chunk(numbers: &[u32]) -> Chunk {
    let mut chunk = Chunk([0; 64]);
    for (bytes, number) in chunk.0.as_chunks_mut().0.iter_mut().zip(numbers) {
        *bytes = number.to_ne_bytes();
    }
    chunk
}

impl<'a> Steps<'a> {
    /// # Panics
    /// If a step is outside of the window, or weights are missing.
    pub(super) fn new(packed: &'a [Chunk], window: &Window) -> Steps<'a> {
        let numbers = numbers(packed);
        let [a, b, c, d] = std::array::from_fn(|i| numbers[i] as usize);
        let count = a + b + c + d;
        let (steps, _) = numbers[4..][..2 * count].as_chunks();
        for [run, byte] in steps {
            assert!((*run as usize) < window.runs.len() && *byte as usize + QUAD <= window.run);
        }
        let (first, rest) = steps.split_at(a);
        let (second, rest) = rest.split_at(b);
        let (third, words) = rest.split_at(c);
        Steps {
            safe: [first, second, third],
            words,
            weights: &packed[(4 + 2 * count).div_ceil(NUMBERS)..][..count + d],
        }
    }
}

fn numbers(chunks: &[Chunk]) -> &[u32] {
    // SAFETY: a chunk is aligned for them, and any bytes are numbers.
    unsafe { chunks.align_to().1 }
}
