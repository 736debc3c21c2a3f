//! The same sums as `general`, where the picture is made smaller: first down each column of bytes, with two
//! additions a byte and no multiplication, then across the few rows that are left.
//!
//! From the centre of one output to that of the next, weights are linear in the row, and a pixel counts for these two
//! outputs only. So the sum of the rows and the sum of these sums (across no more than [`vertical::ROWS`] rows, which fit 16
//! bits) give both outputs' shares.

mod horizontal;
mod lane;
mod vertical;

use crate::axis::Axis;
use crate::planes::Plane;

use horizontal::{Across, FOLDED_OF_3};
pub(crate) use lane::{Lane, Sum};
use vertical::Down;

/// One geometry, in the narrowest numbers that hold its sums.
#[derive(Debug, Clone)]
pub(crate) enum Fast {
    /// Columns in 16 bits, sums in 32.
    Narrow(Reduction<u16, u32>),
    /// All in 32 bits.
    Middle(Reduction<u32, u32>),
    /// Columns in 32 bits, sums in 64.
    Wide(Reduction<u32, u64>),
}

/// What is known of a geometry before the first frame, and the memory that its frames need.
#[derive(Debug, Clone)]
pub(crate) struct Reduction<V, A> {
    down: Down,
    planes: Vec<Stripe<V>>,
    folded: Vec<A>,
    sums: [Vec<A>; 3],
}

/// The part of a plane that the output depends on.
#[derive(Debug, Clone)]
struct Stripe<V> {
    source: vertical::Source,
    across: Across,
    row: Vec<V>,
    carry: Vec<V>,
}

impl Fast {
    /// `None` where a side is made larger, the picture is too narrow, or sums need more bits.
    pub(crate) fn new(planes: &[Plane], columns: &Axis, rows: &Axis) -> Option<Self> {
        if !rows.reduces() {
            return None;
        }
        let most = |axis: &Axis| (0..axis.outputs()).map(|o| axis.total(o)).max();
        let down = most(rows)?.checked_mul(255)?;
        let sum = most(columns)?.checked_mul(down)?;
        // Factors are as small as the sums of which they are part.
        let (narrow, middle) = (u16::MAX.into(), u32::MAX.into());
        Some(if down <= narrow && sum <= middle {
            Self::Narrow(Reduction::new(planes, columns, rows)?)
        } else if sum <= middle {
            Self::Middle(Reduction::new(planes, columns, rows)?)
        } else if down <= middle {
            Self::Wide(Reduction::new(planes, columns, rows)?)
        } else {
            return None;
        })
    }
}

impl<V: Lane, A: Sum<V>> Reduction<V, A> {
    fn new(planes: &[Plane], columns: &Axis, rows: &Axis) -> Option<Self> {
        let planes = planes.iter().map(|plane| {
            let (across, source) = Across::new(plane, columns)?;
            let slots = across.slots();
            Some(Stripe {
                source,
                across,
                row: vec![V::default(); slots],
                carry: vec![V::default(); slots],
            })
        });
        Some(Self {
            planes: planes.collect::<Option<_>>()?,
            down: Down::new(rows),
            folded: vec![A::default(); FOLDED_OF_3 * columns.outputs()],
            sums: std::array::from_fn(|_| vec![A::default(); columns.outputs()]),
        })
    }

    /// Calls `finish` with the sums of each channel of each output row, in order.
    #[inline(always)]
    pub(crate) fn run(&mut self, bytes: &[u8], mut finish: impl FnMut(usize, [&[A]; 3])) {
        for plane in &mut self.planes {
            plane.carry.fill(V::default());
        }
        for segment in 0..self.down.segments() {
            for plane in &mut self.planes {
                let (row, carry) = (&mut plane.row, &mut plane.carry);
                self.down.segment(segment, bytes, &plane.source, row, carry);
                // What is above the first centre is a share of the first output alone.
                if segment > 0 {
                    plane.across.run(row, &mut self.folded, &mut self.sums);
                }
            }
            if let Some(y) = segment.checked_sub(1) {
                let [a, b, c] = &self.sums;
                finish(y, [a, b, c]);
            }
        }
    }
}
