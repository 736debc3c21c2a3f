//! From values with a fraction to R, G and B.

use normgate_frame::{ColorSpace, Factors, PixelFormat};

use crate::scale::FRACTION;

/// How three values become R, G and B.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Color {
    /// They are.
    Rgb,
    /// The first is all three.
    Grey,
    /// The first, stretched to 0 to 255.
    Luma(Luma),
    /// By a matrix.
    Yuv(Yuv),
}

/// Fixed-point factors, `FRACTION` bits behind the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Luma {
    black: i64,
    gain: i64,
}

/// As [`Luma`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Yuv {
    luma: Luma,
    red_v: i64,
    green_u: i64,
    green_v: i64,
    blue_u: i64,
}

const NEUTRAL: i64 = 128 << FRACTION;
const HALF: i32 = 1 << (FRACTION - 1);

impl Color {
    pub(crate) fn new(format: PixelFormat, space: ColorSpace) -> Self {
        match format {
            PixelFormat::Rgb24 | PixelFormat::Jpeg => Self::Rgb,
            PixelFormat::Grey => Self::Grey,
            PixelFormat::Luma => Self::Luma(Luma::new(space.factors())),
            _ => Self::Yuv(Yuv::new(space.factors())),
        }
    }

    /// Packed RGB of a row of values.
    #[inline(always)]
    pub(crate) fn row(&self, [a, b, c]: [&[u32]; 3], out: &mut [u8]) {
        let (pixels, _) = out.as_chunks_mut::<3>();
        match self {
            Self::Rgb => {
                for (((pixel, &r), &g), &b) in pixels.iter_mut().zip(a).zip(b).zip(c) {
                    *pixel = [code(r as i32), code(g as i32), code(b as i32)];
                }
            }
            Self::Grey => {
                for (pixel, &grey) in pixels.iter_mut().zip(a) {
                    *pixel = [code(grey as i32); 3];
                }
            }
            Self::Luma(luma) => {
                for (pixel, &y) in pixels.iter_mut().zip(a) {
                    *pixel = [code(whole(luma.stretch(y))); 3];
                }
            }
            Self::Yuv(yuv) => {
                for (((pixel, &y), &u), &v) in pixels.iter_mut().zip(a).zip(b).zip(c) {
                    *pixel = yuv.pixel(y, u, v);
                }
            }
        }
    }
}

impl Luma {
    fn new(factors: Factors) -> Self {
        Self {
            black: i64::from(factors.black) << FRACTION,
            gain: factors.luma.into(),
        }
    }

    #[inline(always)]
    fn stretch(self, y: u32) -> i64 {
        (i64::from(y) - self.black) * self.gain
    }
}

impl Yuv {
    fn new(factors: Factors) -> Self {
        Self {
            luma: Luma::new(factors),
            red_v: factors.red_v.into(),
            green_u: factors.green_u.into(),
            green_v: factors.green_v.into(),
            blue_u: factors.blue_u.into(),
        }
    }

    #[inline(always)]
    fn pixel(self, y: u32, u: u32, v: u32) -> [u8; 3] {
        let y = self.luma.stretch(y);
        let (u, v) = (i64::from(u) - NEUTRAL, i64::from(v) - NEUTRAL);
        [
            code(whole(y + self.red_v * v)),
            code(whole(y - self.green_u * u - self.green_v * v)),
            code(whole(y + self.blue_u * u)),
        ]
    }
}

/// Without the fraction of a factor.
#[inline(always)]
fn whole(product: i64) -> i32 {
    (product >> FRACTION) as i32
}

/// The nearest code, a half upwards.
#[inline(always)]
fn code(value: i32) -> u8 {
    ((value + HALF) >> FRACTION).clamp(0, 255) as u8
}
