//! Blurs of a lens.

use super::{code, real};

/// Standard deviations in pixels; `gaussian_blur`.
pub(super) const GAUSSIAN: [f64; 5] = [0.4, 0.6, 0.7, 0.8, 1.0];
/// Radius of the disc, and the standard deviation that softens its edge, both in pixels; `defocus_blur`.
pub(super) const DEFOCUS: [(f64, f64); 5] =
    [(0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1.0, 0.2), (1.5, 0.1)];

/// The disc lies within so many pixels of its centre.
const DISC: i64 = 1;
/// Softened it reaches one farther.
const REACH: i64 = DISC + 1;
const SIDE: usize = 2 * REACH as usize + 1;

/// Where an image goes on beyond its edge.
#[derive(Clone, Copy)]
enum Edge {
    /// The last pixel again and again: `aaa|abcd|ddd`.
    Nearest,
    /// Mirrored at the last pixel, which is not repeated: `dcb|abcd|cba`.
    Mirror,
}

/// A Gaussian blur cut off at 4 standard deviations, as of `skimage.filters.gaussian`.
pub(super) fn gaussian(size: (usize, usize), rgb: &[u8], deviation: f64) -> Vec<u8> {
    let reach = (4.0 * deviation + 0.5) as i64;
    let weights = bell(reach, deviation);
    let reals: Vec<f64> = rgb.iter().map(|&v| real(v)).collect();
    let (w, h) = (size.0 as i64, size.1 as i64);
    let mut rows = vec![0.0; rgb.len()];
    let mut out = vec![0.0; rgb.len()];
    // Down the columns first, then along the rows.
    pass((w, h), &reals, &mut rows, &weights, (0, 1));
    pass((w, h), &rows, &mut out, &weights, (1, 0));
    out.into_iter().map(code).collect()
}

fn pass((w, h): (i64, i64), from: &[f64], to: &mut [f64], weights: &[f64], (dx, dy): (i64, i64)) {
    let reach = weights.len() as i64 / 2;
    for y in 0..h {
        for x in 0..w {
            for c in 0..3 {
                let taps = weights.iter().zip(-reach..);
                to[place(w, x, y) + c] = taps
                    .map(|(weight, i)| {
                        let x = beyond(x + i * dx, w, Edge::Nearest);
                        let y = beyond(y + i * dy, h, Edge::Nearest);
                        weight * from[place(w, x, y) + c]
                    })
                    .sum();
            }
        }
    }
}

/// A blur by a disc of `radius`, at most 1.5, whose edge is softened.
pub(super) fn defocus(size: (usize, usize), rgb: &[u8], (radius, soft): (f64, f64)) -> Vec<u8> {
    let kernel = disc(radius, soft);
    let (w, h) = (size.0 as i64, size.1 as i64);
    let mut out = vec![0; rgb.len()];
    for y in 0..h {
        for x in 0..w {
            for c in 0..3 {
                let mut sum = 0.0;
                for (row, dy) in kernel.iter().zip(-REACH..) {
                    for (weight, dx) in row.iter().zip(-REACH..) {
                        let x = beyond(x + dx, w, Edge::Mirror);
                        let y = beyond(y + dy, h, Edge::Mirror);
                        sum += weight * real(rgb[place(w, x, y) + c]);
                    }
                }
                out[place(w, x, y) + c] = code(sum);
            }
        }
    }
    out
}

/// A disc of weights that sum to 1, blurred over 3x3 pixels.
fn disc(radius: f64, soft: f64) -> [[f64; SIDE]; SIDE] {
    let inside = |x: i64, y: i64| (x * x + y * y) as f64 <= radius * radius;
    let all = (-DISC..=DISC).flat_map(|y| (-DISC..=DISC).map(move |x| (x, y)));
    let inner: Vec<_> = all.filter(|&(x, y)| inside(x, y)).collect();
    let weights = bell(1, soft);
    let mut kernel = [[0.0; SIDE]; SIDE];
    for &(x, y) in &inner {
        for (down, dy) in weights.iter().zip(-1..) {
            for (along, dx) in weights.iter().zip(-1..) {
                let (row, column) = ((y + dy + REACH) as usize, (x + dx + REACH) as usize);
                kernel[row][column] += down * along / inner.len() as f64;
            }
        }
    }
    kernel
}

/// A sampled Gaussian of `2 reach + 1` weights that sum to 1.
fn bell(reach: i64, deviation: f64) -> Vec<f64> {
    let weight = |i: i64| (-0.5 * (i as f64 / deviation).powi(2)).exp();
    let sum: f64 = (-reach..=reach).map(weight).sum();
    (-reach..=reach).map(|i| weight(i) / sum).collect()
}

fn beyond(i: i64, length: i64, edge: Edge) -> i64 {
    match edge {
        Edge::Nearest => i.clamp(0, length - 1),
        Edge::Mirror if length == 1 => 0,
        Edge::Mirror => {
            let period = 2 * (length - 1);
            let i = i.rem_euclid(period);
            i.min(period - i)
        }
    }
}

fn place(width: i64, x: i64, y: i64) -> usize {
    (y * width + x) as usize * 3
}
