//! A camera's formats at the model's size, against full-size conversion in f64 and then Pillow.

use normgate_core::{Fit, PreprocessSpec};
use normgate_frame::{ColorSpace, Matrix, Picture, PixelFormat, Range};
use normgate_preprocess::Preprocessor;

use crate::support::{bytes, difference, fixture, run};

/// Name, format, matrix, range, size, padding of a row, fit: as in make_preprocess.py.
type Case = (
    &'static str,
    PixelFormat,
    Matrix,
    Range,
    (u32, u32),
    usize,
    Fit,
);

#[rustfmt::skip]
const PICTURES: [Case; 10] = {
    use Fit::{CenterCrop, Letterbox, Stretch};
    use Matrix::{Bt601, Bt709};
    use PixelFormat::{I420, I422, I444, Luma, Nv12, Yuyv};
    use Range::{Full, Limited};
    [
        ("yuyv_smooth", Yuyv, Bt601, Limited, (640, 480), 0, CenterCrop),
        ("yuyv_detail", Yuyv, Bt601, Limited, (160, 120), 0, Stretch),
        ("yuyv_odd", Yuyv, Bt709, Limited, (131, 97), 12, Letterbox),
        ("nv12_detail", Nv12, Bt709, Full, (162, 120), 0, CenterCrop),
        ("nv12_odd", Nv12, Bt601, Limited, (147, 111), 5, Letterbox),
        ("i420_smooth", I420, Bt601, Limited, (320, 240), 0, CenterCrop),
        ("i420_odd", I420, Bt601, Full, (151, 99), 9, Stretch),
        ("i422_odd", I422, Bt709, Limited, (149, 101), 3, CenterCrop),
        ("i444_detail", I444, Bt601, Limited, (101, 120), 4, CenterCrop),
        ("luma_detail", Luma, Bt601, Limited, (140, 100), 0, CenterCrop),
    ]
};

/// Noise about black, in which single pixels are no colour.
const DARK: Case = (
    "yuyv_dark",
    PixelFormat::Yuyv,
    Matrix::Bt601,
    Range::Limited,
    (160, 120),
    0,
    Fit::CenterCrop,
);

/// Bytes without any pattern: three of four are no RGB colour.
const RANDOM: [Case; 2] = [
    (
        "yuyv_random",
        PixelFormat::Yuyv,
        Matrix::Bt601,
        Range::Limited,
        (160, 120),
        0,
        Fit::CenterCrop,
    ),
    (
        "nv12_random",
        PixelFormat::Nv12,
        Matrix::Bt709,
        Range::Full,
        (120, 160),
        0,
        Fit::Stretch,
    ),
];

fn compare((name, format, matrix, range, (width, height), padding, fit): Case) -> (u8, f64) {
    let stride = format.row_len(width) + padding;
    let bytes = bytes(&format!("camera_{name}"));
    let color = ColorSpace { matrix, range };
    let picture = Picture::new(format, color, (width, height), stride, &bytes).unwrap();
    let golden = fixture(&format!("pixels_{name}"));
    let spec = PreprocessSpec::new(golden.width, golden.height, fit);
    let ours = run(&picture, spec);
    let mut portable = vec![0; spec.input_len()];
    Preprocessor::portable(spec)
        .run(&picture, &mut portable)
        .unwrap();
    assert_eq!(ours, portable, "{name}");
    let difference = difference(&ours, &golden.rgb);
    println!("{name}: {difference:?}");
    difference
}

#[test]
fn pictures_are_within_a_code_of_the_reference() {
    for case in PICTURES {
        let (worst, mean) = compare(case);
        assert!(
            worst <= 1 && mean <= 0.25,
            "{case:?}: {worst} codes, {mean} on average"
        );
    }
}

#[test]
fn noise_about_black_is_within_a_code() {
    let (worst, mean) = compare(DARK);
    assert!(
        worst <= 1 && mean <= 0.25,
        "{worst} codes, {mean} on average"
    );
}

/// The worst case: codes that are no colour are cut off after the resize here, and before it in the reference.
#[test]
fn codes_that_are_no_colour_differ_by_what_is_cut_off() {
    for case in RANDOM {
        let (worst, mean) = compare(case);
        assert!(
            worst <= 72 && mean <= 11.0,
            "{case:?}: {worst} codes, {mean} on average"
        );
    }
}
