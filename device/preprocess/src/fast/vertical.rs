//! Down the columns of bytes: from a segment's rows to its shares of two output rows.

use crate::axis::Axis;

use super::lane::Lane;

/// Bytes of a row that are summed at a time; their sums stay in registers.
pub(crate) const BLOCK: usize = 96;

/// The most rows whose sum of sums fits 16 bits: `255 * 22 * 23 / 2`.
pub(crate) const ROWS: usize = 22;

/// Where the bytes of a plane lie.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// The first byte that is needed of the first row.
    pub(crate) first: usize,
    /// Bytes that are needed of each row, at least [`BLOCK`].
    pub(crate) len: usize,
    pub(crate) stride: usize,
    pub(crate) row_shift: u32,
}

/// The rows of pixels in pieces, in order.
#[derive(Debug, Clone)]
pub(crate) struct Down {
    pieces: Vec<Piece>,
    /// Where each segment's pieces end.
    ends: Vec<usize>,
    peak: u64,
}

/// With the sum `a` of its rows and the sum `b` of the sums after each row, the share in the output above is
/// `sum * a + sums * b`.
#[derive(Debug, Clone)]
struct Piece {
    row: usize,
    rows: usize,
    sum: u64,
    sums: u64,
}

impl Down {
    pub(crate) fn new(axis: &Axis) -> Self {
        let mut pieces = Vec::new();
        let mut ends = Vec::new();
        for segment in axis.segments() {
            let mut row = segment.pixels.start;
            let mut weight = segment.weight;
            let mut left = segment.pixels.len().div_ceil(ROWS);
            while left > 0 {
                let rows = (segment.pixels.end - row).div_ceil(left);
                let fall = axis.step() * rows as u64;
                // The weights of the rows are `weight`, `weight - step`, ... The first factor may be below zero.
                pieces.push(Piece {
                    row,
                    rows,
                    sum: weight.wrapping_sub(fall),
                    sums: axis.step(),
                });
                row += rows;
                weight = weight.wrapping_sub(fall);
                left -= 1;
            }
            ends.push(pieces.len());
        }
        Self {
            pieces,
            ends,
            peak: axis.peak(),
        }
    }

    pub(crate) fn segments(&self) -> usize {
        self.ends.len()
    }

    /// Completes `row` from `carry`, the shares of the segment before, and leaves this segment's in `carry`.
    #[inline(always)]
    pub(crate) fn segment<V: Lane>(
        &self,
        segment: usize,
        bytes: &[u8],
        source: &Source,
        row: &mut [V],
        carry: &mut [V],
    ) {
        let begin = segment.checked_sub(1).map_or(0, |before| self.ends[before]);
        let pieces = &self.pieces[begin..self.ends[segment]];
        let (rows, _) = row.as_chunks_mut::<BLOCK>();
        let (carries, _) = carry.as_chunks_mut::<BLOCK>();
        for (block, (row, carry)) in rows.iter_mut().zip(carries).enumerate() {
            *row = *carry;
            *carry = [V::default(); BLOCK];
            // The last block lies over the one before where the width is no multiple.
            let first = source.first + (block * BLOCK).min(source.len - BLOCK);
            for piece in pieces {
                let (sum, sums) = piece.sum_up(bytes, first, source);
                self.share(piece, &sum, &sums, row, carry);
            }
        }
    }

    #[inline(always)]
    fn share<V: Lane>(
        &self,
        piece: &Piece,
        sum: &[u16; BLOCK],
        sums: &[u16; BLOCK],
        row: &mut [V; BLOCK],
        carry: &mut [V; BLOCK],
    ) {
        let peak = V::from_u64(self.peak);
        let (a, b) = (V::from_u64(piece.sum), V::from_u64(piece.sums));
        for lane in 0..BLOCK {
            let (sum, sums) = (V::from_u16(sum[lane]), V::from_u16(sums[lane]));
            let above = a.times(sum).plus(b.times(sums));
            row[lane] = row[lane].plus(above);
            carry[lane] = carry[lane].plus(peak.times(sum).minus(above));
        }
    }
}

impl Piece {
    #[inline(always)]
    fn sum_up(&self, bytes: &[u8], first: usize, source: &Source) -> ([u16; BLOCK], [u16; BLOCK]) {
        let mut sum = [0_u16; BLOCK];
        let mut sums = [0_u16; BLOCK];
        for row in self.row..self.row + self.rows {
            let start = first + (row >> source.row_shift) * source.stride;
            let line = &bytes[start..start + BLOCK];
            for lane in 0..BLOCK {
                sum[lane] = sum[lane].wrapping_add(u16::from(line[lane]));
                sums[lane] = sums[lane].wrapping_add(sum[lane]);
            }
        }
        (sum, sums)
    }
}
