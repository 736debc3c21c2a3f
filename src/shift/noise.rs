//! Noise of the sensor.

use rand::Rng;
use rand_distr::{Distribution, Normal, Poisson};

use super::{code, real};

/// Standard deviations, of a range of 1; `gaussian_noise`.
pub(super) const GAUSSIAN: [f64; 5] = [0.04, 0.06, 0.08, 0.09, 0.10];
/// Photons at a value of 1; `shot_noise`.
pub(super) const SHOT: [f64; 5] = [500.0, 250.0, 100.0, 75.0, 50.0];

/// Gaussian noise of standard deviation `deviation`, a finite number.
pub(super) fn gaussian(rgb: &[u8], deviation: f64, random: &mut impl Rng) -> Vec<u8> {
    // Of the constants above, which are finite: never refused.
    let Ok(noise) = Normal::new(0.0, deviation) else {
        return rgb.to_vec();
    };
    rgb.iter()
        .map(|&v| code(real(v) + noise.sample(random)))
        .collect()
}

/// Each value as a count of photons, `photons` for a value of 1.
pub(super) fn shot(rgb: &[u8], photons: f64, random: &mut impl Rng) -> Vec<u8> {
    // A value of 0 has no photons, and no distribution.
    let counts: [Option<Poisson<f64>>; 256] =
        std::array::from_fn(|v| Poisson::new(real(v as u8) * photons).ok());
    rgb.iter()
        .map(|&v| match &counts[usize::from(v)] {
            Some(count) => code(count.sample(random) / photons),
            None => 0,
        })
        .collect()
}
