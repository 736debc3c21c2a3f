//! Simulated scores: the same numbers on every machine.

/// What a model file keeps of ascending scores: 201 order statistics.
pub(crate) fn stored(ascending: &[f32]) -> Vec<f32> {
    let last = (ascending.len() - 1) as f64;
    (0..=200)
        .map(|i| ascending[(f64::from(i) / 200.0 * last).round() as usize])
        .collect()
}

pub(crate) fn ascending(mut scores: Vec<f32>) -> Vec<f32> {
    scores.sort_by(f32::total_cmp);
    scores
}

/// SplitMix64 by Steele, Lea and Flood: fast enough for a million frames in a debug build.
pub(crate) struct Sim(u64);

impl Sim {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In (0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Standard normal, by Box and Muller; libm's functions are the same everywhere.
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(self.uniform()));
        radius * libm::cos(core::f64::consts::TAU * self.uniform())
    }

    pub(crate) fn normals(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.normal() as f32).collect()
    }
}
