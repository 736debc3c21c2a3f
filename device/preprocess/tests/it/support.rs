//! What several parts need.

use std::path::Path;

use normgate_core::PreprocessSpec;
use normgate_frame::{Picture, image_file};
use normgate_preprocess::Preprocessor;

/// An image of tests/fixtures, which make_preprocess.py makes.
pub(crate) fn fixture(name: &str) -> image_file::RgbImage {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    image_file::read(&root.join(format!("{name}.png"))).unwrap()
}

/// The bytes of a grey image of tests/fixtures.
pub(crate) fn bytes(name: &str) -> Vec<u8> {
    fixture(name).rgb.into_iter().step_by(3).collect()
}

pub(crate) fn run(picture: &Picture<'_>, spec: PreprocessSpec) -> Vec<u8> {
    let mut out = vec![0; spec.input_len()];
    Preprocessor::new(spec).run(picture, &mut out).unwrap();
    out
}

/// The largest difference and the mean one, in codes.
pub(crate) fn difference(ours: &[u8], theirs: &[u8]) -> (u8, f64) {
    assert_eq!(ours.len(), theirs.len());
    let each = ours.iter().zip(theirs).map(|(a, b)| a.abs_diff(*b));
    let sum: f64 = each.clone().map(f64::from).sum();
    (each.max().unwrap(), sum / ours.len() as f64)
}
