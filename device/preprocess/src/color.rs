//! From values with a fraction to R, G and B.

use normgate_frame::{ColorSpace, Matrix, PixelFormat, Range};

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
            PixelFormat::Luma => Self::Luma(Luma::new(space.range)),
            _ => Self::Yuv(Yuv::new(space)),
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
    fn new(range: Range) -> Self {
        match range {
            Range::Limited => Self {
                black: 16 << FRACTION,
                gain: fixed(255.0 / 219.0),
            },
            Range::Full => Self {
                black: 0,
                gain: fixed(1.0),
            },
        }
    }

    #[inline(always)]
    fn stretch(self, y: u32) -> i64 {
        (i64::from(y) - self.black) * self.gain
    }
}

impl Yuv {
    fn new(ColorSpace { matrix, range }: ColorSpace) -> Self {
        let (kr, kb) = match matrix {
            Matrix::Bt601 => (0.299, 0.114),
            Matrix::Bt709 => (0.2126, 0.0722),
        };
        let kg = 1.0 - kr - kb;
        let chroma = match range {
            Range::Limited => 255.0 / 224.0,
            Range::Full => 1.0,
        };
        let (red, blue) = (2.0 * (1.0 - kr) * chroma, 2.0 * (1.0 - kb) * chroma);
        Self {
            luma: Luma::new(range),
            red_v: fixed(red),
            green_u: fixed(blue * kb / kg),
            green_v: fixed(red * kr / kg),
            blue_u: fixed(blue),
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

fn fixed(factor: f64) -> i64 {
    (factor * f64::from(1 << FRACTION)).round() as i64
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
