//! Corruptions against Pillow, scipy and colorsys, and the study of drift alarms over them.

use std::path::Path;

use normgate::dataset::{self, ImageSet, Split};
use normgate::frame::image_file;
use normgate::shift::{Corruption, Plan, Severity, ShiftError, study};
use normgate_core::DriftPolicy;
use proptest::prelude::*;

use crate::support::{MODELS, fixture, model};

/// Those without noise, as the fixture's rows; JPEG and the others apart by how near they come.
const SHEET: [(Corruption, u8, f64); 7] = [
    (Corruption::Brightness, 1, 0.1),
    (Corruption::Darkness, 1, 0.1),
    (Corruption::Contrast, 1, 0.1),
    (Corruption::GaussianBlur, 1, 0.1),
    // The reference has its weights in f32, and codes are cut.
    (Corruption::DefocusBlur, 1, 0.1),
    // The same tables, and coefficients that are cut before they are divided: some end one step apart.
    (Corruption::JpegCompression, 60, 4.0),
    (Corruption::Pixelate, 0, 0.0),
];

/// A cell of a sheet, with its size.
fn cell(path: &Path, (w, h): (usize, usize), row: usize, column: usize) -> Vec<u8> {
    let sheet = image_file::read(path).unwrap();
    assert_eq!(
        (sheet.width as usize, sheet.height as usize),
        (w * 6, h * SHEET.len())
    );
    let start = |y: usize| ((row * h + y) * w * 6 + column * w) * 3;
    (0..h)
        .flat_map(|y| sheet.rgb[start(y)..start(y) + w * 3].to_vec())
        .collect()
}

/// The mean distance of codes.
fn far(a: &[u8], b: &[u8]) -> f64 {
    let off = a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b)));
    off.sum::<f64>() / a.len() as f64
}

#[test]
fn corruptions_without_noise_are_those_of_the_references() {
    for (name, w, h) in [("shifts_32x32.png", 32, 32), ("shifts_17x11.png", 17, 11)] {
        let path = fixture(name);
        for (row, (corruption, most, mean)) in SHEET.into_iter().enumerate() {
            let image = cell(&path, (w, h), row, 0);
            for severity in Severity::ALL {
                let expected = cell(&path, (w, h), row, severity.number().into());
                let found = corruption
                    .apply(severity, (w as u32, h as u32), &image, 0)
                    .unwrap();
                let average = far(&found, &expected);
                let worst = found
                    .iter()
                    .zip(&expected)
                    .map(|(a, b)| a.abs_diff(*b))
                    .max()
                    .unwrap();
                let what = format!("{name} {} {}", corruption.name(), severity.number());
                assert!(
                    worst <= most && average <= mean,
                    "{what}: {worst}, mean {average}"
                );
                let (lost, to_lose) = (far(&found, &image), far(&expected, &image));
                assert!(to_lose > 0.0, "{what}: it does nothing");
                assert!(
                    (lost / to_lose - 1.0).abs() < 0.15,
                    "{what}: {lost} lost, expected {to_lose}"
                );
            }
        }
    }
}

fn grey(code: u8) -> Vec<u8> {
    vec![code; 64 * 64 * 3]
}

fn moments(codes: &[u8]) -> (f64, f64) {
    let n = codes.len() as f64;
    let mean = codes.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    let squares = codes.iter().map(|&v| (f64::from(v) - mean).powi(2));
    (mean, (squares.sum::<f64>() / n).sqrt())
}

/// 12,288 codes: the mean is known to 1 % of a deviation, the deviation to 1 %; cutting takes half a code.
#[test]
fn noise_has_the_deviation_that_is_stated() {
    let (deviations, photons): ([f64; 5], [f64; 5]) = (
        [0.04, 0.06, 0.08, 0.09, 0.10],
        [500.0, 250.0, 100.0, 75.0, 50.0],
    );
    for severity in Severity::ALL {
        let at = usize::from(severity.number()) - 1;
        let noisy =
            |corruption: Corruption| corruption.apply(severity, (64, 64), &grey(128), 5).unwrap();
        let of_poisson: f64 = (128.0 / 255.0 / photons[at]).sqrt();
        for (corruption, deviation) in [
            (Corruption::GaussianNoise, deviations[at]),
            (Corruption::ShotNoise, of_poisson),
        ] {
            let stated = 255.0 * deviation;
            let (mean, found) = moments(&noisy(corruption));
            let name = corruption.name();
            assert!((mean - 127.5).abs() < 0.05 * stated, "{name}: mean {mean}");
            assert!(
                (found / stated - 1.0).abs() < 0.05,
                "{name}: {found}, stated {stated}"
            );
        }
    }
    let black = Corruption::ShotNoise
        .apply(Severity::ALL[4], (64, 64), &grey(0), 5)
        .unwrap();
    assert_eq!(black, grey(0), "no light, no photons");
}

