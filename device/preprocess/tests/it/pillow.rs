//! RGB of any size at the model's size, against Pillow.

use normgate_core::{Fit, PreprocessSpec};
use normgate_frame::Picture;
use normgate_preprocess::{PreprocessError, Preprocessor};
use proptest::prelude::*;

use crate::support::{difference, fixture};

fn run(width: u32, height: u32, rgb: &[u8], spec: PreprocessSpec) -> Vec<u8> {
    crate::support::run(&Picture::rgb(width, height, rgb).unwrap(), spec)
}

#[test]
fn every_fit_is_pillows_within_one_code() {
    let source = fixture("source");
    for (width, height, fit) in [
        (32, 32, Fit::CenterCrop),
        (32, 32, Fit::Stretch),
        (32, 32, Fit::Letterbox),
        (48, 20, Fit::CenterCrop),
        (150, 90, Fit::Stretch),
    ] {
        let name = format!("{fit}_{width}x{height}");
        let golden = fixture(&name);
        let spec = PreprocessSpec::new(width, height, fit);
        let ours = run(source.width, source.height, &source.rgb, spec);
        let (worst, _) = difference(&ours, &golden.rgb);
        assert_eq!((golden.width, golden.height), (width, height));
        assert!(worst <= 1, "{name}: {worst} codes from Pillow");
    }
}

#[test]
fn a_frame_of_the_models_size_is_copied_by_every_fit() {
    let source = fixture("source");
    for fit in Fit::ALL {
        let spec = PreprocessSpec::new(source.width, source.height, fit);
        assert_eq!(
            run(source.width, source.height, &source.rgb, spec),
            source.rgb
        );
    }
}

#[test]
fn one_preprocessor_takes_frames_of_changing_size() {
    let source = fixture("source");
    let spec = PreprocessSpec::new(32, 32, Fit::Letterbox);
    let mut preprocessor = Preprocessor::new(spec);
    let mut out = vec![0; spec.input_len()];
    for (width, height) in [(97, 61), (61, 97), (97, 61), (1, 97 * 61)] {
        preprocessor
            .run_rgb(width, height, &source.rgb, &mut out)
            .unwrap();
        assert_eq!(out, run(width, height, &source.rgb, spec));
    }
}

#[test]
fn wrong_lengths_and_specs_are_refused_and_leave_the_output() {
    let spec = PreprocessSpec::new(4, 2, Fit::Stretch);
    let refuse = |spec, rgb: usize, out: usize| {
        let mut out = vec![7; out];
        let error = Preprocessor::new(spec)
            .run_rgb(3, 3, &vec![0; rgb], &mut out)
            .unwrap_err();
        assert!(out.iter().all(|&byte| byte == 7));
        error
    };
    assert!(matches!(refuse(spec, 26, 24), PreprocessError::Frame(_)));
    assert_eq!(
        refuse(spec, 27, 25).to_string(),
        "the output has 25 bytes: expected 24 (2 rows of 4 RGB pixels)"
    );
    let none = PreprocessSpec::new(0, 2, Fit::Stretch);
    assert!(matches!(refuse(none, 27, 0), PreprocessError::Spec(_)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A flat image stays flat, and only a letterbox adds bars, of the mean.
    #[test]
    fn a_flat_image_stays_flat(
        (width, height) in (1..200_u32, 1..200_u32),
        (to_width, to_height) in (1..64_u32, 1..64_u32),
        fit in prop::sample::select(Fit::ALL.to_vec()),
        colour in any::<[u8; 3]>(),
    ) {
        let spec = PreprocessSpec::new(to_width, to_height, fit);
        let out = run(width, height, &colour.repeat((width * height) as usize), spec);
        let bars = out.chunks_exact(3).filter(|pixel| **pixel != colour).count() as u32;
        prop_assert!(out.chunks_exact(3).all(|pixel| pixel == colour || pixel == [128; 3]));
        if fit != Fit::Letterbox && colour != [128; 3] {
            prop_assert_eq!(bars, 0);
        } else {
            // The picture fills the output on at least one axis.
            prop_assert!(bars <= to_width * to_height - to_width.min(to_height));
        }
    }
}
