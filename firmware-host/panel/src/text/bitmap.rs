use embedded_graphics::geometry::{OriginDimensions, Point};
use embedded_graphics::image::GetPixel;
use embedded_graphics::mono_font::MonoFont;
use embedded_graphics::mono_font::iso_8859_1::{
    FONT_4X6, FONT_5X8, FONT_6X10, FONT_6X13, FONT_8X13_BOLD,
};
use embedded_graphics::pixelcolor::BinaryColor;

use crate::charset;

/// The small faces, by height: below capitals of a dozen pixels an alphabet of strokes is no match for one that was
/// drawn pixel by pixel.
pub(crate) static SMALL: [&MonoFont<'static>; 5] = [
    &FONT_4X6,
    &FONT_5X8,
    &FONT_6X10,
    &FONT_6X13,
    &FONT_8X13_BOLD,
];

/// One glyph of a small face.
pub(crate) struct Cell {
    font: &'static MonoFont<'static>,
    /// The upper left corner in the font's image.
    corner: (u32, u32),
    sign: Option<&'static [u8]>,
}

impl Cell {
    pub(crate) fn new(font: &'static MonoFont<'static>, code: u8) -> Self {
        let size = font.character_size;
        let index = font.glyph_mapping.index(char::from(code)) as u32;
        let per_row = font.image.size().width.checked_div(size.width);
        let per_row = per_row.unwrap_or(1).max(1);
        Self {
            font,
            corner: (index % per_row * size.width, index / per_row * size.height),
            sign: sign(font, code),
        }
    }

    /// Whether a pixel is set; `x` and `y` count from the upper left corner of the glyph.
    pub(crate) fn is_set(&self, x: u16, y: u16) -> bool {
        if let Some(rows) = self.sign {
            // Signs stand on the baseline, at the left.
            let above = self.font.baseline as usize + 1 - rows.len();
            let row = usize::from(y)
                .checked_sub(above)
                .and_then(|row| rows.get(row));
            return row.is_some_and(|row| x < 8 && row & (0x80 >> x) != 0);
        }
        let size = self.font.character_size;
        let (x, y) = (u32::from(x), u32::from(y));
        let pixel = Point::new((self.corner.0 + x) as i32, (self.corner.1 + y) as i32);
        x < size.width && y < size.height && self.font.image.pixel(pixel) == Some(BinaryColor::On)
    }
}

/// The panel's own signs, which no bitmap font has: rows of bits, the leftmost highest.
fn sign(font: &MonoFont<'_>, code: u8) -> Option<&'static [u8]> {
    let width = font.character_size.width;
    Some(match code {
        charset::ELLIPSIS if width < 5 => &[0b1010_0000],
        charset::ELLIPSIS => &[0b1010_1000],
        charset::AT_LEAST if width < 5 => &[0b1000_0000, 0b0110_0000, 0b1000_0000, 0, 0b1110_0000],
        charset::AT_LEAST if width < 8 => &[
            0b1100_0000,
            0b0011_0000,
            0b0000_1000,
            0b0011_0000,
            0b1100_0000,
            0,
            0b1111_1000,
        ],
        charset::AT_LEAST => &[
            0b1110_0000,
            0b0011_1000,
            0b0000_1110,
            0b0011_1000,
            0b1110_0000,
            0,
            0b1111_1110,
            0b1111_1110,
        ],
        charset::TICK if width < 5 => &[0b0010_0000, 0b0010_0000, 0b1100_0000, 0b0100_0000],
        charset::TICK if width < 8 => &[
            0b0000_1000,
            0b0001_1000,
            0b1011_0000,
            0b1110_0000,
            0b0100_0000,
        ],
        charset::TICK => &[
            0b0000_0010,
            0b0000_0110,
            0b0000_1100,
            0b1101_1000,
            0b1111_0000,
            0b0110_0000,
            0b0010_0000,
        ],
        charset::PAUSE if width < 5 => &[0b1010_0000; 5],
        charset::PAUSE => &[0b1101_1000; 7],
        _ => return None,
    })
}
