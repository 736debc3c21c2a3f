//! JPEG frames at the model's size, and damaged ones.

use std::path::Path;

use normgate_core::{Fit, PreprocessSpec};
use normgate_frame::{ColorSpace, Picture, PixelFormat};
use normgate_preprocess::{PreprocessError, Preprocessor};

use crate::support::{difference, fixture, run};

const SPEC: PreprocessSpec = PreprocessSpec::new(32, 32, Fit::CenterCrop);

fn jpeg() -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read(root.join("camera.jpg")).unwrap()
}

fn picture(bytes: &[u8]) -> Picture<'_> {
    Picture::new(
        PixelFormat::Jpeg,
        ColorSpace::default(),
        (160, 120),
        0,
        bytes,
    )
    .unwrap()
}

/// The decoders round differently, and smooth halved chroma a little otherwise.
#[test]
fn a_jpeg_is_within_two_codes_of_pillows() {
    let (worst, mean) = difference(&run(&picture(&jpeg()), SPEC), &fixture("pixels_jpeg").rgb);
    assert!(
        worst <= 2 && mean <= 0.3,
        "{worst} codes, {mean} on average"
    );
}

#[test]
fn a_truncated_jpeg_leaves_the_output() {
    let bytes = jpeg();
    let mut preprocessor = Preprocessor::new(SPEC);
    for len in [2, 300, bytes.len() / 2, bytes.len() - 40, bytes.len() - 1] {
        let mut out = vec![9; SPEC.input_len()];
        let error = preprocessor
            .run(&picture(&bytes[..len]), &mut out)
            .unwrap_err();
        assert!(matches!(error, PreprocessError::Convert(_)), "{error}");
        assert!(out.iter().all(|&byte| byte == 9));
    }
    let mut out = vec![0; SPEC.input_len()];
    preprocessor.run(&picture(&bytes), &mut out).unwrap();
    assert_eq!(out, run(&picture(&bytes), SPEC));
}
