//! From 32-bit sums to 8-bit codes.

/// Output channels that one kernel step makes.
pub(crate) const BLOCK: usize = 16;

/// 1.5 * 2^23. An f32 of magnitude below 2^22 that is added to it loses its fraction by the
/// processor's own rounding, ties to even, on any target and in vector code.
const ROUND: f32 = 12_582_912.0;

/// Round to the nearest integer, ties to even, for |x| < 2^22.
#[inline(always)]
pub(crate) fn round_small(x: f32) -> i32 {
    (x + ROUND).to_bits().wrapping_sub(ROUND.to_bits()) as i32
}

/// Bias and scale of each output channel, padded to whole blocks, and the output's zero point.
#[derive(Debug)]
pub(crate) struct Requant {
    bias: Vec<[i32; BLOCK]>,
    scale: Vec<[f32; BLOCK]>,
    pub(crate) zero_point: i32,
    /// The code's range before the zero point is added.
    pub(crate) low: f32,
    pub(crate) high: f32,
}

impl Requant {
    /// `bias` and `scale` have one element for each output channel; the zero point is that of unsigned codes.
    pub(crate) fn new(bias: &[i32], scale: &[f32], zero_point: i32) -> Requant {
        Requant {
            bias: blocks(bias),
            scale: blocks(scale),
            zero_point,
            low: -zero_point as f32,
            high: (255 - zero_point) as f32,
        }
    }

    pub(crate) fn bias(&self, block: usize) -> &[i32; BLOCK] {
        &self.bias[block]
    }

    pub(crate) fn scale(&self, block: usize) -> &[f32; BLOCK] {
        &self.scale[block]
    }

    /// The codes of one block of sums that already hold the bias.
    #[inline(always)]
    pub(crate) fn codes(&self, block: usize, sums: &[i32; BLOCK]) -> [u8; BLOCK] {
        let scale = &self.scale[block];
        // The bounds are integers, so that clamping first is the same and rounding stays small.
        std::array::from_fn(|k| {
            let real = (sums[k] as f32 * scale[k]).max(self.low).min(self.high);
            (round_small(real) + self.zero_point) as u8
        })
    }
}

fn blocks<T: Copy + Default>(channels: &[T]) -> Vec<[T; BLOCK]> {
    let fill = |chunk: &[T]| {
        let mut block = [T::default(); BLOCK];
        block[..chunk.len()].copy_from_slice(chunk);
        block
    };
    channels.chunks(BLOCK).map(fill).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(sum: i32, scale: f32, zero_point: i32) -> u8 {
        Requant::new(&[0], &[scale], zero_point).codes(0, &[sum; BLOCK])[0]
    }

    #[test]
    fn ties_go_to_the_even_code_before_the_zero_point() {
        for zero_point in [101, 102] {
            let halves: Vec<_> = (-5..=5)
                .map(|sum| code(sum, 0.5, zero_point) as i32 - zero_point)
                .collect();
            assert_eq!(halves, [-2, -2, -2, -1, 0, 0, 0, 1, 2, 2, 2]);
        }
    }

    #[test]
    fn far_sums_saturate() {
        for scale in [1.0e-3, 1.0, f32::MAX] {
            assert_eq!(code(i32::MAX, scale, 7), 255);
            assert_eq!(code(i32::MIN, scale, 7), 0);
        }
        assert_eq!(code(i32::MAX, 0.0, 9), 9);
    }

    #[test]
    fn rounding_agrees_with_round_ties_even() {
        for k in -4_000..4_000 {
            let x = k as f32 / 8.0;
            assert_eq!(round_small(x), x.round_ties_even() as i32, "{x}");
        }
    }
}
