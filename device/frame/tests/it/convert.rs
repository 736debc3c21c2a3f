//! Each format as RGB, against the textbook's matrix in f64.

use normgate_frame::{ColorSpace, Matrix, Picture, PixelFormat, Range};
use proptest::prelude::*;

const FORMATS: [PixelFormat; 6] = [
    PixelFormat::Yuyv,
    PixelFormat::Nv12,
    PixelFormat::I420,
    PixelFormat::I422,
    PixelFormat::I444,
    PixelFormat::Luma,
];

/// Codes from the exact value, which is no whole number: half a code of rounding, and that of the factors.
const BOUND: f64 = 0.505;

fn textbook(ColorSpace { matrix, range }: ColorSpace, [y, u, v]: [u8; 3]) -> [f64; 3] {
    let (kr, kb) = match matrix {
        Matrix::Bt601 => (0.299, 0.114),
        Matrix::Bt709 => (0.2126, 0.0722),
    };
    let kg = 1.0 - kr - kb;
    let [y, u, v] = [y, u, v].map(f64::from);
    let (y, u, v) = match range {
        Range::Limited => ((y - 16.0) / 219.0, (u - 128.0) / 224.0, (v - 128.0) / 224.0),
        Range::Full => (y / 255.0, (u - 128.0) / 255.0, (v - 128.0) / 255.0),
    };
    let r = y + 2.0 * (1.0 - kr) * v;
    let b = y + 2.0 * (1.0 - kb) * u;
    let g = (y - kr * r - kb * b) / kg;
    [r, g, b].map(|value| (255.0 * value).clamp(0.0, 255.0))
}

/// Y, U and V of a pixel, by the layout as V4L2 describes it.
fn sample(picture: &Picture<'_>, x: usize, y: usize) -> [u8; 3] {
    let (bytes, stride) = (picture.bytes(), picture.stride());
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let chroma = &bytes[(stride * height).min(bytes.len())..];
    let luma = bytes[y * stride + x];
    let half = stride.div_ceil(2);
    let planar = |stride: usize, rows: usize, x: usize, y: usize| {
        [
            luma,
            chroma[y * stride + x],
            chroma[(rows + y) * stride + x],
        ]
    };
    match picture.format() {
        PixelFormat::Yuyv => {
            let group = &bytes[y * stride + x / 2 * 4..][..4];
            [group[x % 2 * 2], group[1], group[3]]
        }
        PixelFormat::Nv12 => {
            let uv = &chroma[y / 2 * stride.max(2 * width.div_ceil(2)) + x / 2 * 2..];
            [luma, uv[0], uv[1]]
        }
        PixelFormat::I420 => planar(half, height.div_ceil(2), x / 2, y / 2),
        PixelFormat::I422 => planar(half, height, x / 2, y),
        PixelFormat::I444 => planar(stride, height, x, y),
        _ => [luma, 128, 128],
    }
}

proptest! {
    #[test]
    fn each_pixel_is_the_textbooks(
        format in prop::sample::select(FORMATS.to_vec()),
        size in (1..80_u32, 1..9_u32),
        padding in 0..9_usize,
        matrix in prop::sample::select(vec![Matrix::Bt601, Matrix::Bt709]),
        range in prop::sample::select(vec![Range::Limited, Range::Full]),
        bytes in prop::collection::vec(any::<u8>(), 3 * 90 * 10),
    ) {
        let color = ColorSpace { matrix, range };
        let stride = format.row_len(size.0) + padding;
        let picture = Picture::new(format, color, size, stride, &bytes).unwrap();
        let mut rgb = Vec::new();
        picture.to_rgb(&mut rgb).unwrap();
        for (i, pixel) in rgb.chunks_exact(3).enumerate() {
            let (x, y) = (i % size.0 as usize, i / size.0 as usize);
            let yuv = sample(&picture, x, y);
            for (&ours, exact) in pixel.iter().zip(textbook(color, yuv)) {
                let off = (f64::from(ours) - exact).abs();
                prop_assert!(off <= BOUND, "{picture:?} ({x}, {y}) {color:?} {yuv:?}: {pixel:?}, {exact}");
            }
        }
    }

    #[test]
    fn rgb_and_grey_are_copied(
        size in (1..40_u32, 1..9_u32),
        padding in 0..9_usize,
        bytes in prop::collection::vec(any::<u8>(), 3 * 60 * 10),
    ) {
        let mut rgb = Vec::new();
        for (format, channels) in [(PixelFormat::Rgb24, 3), (PixelFormat::Grey, 1)] {
            let stride = format.row_len(size.0) + padding;
            let picture =
                Picture::new(format, ColorSpace::default(), size, stride, &bytes).unwrap();
            picture.to_rgb(&mut rgb).unwrap();
            for (i, &value) in rgb.iter().enumerate() {
                let (pixel, channel) = (i / 3, i % 3 % channels);
                let (x, y) = (pixel % size.0 as usize, pixel / size.0 as usize);
                prop_assert_eq!(value, bytes[y * stride + x * channels + channel]);
            }
        }
    }
}
