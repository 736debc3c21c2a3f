//! From the sums of an output pixel to its value.

use crate::axis::Axis;

/// Bits behind the point of a value.
pub(crate) const FRACTION: u32 = 16;

/// Divides sums by the sums of their weights, in whole numbers: two multiplications in place of a division. A value is
/// at most 2^-14 of a code too small or too large.
#[derive(Debug, Clone)]
pub(crate) struct Scale {
    left: u32,
    right: u32,
    columns: Vec<u32>,
    rows: Vec<u32>,
}

impl Scale {
    pub(crate) fn new(columns: &Axis, rows: &Axis) -> Self {
        let totals = |axis: &Axis| -> Vec<u128> {
            (0..axis.outputs()).map(|o| axis.total(o).into()).collect()
        };
        let (across, down) = (totals(columns), totals(rows));
        let most = |totals: &[u128]| totals.iter().copied().max().unwrap_or(1);
        let least = across.iter().copied().min().unwrap_or(1);
        // The largest sum gets 32 bits.
        let bits = 128 - (255 * most(&across) * most(&down)).leading_zeros();
        let (left, right) = (32_u32.saturating_sub(bits), bits.saturating_sub(32));
        // A window has at least half of the filter, so both factors fit.
        let divide = |bits: u32, by: u128| (((1_u128 << bits) + by / 2) / by) as u32;
        Self {
            left,
            right,
            columns: across
                .iter()
                .map(|&total| (((least << 31) + total / 2) / total) as u32)
                .collect(),
            rows: down
                .iter()
                .map(|&total| divide(32 + FRACTION + right - left, least * total))
                .collect(),
        }
    }

    /// The value of one sum, with [`FRACTION`] bits behind the point.
    pub(crate) fn value(&self, sum: u128, x: usize, y: usize) -> u32 {
        let sum = ((sum << self.left) >> self.right) as u32;
        scaled(sum, self.columns[x], self.rows[y])
    }

    /// The values of a row's sums. The same as [`value`](Self::value).
    #[inline(always)]
    pub(crate) fn row<A: Copy + Into<u64>>(&self, sums: &[A], y: usize, values: &mut [u32]) {
        let (left, right, row) = (self.left, self.right, self.rows[y]);
        for ((value, &sum), &column) in values.iter_mut().zip(sums).zip(&self.columns) {
            let sum: u64 = sum.into();
            *value = scaled(((sum << left) >> right) as u32, column, row);
        }
    }
}

#[inline(always)]
fn scaled(sum: u32, column: u32, row: u32) -> u32 {
    let across = (u64::from(sum) * u64::from(column)) >> 31;
    ((across * u64::from(row)) >> 32) as u32
}
