//! The Beta distribution, for `a >= 1` and `b >= 1`.

/// More than the continued fraction takes for shapes up to 1e9: it needs about their square root.
const MAX_TERMS: u32 = 200_000;

/// The `p` quantile of Beta(a, b), by bisection down to neighbouring floats.
pub(crate) fn quantile(a: f64, b: f64, p: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    loop {
        let mid = low + (high - low) / 2.0;
        if mid <= low || mid >= high {
            return mid;
        }
        if cdf(a, b, mid) < p {
            low = mid;
        } else {
            high = mid;
        }
    }
}

/// The regularized incomplete beta function I_x(a, b).
/// NIST Digital Library of Mathematical Functions, 8.17.22, by Lentz's method.
fn cdf(a: f64, b: f64, x: f64) -> f64 {
    // The fraction converges fast on this side only; the other by symmetry, DLMF 8.17.4.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - lower(b, a, 1.0 - x);
    }
    lower(a, b, x)
}

fn lower(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let log_front = a * libm::log(x) + b * libm::log1p(-x) + libm::lgamma(a + b)
        - libm::lgamma(a)
        - libm::lgamma(b);
    libm::exp(log_front) * fraction(a, b, x) / a
}

/// `1 / (1 + d1 / (1 + d2 / ...))` with the coefficients of DLMF 8.17.23.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut c = 1.0;
    let mut value = d;
    for m in 1..MAX_TERMS {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut last = 1.0;
        for coefficient in [even, odd] {
            d = 1.0 / guard(1.0 + coefficient * d);
            c = guard(1.0 + coefficient / c);
            last = c * d;
            value *= last;
        }
        if libm::fabs(last - 1.0) < 4.0 * f64::EPSILON {
            break;
        }
    }
    value
}

/// Keeps a denominator away from zero, as Lentz's method asks.
fn guard(x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    if libm::fabs(x) < TINY { TINY } else { x }
}
