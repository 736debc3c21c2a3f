//! More light, less light, flatter light.

use super::{code, real};

/// Added to the value; `brightness`.
pub(super) const BRIGHTNESS: [f64; 5] = [0.05, 0.1, 0.15, 0.2, 0.3];
/// The share of the distance to the mean that stays; `contrast`.
pub(super) const CONTRAST: [f64; 5] = [0.75, 0.5, 0.4, 0.3, 0.15];

/// `added` on the value of each pixel, hue and saturation as they are.
///
/// The value is the largest channel, and with hue and saturation fixed all channels are in proportion to it. Black has
/// no saturation, so it becomes grey.
pub(super) fn value(rgb: &[u8], added: f64) -> Vec<u8> {
    let mut out = Vec::with_capacity(rgb.len());
    for pixel in rgb.chunks_exact(3) {
        let largest = pixel.iter().copied().max().unwrap_or(0);
        let to = (real(largest) + added).clamp(0.0, 1.0);
        out.extend(pixel.iter().map(|&channel| match largest {
            0 => code(to),
            _ => code(f64::from(channel) / f64::from(largest) * to),
        }));
    }
    out
}

/// Each channel at `share` of its distance to that channel's mean over the image.
pub(super) fn contrast(rgb: &[u8], share: f64) -> Vec<u8> {
    let pixels = (rgb.len() / 3) as f64;
    let mean = |c: usize| rgb.iter().skip(c).step_by(3).map(|&v| real(v)).sum::<f64>() / pixels;
    let means = [mean(0), mean(1), mean(2)];
    let of = |(channel, &v): (usize, &u8)| (real(v) - means[channel]) * share + means[channel];
    rgb.chunks_exact(3)
        .flat_map(|pixel| pixel.iter().enumerate().map(of))
        .map(code)
        .collect()
}
