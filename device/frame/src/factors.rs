use crate::format::{ColorSpace, Matrix, Range};

/// What makes R, G and B of luma and chroma, in whole numbers of 2^-16:
/// `R = luma * (Y - black) + red_v * (V - 128)`, `G = luma * (Y - black) - green_u * (U - 128) - green_v * (V - 128)`,
/// `B = luma * (Y - black) + blue_u * (U - 128)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Factors {
    /// The code of black.
    pub black: u8,
    /// Of Y, for all three.
    pub luma: i32,
    /// Of V, for red.
    pub red_v: i32,
    /// Of U, against green.
    pub green_u: i32,
    /// Of V, against green.
    pub green_v: i32,
    /// Of U, for blue.
    pub blue_u: i32,
}

impl ColorSpace {
    /// The matrix of ITU-R BT.601 or BT.709 for this range, each factor to the nearest.
    #[must_use]
    pub fn factors(self) -> Factors {
        let (kr, kb) = match self.matrix {
            Matrix::Bt601 => (0.299, 0.114),
            Matrix::Bt709 => (0.2126, 0.0722),
        };
        let (black, luma, chroma) = match self.range {
            Range::Limited => (16, 255.0 / 219.0, 255.0 / 224.0),
            Range::Full => (0, 1.0, 1.0),
        };
        let kg = 1.0 - kr - kb;
        let (red, blue) = (2.0 * (1.0 - kr) * chroma, 2.0 * (1.0 - kb) * chroma);
        let fixed = |factor: f64| (factor * 65536.0).round() as i32;
        Factors {
            black,
            luma: fixed(luma),
            red_v: fixed(red),
            green_u: fixed(blue * kb / kg),
            green_v: fixed(red * kr / kg),
            blue_u: fixed(blue),
        }
    }
}

impl Factors {
    /// R, G and B to the nearest code, cut off at 0 and 255.
    #[inline(always)]
    pub(crate) fn pixel(self, y: u8, u: u8, v: u8) -> [u8; 3] {
        let y = (i32::from(y) - i32::from(self.black)) * self.luma + (1 << 15);
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        [
            y + self.red_v * v,
            y - self.green_u * u - self.green_v * v,
            y + self.blue_u * u,
        ]
        .map(|value| (value >> 16).clamp(0, 255) as u8)
    }
}
