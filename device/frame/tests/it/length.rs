//! How many bytes a picture has.

use normgate_frame::{ColorSpace, FrameError, Picture, PixelFormat};
use proptest::prelude::*;

fn formats() -> Vec<PixelFormat> {
    [&PixelFormat::UNCOMPRESSED[..], &[PixelFormat::Jpeg]].concat()
}

#[test]
fn lengths_are_v4l2s() {
    for (format, len) in [
        (PixelFormat::Rgb24, 640 * 480 * 3),
        (PixelFormat::Grey, 640 * 480),
        (PixelFormat::Yuyv, 640 * 480 * 2),
        (PixelFormat::Nv12, 640 * 480 * 3 / 2),
        (PixelFormat::I420, 640 * 480 * 3 / 2),
        (PixelFormat::I422, 640 * 480 * 2),
        (PixelFormat::I444, 640 * 480 * 3),
    ] {
        assert_eq!(format.len(640, 480, format.row_len(640)), Ok(Some(len)));
    }
    // Odd sides: 5x3 has chroma of 3x2.
    assert_eq!(PixelFormat::I420.len(5, 3, 5), Ok(Some(15 + 2 * 6)));
    assert_eq!(PixelFormat::Nv12.len(5, 3, 5), Ok(Some(15 + 12)));
    assert_eq!(PixelFormat::Yuyv.len(5, 3, 12), Ok(Some(36)));
    assert!(matches!(
        PixelFormat::Yuyv.len(5, 3, 10),
        Err(FrameError::Stride { expected: 12, .. })
    ));
}

proptest! {
    /// Any number of bytes makes a picture or an error, and a picture gives RGB of its size.
    #[test]
    fn nothing_panics(
        format in prop::sample::select(formats()),
        (width, height) in (0..70_u32, 0..40_u32),
        stride in 0..300_usize,
        bytes in prop::collection::vec(any::<u8>(), 0..9000),
    ) {
        match Picture::new(format, ColorSpace::default(), (width, height), stride, &bytes) {
            Err(error) => prop_assert!(!error.to_string().contains('\n')),
            Ok(picture) => {
                let mut rgb = vec![1; 3];
                match picture.to_rgb(&mut rgb) {
                    Ok(()) => prop_assert_eq!(rgb.len(), (width * height * 3) as usize),
                    Err(_) => prop_assert!(format == PixelFormat::Jpeg && rgb.is_empty()),
                }
            }
        }
    }
}
