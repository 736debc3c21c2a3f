//! What a finite calibration set leaves unknown of the known images' distribution.
//!
//! `n` exchangeable calibration scores cut the probability of a new score into `n + 1` slots whose sizes are
//! uniform spacings: Dirichlet(1, ..., 1). Slots taken together in a cell have that many as their parameter.

/// Steps of either bisection: the bound comes out within 1e-9 of the range of the values.
const STEPS: u32 = 30;

/// A bound on the mean of a function over the true distribution, given the number of slots in each cell and its
/// value there: exceeded with probability at most `exp(log_delta)` over the draw of the calibration set.
///
/// With a gamma variable for each slot, `P(sum D b > x) = P(sum g (b - x) > 0)`, and Markov's inequality on
/// `exp(theta sum g (b - x))` gives `prod (1 - theta (b - x))^-slots` for every `theta` that keeps the factors
/// positive (Chernoff's bound). Any `theta` is safe; the best one is looked for.
pub(crate) fn mean_bound(cells: &[(f64, f64)], log_delta: f64) -> f64 {
    let (mut slots, mut sum, mut largest) = (0.0, 0.0, f64::NEG_INFINITY);
    for &(s, b) in cells {
        slots += s;
        sum += s * b;
        largest = largest.max(b);
    }
    // The largest value is a bound that nothing exceeds.
    let (mut low, mut high) = (sum / slots, largest);
    for _ in 0..STEPS {
        let x = low + (high - low) / 2.0;
        if x <= low || x >= high {
            break;
        }
        if log_chernoff(cells, x, largest) <= log_delta {
            high = x;
        } else {
            low = x;
        }
    }
    high
}

/// The logarithm of the smallest Chernoff bound on `P(mean > x)`, by bisection on its derivative in theta.
fn log_chernoff(cells: &[(f64, f64)], x: f64, largest: f64) -> f64 {
    let limit = 1.0 / (largest - x);
    let (mut low, mut high) = (0.0, limit);
    for _ in 0..STEPS {
        let theta = low + (high - low) / 2.0;
        let slope: f64 = cells
            .iter()
            .map(|&(s, b)| s * (b - x) / (1.0 - theta * (b - x)))
            .sum();
        if slope < 0.0 {
            low = theta;
        } else {
            high = theta;
        }
    }
    // `low` never reaches the limit, where the bound is infinite.
    cells
        .iter()
        .map(|&(s, b)| -s * libm::log1p(-low * (b - x)))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::mean_bound;
    use crate::beta;

    /// For a function of two values the mean is a Beta variable, whose quantile is known.
    #[test]
    fn an_indicators_bound_is_just_above_the_beta_quantile() {
        for n in [50.0, 2500.0, 5000.0, 100_000.0] {
            for share in [0.01, 0.1, 0.5, 0.9] {
                let inside = libm::round((n + 1.0) * share).max(1.0);
                for delta in [0.3, 0.05, 1e-3, 1e-6] {
                    let cells = [(inside, 1.0), (n + 1.0 - inside, 0.0)];
                    let have = mean_bound(&cells, libm::log(delta));
                    let exact = beta::quantile(inside, n + 1.0 - inside, 1.0 - delta);
                    let spread = libm::sqrt(share * (1.0 - share) / n);
                    assert!(have >= exact, "{n} {share} {delta}: {have} under {exact}");
                    assert!(
                        have - exact < 1.2 * spread + 3.0 / n,
                        "{n} {share} {delta}: {have} far over {exact}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_constant_is_its_own_bound() {
        let have = mean_bound(&[(3.0, 0.7), (5.0, 0.7)], -3.0);
        assert!((have - 0.7).abs() < 1e-12, "{have}");
    }
}
