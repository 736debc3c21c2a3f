//! One preprocessor for many frames.

use normgate_core::{Fit, PreprocessSpec};
use normgate_frame::{ColorSpace, Matrix, Picture, PixelFormat, Range};
use normgate_preprocess::Preprocessor;
use proptest::prelude::*;

use crate::support::run;

/// All bytes of a picture are made of `seed`.
fn noise(format: PixelFormat, (width, height): (u32, u32), stride: usize, seed: u32) -> Vec<u8> {
    let len = format.len(width, height, stride).unwrap().unwrap();
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A frame of the model's size is converted and nothing else.
    #[test]
    fn a_frame_of_the_models_size_is_to_rgbs(
        format in prop::sample::select(PixelFormat::UNCOMPRESSED.to_vec()),
        size in (1..90_u32, 1..60_u32),
        padding in 0..7_usize,
        matrix in prop::sample::select(vec![Matrix::Bt601, Matrix::Bt709]),
        range in prop::sample::select(vec![Range::Limited, Range::Full]),
        fit in prop::sample::select(Fit::ALL.to_vec()),
        seed in any::<u32>(),
    ) {
        let stride = format.row_len(size.0) + padding;
        let bytes = noise(format, size, stride, seed);
        let color = ColorSpace { matrix, range };
        let picture = Picture::new(format, color, size, stride, &bytes).unwrap();
        let mut rgb = Vec::new();
        picture.to_rgb(&mut rgb).unwrap();
        prop_assert_eq!(run(&picture, PreprocessSpec::new(size.0, size.1, fit)), rgb);
    }

    /// What a preprocessor did before changes nothing.
    #[test]
    fn frames_of_changing_formats_do_not_mix(
        steps in prop::collection::vec(
            (prop::sample::select(PixelFormat::UNCOMPRESSED.to_vec()), (1..150_u32, 1..60_u32), any::<u32>()), 1..6),
    ) {
        let spec = PreprocessSpec::new(16, 12, Fit::Letterbox);
        let mut preprocessor = Preprocessor::new(spec);
        let mut out = vec![0; spec.input_len()];
        for (format, size, seed) in steps {
            let stride = format.row_len(size.0);
            let bytes = noise(format, size, stride, seed);
            let picture =
                Picture::new(format, ColorSpace::default(), size, stride, &bytes).unwrap();
            preprocessor.run(&picture, &mut out).unwrap();
            prop_assert_eq!(&out, &run(&picture, spec));
        }
    }
}

/// A flat camera picture is one colour, the textbook's.
#[test]
fn flat_codes_are_the_textbooks_colours() {
    for (range, codes, colour) in [
        (Range::Limited, [16, 128, 128], [0, 0, 0]),
        (Range::Limited, [235, 128, 128], [255, 255, 255]),
        (Range::Limited, [81, 90, 240], [254, 0, 0]),
        (Range::Limited, [145, 54, 34], [0, 255, 1]),
        (Range::Limited, [41, 240, 110], [0, 0, 255]),
        (Range::Full, [255, 128, 128], [255, 255, 255]),
        (Range::Full, [76, 85, 255], [254, 0, 0]),
    ] {
        let color = ColorSpace {
            matrix: Matrix::Bt601,
            range,
        };
        let [y, u, v] = codes;
        let bytes = [y, u, y, v].repeat(160 * 120 / 2);
        let picture = Picture::new(PixelFormat::Yuyv, color, (160, 120), 320, &bytes).unwrap();
        let out = run(&picture, PreprocessSpec::new(32, 32, Fit::CenterCrop));
        assert_eq!(out, colour.repeat(32 * 32), "{codes:?}");
    }
}

/// Every format's picture of a size, without a pattern.
fn each_format(size: (u32, u32), mut run: impl FnMut(&Picture<'_>)) {
    for (format, seed) in PixelFormat::UNCOMPRESSED.into_iter().zip(1..) {
        let stride = format.row_len(size.0) + 2;
        let bytes = noise(format, size, stride, seed);
        run(&Picture::new(format, ColorSpace::default(), size, stride, &bytes).unwrap());
    }
}

#[test]
fn frames_of_one_kind_need_no_memory_after_the_first() {
    let spec = PreprocessSpec::new(32, 24, Fit::Letterbox);
    let mut out = vec![0; spec.input_len()];
    // Reduced the fast way, enlarged, copied.
    for size in [(320, 200), (20, 30), (32, 24)] {
        each_format(size, |picture| {
            let mut preprocessor = Preprocessor::new(spec);
            preprocessor.run(picture, &mut out).unwrap();
            let second = allocation_counter::measure(|| {
                preprocessor.run(picture, &mut out).unwrap();
            });
            assert_eq!(second.count_total, 0, "{picture:?}");
        });
    }
}

/// The same on every processor: this number was found on x86-64 and holds on 64-bit ARM.
#[test]
fn pixels_are_the_same_on_every_processor() {
    let mut digest = 0xCBF2_9CE4_8422_2325_u64;
    for (size, fit) in [
        ((640, 480), Fit::CenterCrop),
        ((1280, 720), Fit::Letterbox),
        ((201, 1111), Fit::Stretch),
        ((20, 30), Fit::Stretch),
    ] {
        each_format(size, |picture| {
            for byte in run(picture, PreprocessSpec::new(32, 32, fit)) {
                digest = (digest ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3);
            }
        });
    }
    assert_eq!(digest, 0xDBD3_8260_A726_03AD, "{digest:#x}");
}
