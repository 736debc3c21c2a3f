//! Parts of an image that stay in the first cache while all outputs pass over them, their codes lowered by 128
//! on the way there, once.

use std::mem::MaybeUninit;
use std::ops::Range;

use crate::conv::Dense;
use crate::kernels::tiles::cover;
use crate::view::Window;

/// Half of the first cache of the smallest cores.
const TARGET: usize = 16 << 10;
/// What a part may take if it cannot be smaller.
const LIMIT: usize = 64 << 10;
/// Runs of a window that can be copied one by one.
const RUNS: usize = 64;
/// Pixels of a part that is as narrow as can be.
const NARROW: usize = 4;

/// Output pixels, and where their windows lie.
pub(super) struct Strip<'a> {
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
    pub(super) walk: Walk<'a>,
    /// The codes are lowered already.
    pub(super) lowered: bool,
}

/// A window's walk. Kernels keep it by value: what lies behind a reference would be read again for each tile, since
/// the codes that a kernel writes might have changed it.
#[derive(Clone, Copy)]
pub(super) struct Walk<'a> {
    pub(super) runs: &'a [usize],
    pub(super) run: usize,
    row_step: usize,
    pub(super) column_step: usize,
    /// Plus the offset of a byte. Good for what the windows read, and nothing else.
    input: *const u8,
}

impl Walk<'_> {
    #[inline(always)]
    pub(super) fn new(window: &Window, input: *const u8) -> Walk<'_> {
        Walk {
            runs: &window.runs,
            run: window.run,
            row_step: window.row_step,
            column_step: window.column_step,
            input,
        }
    }

    /// Where the runs of an output pixel count from. It may lie outside of any buffer.
    #[inline(always)]
    pub(super) fn at(&self, row: usize, column: usize) -> *const u8 {
        let offset = row * self.row_step + column * self.column_step;
        self.input.wrapping_add(offset)
    }
}

/// Calls `each` with strips that cover the output.
#[inline(always)]
pub(super) fn strips(conv: &Dense, input: &[u8], mut each: impl FnMut(&Strip<'_>)) {
    let window = &conv.window;
    let (rows, columns) = (window.rows, window.columns);
    let walk = Walk::new(window, input.as_ptr());
    let first = window.runs.iter().min().copied().unwrap_or(0);
    let last = window.runs.iter().max().copied().unwrap_or(0);
    // Of an output row, all that lies between its first and its last code.
    let row = (columns - 1) * window.column_step + last - first + window.run;
    // Of some output columns, run by run.
    let runs =
        |columns: usize| window.runs.len() * ((columns - 1) * window.column_step + window.run);
    let mut copy = [MaybeUninit::uninit(); LIMIT];
    if row <= TARGET {
        let more = (TARGET - row).checked_div(window.row_step);
        let step = 1 + more.unwrap_or(0);
        for start in (0..rows).step_by(step) {
            let rows = start..rows.min(start + step);
            let from = start * window.row_step + first;
            let len = (rows.len() - 1) * window.row_step + row;
            lower(&mut copy, &input[from..][..len]);
            each(&Strip {
                rows,
                columns: 0..columns,
                walk: Walk {
                    input: copy.as_ptr().cast::<u8>().wrapping_sub(from),
                    ..walk
                },
                lowered: true,
            });
        }
        return;
    }
    let mut step = columns;
    while step > NARROW && runs(step) > TARGET {
        step = step.div_ceil(2).next_multiple_of(NARROW);
    }
    if window.runs.len() > RUNS || runs(step) > LIMIT {
        return each(&Strip {
            rows: 0..rows,
            columns: 0..columns,
            walk,
            lowered: false,
        });
    }
    let len = runs(step) / window.runs.len();
    let starts: [usize; RUNS] = std::array::from_fn(|run| run * len);
    for row in 0..rows {
        cover(columns, step, |column| {
            let origin = row * window.row_step + column * window.column_step;
            for (copy, start) in copy.chunks_exact_mut(len).zip(&window.runs) {
                lower(copy, &input[origin + start..][..len]);
            }
            each(&Strip {
                rows: row..row + 1,
                columns: column..column + step,
                walk: Walk {
                    runs: &starts[..window.runs.len()],
                    input: copy.as_ptr().cast::<u8>().wrapping_sub(origin),
                    ..walk
                },
                lowered: true,
            });
        });
    }
}

fn lower(to: &mut [MaybeUninit<u8>], codes: &[u8]) {
    let (blocks, rest) = codes.as_chunks::<64>();
    let (to_blocks, to_rest) = to.as_chunks_mut::<64>();
    for (to, codes) in to_blocks.iter_mut().zip(blocks) {
        *to = codes.map(|code| MaybeUninit::new(code ^ 0x80));
    }
    for (to, code) in to_blocks.as_flattened_mut()[blocks.len() * 64..]
        .iter_mut()
        .chain(to_rest)
        .zip(rest)
    {
        to.write(code ^ 0x80);
    }
}