#[test]
fn noise_follows_from_the_seed_and_the_place_and_the_rest_needs_none() {
    let set = ImageSet::new(8, 8, vec![100; 2 * 192], None, vec![]).unwrap();
    for corruption in Corruption::ALL {
        let all = |seed| corruption.apply_all(Severity::ALL[2], &set, seed).unwrap();
        assert_eq!(all(1), all(1));
        let has_noise = matches!(
            corruption,
            Corruption::GaussianNoise | Corruption::ShotNoise
        );
        assert_eq!(all(1) != all(2), has_noise, "{}", corruption.name());
        assert_eq!(all(1).image(0) != all(1).image(1), has_noise);
    }
}

#[test]
fn what_is_no_image_or_severity_is_refused_in_one_line() {
    for (size, bytes) in [((2, 2), 11), ((0, 2), 0), ((u32::MAX, u32::MAX), 12)] {
        for corruption in Corruption::ALL {
            let why = corruption
                .apply(Severity::ALL[0], size, &vec![0; bytes], 0)
                .unwrap_err();
            assert!(matches!(why, ShiftError::Size { .. }) && why.to_string().contains("expected"));
        }
    }
    assert_eq!(Severity::new(5).unwrap(), Severity::ALL[4]);
    for number in [0, 6] {
        assert!(
            Severity::new(number)
                .unwrap_err()
                .to_string()
                .contains("expected 1 to 5")
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_image_of_any_size_has_every_corruption(w in 1u32..40, h in 1u32..40, fill in any::<u64>()) {
        let rgb: Vec<u8> = (0..u64::from(w * h * 3)).map(|i| (fill.wrapping_mul(i | 1) >> 32) as u8).collect();
        for corruption in Corruption::ALL {
            for severity in Severity::ALL {
                let out = corruption.apply(severity, (w, h), &rgb, fill).unwrap();
                prop_assert_eq!(out.len(), rgb.len());
            }
        }
    }
}

fn plan(every: f64, seed: u64) -> Plan {
    let policy = DriftPolicy::new(every, 1, 0.95).unwrap();
    Plan {
        corruptions: Corruption::ALL.to_vec(),
        policy,
        orders: 5,
        seed,
    }
}

/// Real test images, real corruptions, the shipped model.
#[test]
fn a_study_tells_strong_shifts_soon_and_none_where_there_is_none() {
    let model = model(MODELS[0]);
    let set = dataset::open(
        &fixture("cifar10_test_300.bin"),
        Split::Test,
        &model.preprocess(),
    )
    .unwrap();
    let set = set.slice(0..120).unwrap();
    let report = study(&model, &set, &plan(1e6, 3), || {}).unwrap();
    assert_eq!(report.false_alarms, 0);
    assert_eq!(report.shifts.len(), Corruption::ALL.len() * 5);
    let at = |corruption: Corruption, severity| {
        report
            .shifts
            .iter()
            .find(|row| row.corruption == corruption.name() && row.severity == severity)
            .unwrap()
    };
    let strong = at(Corruption::GaussianNoise, 5);
    assert_eq!(
        (strong.delay.alarmed, strong.delay.falling),
        (5, 5),
        "{strong:?}"
    );
    assert!(strong.delay.most.unwrap() <= 100, "{strong:?}");
    assert!(strong.share.accuracy + 0.2 < report.unshifted.accuracy);
    assert!(strong.share.rejected > 2.0 * report.unshifted.rejected);
    let text = report.to_string();
    assert_eq!(
        text.lines().filter(|line| line.contains("/5")).count(),
        report.shifts.len(),
        "{text}"
    );
    let few = set.slice(0..20).unwrap();
    let again = |seed| study(&model, &few, &plan(1e6, seed), || {}).unwrap();
    assert_eq!(again(3), again(3), "it does not repeat");
    assert_ne!(again(3).shifts, again(4).shifts, "the seed chooses nothing");
}
