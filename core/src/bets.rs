//! The bets that a drift test makes on each p-value.

use crate::p_value::{ScoreTable, Tails};
use crate::spacings::mean_bound;

/// How a bet pays: by a function of the p-value that does not increase and has mean 1 if p is uniform.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    /// `1 + strength (1/2 - p)`, strength in (0, 2): gentle bets, for a shift of many small p-values.
    /// The betting function of Vovk et al., "Retrain or not Retrain: Conformal Test Martingales for
    /// Change-Point Detection", 2021.
    Linear(f64),
    /// `exponent p^(exponent - 1)`, exponent in (0, 1): for p-values that are very small.
    /// The power martingale of Vovk, Nouretdinov and Gammerman, "Testing Exchangeability On-Line", 2003.
    Power(f64),
}

/// Strengths a factor of 2 apart: for a small shift the nearest one grows at 8/9 of the best rate at least.
const SHAPES: [Shape; 7] = [
    Shape::Linear(0.125),
    Shape::Linear(0.25),
    Shape::Linear(0.5),
    Shape::Linear(1.0),
    Shape::Linear(1.9),
    Shape::Power(0.5),
    Shape::Power(0.2),
];

/// Bets on falling scores, then as many on rising ones.
pub(crate) const BETS: usize = 2 * SHAPES.len();

/// Room for the cells of a table of 201 and more.
const CELLS: usize = 256;

/// No table's p-value is as small.
const SMALLEST: f64 = 1e-10;

/// The pay of each bet on one frame.
pub(crate) type Pays = [f64; BETS];

/// Bets whose mean pay is at most 1 on known images, for all but unlucky calibration sets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bets {
    /// What each pay is multiplied with, at most 1.
    shrink: Pays,
}

impl Bets {
    /// Bets that take the calibration set for the truth.
    #[cfg(test)]
    pub(crate) const PLAIN: Self = Self {
        shrink: [1.0; BETS],
    };

    /// Over the draw of the calibration set, the chance is at least `assurance` that every bet's mean pay, given
    /// that set, is at most 1: each pay is divided by its [`mean_bound`] at an equal part of `1 - assurance`.
    pub(crate) fn new(table: &ScoreTable<impl AsRef<[f32]>>, assurance: f64) -> Self {
        let log_delta = libm::log((1.0 - assurance) / BETS as f64);
        let mut cells = [(0.0, 0.0); CELLS];
        let mut shrink = [1.0; BETS];
        for (i, shrink) in shrink.iter_mut().enumerate() {
            let cells = fill(
                &mut cells,
                table,
                SHAPES[i % SHAPES.len()],
                Self::is_falling(i),
            );
            // The mean over the calibration set itself is below 1 where the table rounds p-values up.
            *shrink = 1.0 / mean_bound(cells, log_delta).max(1.0);
        }
        Self { shrink }
    }

    /// What each bet pays on a frame; finite and more than 0, whatever the tails hold. NaN is taken for 1.
    pub(crate) fn pays(&self, tails: Tails) -> Pays {
        let mut pays = self.shrink;
        let (falling, rising) = pays.split_at_mut(SHAPES.len());
        for (side, p) in [(falling, tails.lower), (rising, tails.upper)] {
            let p = if p.is_nan() {
                1.0
            } else {
                p.clamp(SMALLEST, 1.0)
            };
            for (pay, shape) in side.iter_mut().zip(SHAPES) {
                *pay *= shape.pay(p);
            }
        }
        pays
    }

    /// Whether bet `index` is on falling scores.
    pub(crate) const fn is_falling(index: usize) -> bool {
        index < SHAPES.len()
    }
}

/// Cells of the table, each with its slots and what a bet pays in it. A table longer than the room has its cells
/// merged, at the larger pay.
fn fill<'c>(
    room: &'c mut [(f64, f64); CELLS],
    table: &ScoreTable<impl AsRef<[f32]>>,
    shape: Shape,
    falling: bool,
) -> &'c [(f64, f64)] {
    let last = table.values().len() + 1;
    let step = last.div_ceil(CELLS);
    let all = (table.count() + 1) as f64;
    let mut used = 0;
    for cell in (0..last).step_by(step) {
        let end = (cell + step).min(last);
        let (from, to) = (table.edge(cell), table.edge(end));
        if from == to {
            continue;
        }
        // The smallest p-value of the cell pays most.
        let slots = if falling {
            table.edge(cell + 1).max(from + 1)
        } else {
            table.count() + 1 - table.edge(end - 1).min(to - 1)
        };
        room[used] = ((to - from) as f64, shape.pay(slots as f64 / all));
        used += 1;
    }
    &room[..used]
}

impl Shape {
    fn pay(self, p: f64) -> f64 {
        match self {
            Self::Linear(strength) => 1.0 + strength * (0.5 - p),
            Self::Power(exponent) => exponent * libm::pow(p, exponent - 1.0),
        }
    }
}
