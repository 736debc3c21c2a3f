//! The dense kernel with `vpdpbusd` on 256 bits, for either encoding of the instruction. A block has two vectors of
//! sums a pixel; a step loads its two vectors of weights once, and each pixel's quad into all lanes.

/// Makes the table `KERNELS` for processors with `$features`, of which `$dot` is the instruction.
macro_rules! vnni256 {
    ($features:literal, $dot:ident) => {
        use std::arch::x86_64::*;

        use crate::conv::{Chunk, Dense};
        use crate::kernels::block256::{Sums, finish, load_sums};
        use crate::kernels::portable::QUAD;
        use crate::kernels::{Isa, Kernels, avx2, portable};
        use crate::requant::BLOCK;

        // SAFETY of each call: the table leaves its file only where the features have been detected.
        pub(super) static KERNELS: Kernels = Kernels {
            isa: Isa::AvxVnni,
            pack_dense: portable::pack_dense,
            dense: |conv, input, output, other| unsafe { dense(conv, input, output, other) },
            ..avx2::KERNELS
        };

        #[target_feature(enable = $features)]
        fn dense(conv: &Dense, input: &[u8], output: &mut [u8], other: &[u8]) {
            conv.check(input, output, other);
            let columns = conv.window.columns;
            // Six hide the latency even where it is 5 cycles, but not at the cost of many pixels computed twice.
            let six = columns.next_multiple_of(6) <= columns.next_multiple_of(4) + columns / 8;
            for block in 0..conv.blocks() {
                let full = conv.block_channels(block) == BLOCK;
                let rows = match columns {
                    1 if full => rows::<1, true>,
                    1 => rows::<1, false>,
                    2..4 if full => rows::<2, true>,
                    2..4 => rows::<2, false>,
                    6.. if six && full => rows::<6, true>,
                    6.. if six => rows::<6, false>,
                    _ if full => rows::<4, true>,
                    _ => rows::<4, false>,
                };
                // SAFETY: `check` has passed, and the block and the columns exist.
                unsafe { rows(conv, input, output, other, block) };
            }
        }

        /// One block of output channels, all 16 of them if `FULL`, in tiles of `PIXELS` columns; the last tile of a row
        /// overlaps the one before.
        ///
        /// # Safety
        /// `conv.check(input, output, other)` has passed, the block exists, and a row has `PIXELS` columns.
        #[target_feature(enable = $features)]
        unsafe fn rows<const PIXELS: usize, const FULL: bool>(
            conv: &Dense,
            input: &[u8],
            output: &mut [u8],
            other: &[u8],
            block: usize,
        ) {
            let columns = conv.window.columns;
            let weights = conv.block_weights(block).as_ptr();
            for row in 0..conv.window.rows {
                let mut column = 0;
                // One call, so that it becomes part of the loop.
                while column < columns {
                    let at = (row, column.min(columns - PIXELS));
                    // SAFETY: the caller's word, and the pixels are in the row.
                    unsafe {
                        let sums = tile::<PIXELS>(conv, weights, input, at, block);
                        finish::<PIXELS, FULL>(conv, block, sums, at, output, other);
                    }
                    column += PIXELS;
                }
            }
        }

        /// # Safety
        /// As [`rows`]; also `row < rows` and `column + PIXELS <= columns`, and the weights are the block's.
        #[inline]
        #[target_feature(enable = $features)]
        unsafe fn tile<const PIXELS: usize>(
            conv: &Dense,
            weights: *const Chunk,
            input: &[u8],
            (row, column): (usize, usize),
            block: usize,
        ) -> [Sums; PIXELS] {
            let window = &conv.window;
            let mut sums = [load_sums(conv.requant.bias(block)); PIXELS];
            let mut weights = weights.cast::<__m256i>();
            let origin = row * window.row_step + column * window.column_step;
            for start in &window.runs {
                // SAFETY: row, column and run are in the window's walk, of which `check` has compared the end with the
                // length of the input.
                let run = unsafe { input.as_ptr().add(origin + start) };
                for quad in 0..window.run / QUAD {
                    // SAFETY: a run is whole quads, and a block has a chunk, two vectors, for each.
                    let w = unsafe {
                        [
                            _mm256_load_si256(weights),
                            _mm256_load_si256(weights.add(1)),
                        ]
                    };
                    // SAFETY: as above.
                    weights = unsafe { weights.add(2) };
                    for p in 0..PIXELS {
                        // SAFETY: the 4 bytes end inside pixel p's run, which is in the walk too.
                        let x = unsafe {
                            run.add(p * window.column_step + quad * QUAD)
                                .cast::<i32>()
                                .read_unaligned()
                        };
                        let x = _mm256_set1_epi32(x);
                        for half in 0..2 {
                            sums[p][half] = $dot(sums[p][half], x, w[half]);
                        }
                    }
                }
            }
            sums
        }
    };
}

pub(in crate::kernels) use vnni256;
