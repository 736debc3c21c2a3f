//! What a camera does to pictures, and how soon a drift alarm tells.
//!
//! ```text
//! ImageSet --Corruption, Severity--> ImageSet --Model--> scores --ScoreTable, DriftDetector--> frames to the alarm
//! ```
//!
//! The corruptions are those of CIFAR-10-C (Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to Common
//! Corruptions and Perturbations", 2019), made here: the operations and their constants are those of the authors'
//! generator, `ImageNet-C/create_c/make_cifar_c.py` in github.com/hendrycks/robustness. Lengths are in pixels of the
//! image as it is, and chosen for 32x32.

mod blur;
mod codec;
mod light;
mod noise;
mod report;
mod study;
mod table;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};
use thiserror::Error;

use crate::dataset::{DatasetError, ImageSet};
use crate::eval::EvalError;
use crate::model::ModelError;

pub use report::{Delay, Row, ShiftReport};
pub use study::{Plan, study};

/// A change of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Corruption {
    /// A higher value, in hue, saturation and value.
    Brightness,
    /// A lower value, by brightness's constants; not part of CIFAR-10-C.
    Darkness,
    /// Each channel nearer to its mean.
    Contrast,
    /// A Gaussian blur.
    GaussianBlur,
    /// A blur by a disc.
    DefocusBlur,
    /// Gaussian noise of the same strength everywhere, independent in each channel.
    GaussianNoise,
    /// Poisson noise of each channel's value, as of few photons.
    ShotNoise,
    /// Baseline JPEG with colour at full resolution; the authors' encoder halves it.
    JpegCompression,
    /// Fewer pixels and back, each of boxes.
    Pixelate,
}

/// How strong a corruption is, from 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Severity(u8);

/// Why no shift can be made or measured.
#[derive(Debug, Error)]
pub enum ShiftError {
    /// The bytes are not an image of this size.
    #[error(
        "{bytes} bytes for {width}x{height} pixels: expected {width} * {height} * 3, and at least one"
    )]
    Size {
        /// As given.
        width: u32,
        /// As given.
        height: u32,
        /// As given.
        bytes: usize,
    },
    /// Not a severity.
    #[error("severity {0}: expected 1 to 5")]
    Severity(u8),
    /// JPEG has no such image.
    #[error("a JPEG of {width}x{height} pixels: {why}")]
    Jpeg {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// What the codec said.
        why: String,
    },
    /// The model has no gate, so no calibration scores.
    #[error("the model has no threshold: expected one fitted")]
    Ungated,
    /// An output that has no score is no frame to a drift test.
    #[error("image {index} has no score under {shift}: expected one")]
    Unscored {
        /// Its place in the set.
        index: usize,
        /// Of which images.
        shift: String,
    },
    /// The images.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The labels.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// The network.
    #[error(transparent)]
    Model(#[from] ModelError),
}

impl Corruption {
    /// Every one, in the order of reports.
    pub const ALL: [Self; 9] = [
        Self::Brightness,
        Self::Darkness,
        Self::Contrast,
        Self::GaussianBlur,
        Self::DefocusBlur,
        Self::GaussianNoise,
        Self::ShotNoise,
        Self::JpegCompression,
        Self::Pixelate,
    ];

    /// Its name in files and messages; CIFAR-10-C's where it has one.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Brightness => "brightness",
            Self::Darkness => "darkness",
            Self::Contrast => "contrast",
            Self::GaussianBlur => "gaussian_blur",
            Self::DefocusBlur => "defocus_blur",
            Self::GaussianNoise => "gaussian_noise",
            Self::ShotNoise => "shot_noise",
            Self::JpegCompression => "jpeg_compression",
            Self::Pixelate => "pixelate",
        }
    }

    /// `rgb` (HWC, 3 bytes a pixel) corrupted. `seed` chooses the noise; what has none does not look at it. Codes are cut
    /// to whole numbers, not rounded, as the authors cut them.
    ///
    /// # Errors
    /// [`ShiftError::Size`] if the bytes are not an image, [`ShiftError::Jpeg`] for one that JPEG has no room for.
    pub fn apply(
        self,
        severity: Severity,
        (width, height): (u32, u32),
        rgb: &[u8],
        seed: u64,
    ) -> Result<Vec<u8>, ShiftError> {
        let (w, h) = (width as usize, height as usize);
        let length = w.checked_mul(h).and_then(|n| n.checked_mul(3));
        if rgb.is_empty() || length != Some(rgb.len()) {
            let bytes = rgb.len();
            return Err(ShiftError::Size {
                width,
                height,
                bytes,
            });
        }
        let s = severity;
        Ok(match self {
            Self::Brightness => light::value(rgb, s.of(&light::BRIGHTNESS)),
            Self::Darkness => light::value(rgb, -s.of(&light::BRIGHTNESS)),
            Self::Contrast => light::contrast(rgb, s.of(&light::CONTRAST)),
            Self::GaussianBlur => blur::gaussian((w, h), rgb, s.of(&blur::GAUSSIAN)),
            Self::DefocusBlur => blur::defocus((w, h), rgb, s.of(&blur::DEFOCUS)),
            Self::GaussianNoise => noise::gaussian(rgb, s.of(&noise::GAUSSIAN), &mut random(seed)),
            Self::ShotNoise => noise::shot(rgb, s.of(&noise::SHOT), &mut random(seed)),
            Self::JpegCompression => codec::jpeg((width, height), rgb, s.of(&codec::JPEG))?,
            Self::Pixelate => codec::pixelate((w, h), rgb, s.of(&codec::PIXELATE)),
        })
    }

    /// Every image of `set` corrupted, each with noise of its own that follows from `seed`, the corruption, the severity
    /// and the image's place.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub fn apply_all(
        self,
        severity: Severity,
        set: &ImageSet,
        seed: u64,
    ) -> Result<ImageSet, ShiftError> {
        let (width, height) = (set.width(), set.height());
        let mut images = Vec::with_capacity(set.images().len());
        for index in 0..set.len() {
            let seed = mixed(seed, [self as u64, severity.0.into(), index as u64]);
            images.extend(self.apply(severity, (width, height), set.image(index), seed)?);
        }
        let labels = set.labels().map(<[u16]>::to_vec);
        let classes = set.classes().to_vec();
        Ok(ImageSet::new(width, height, images, labels, classes)?)
    }
}

impl Severity {
    /// From the weakest to the strongest.
    pub const ALL: [Self; 5] = [Self(1), Self(2), Self(3), Self(4), Self(5)];

    /// A severity by its number.
    ///
    /// # Errors
    /// [`ShiftError::Severity`] unless it is 1 to 5.
    pub fn new(number: u8) -> Result<Self, ShiftError> {
        match number {
            1..=5 => Ok(Self(number)),
            _ => Err(ShiftError::Severity(number)),
        }
    }

    /// 1 to 5.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    fn of<T: Copy>(self, constants: &[T; 5]) -> T {
        constants[usize::from(self.0) - 1]
    }
}

/// Generators whose numbers are the same on every machine.
fn random(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// A seed for each combination of parts.
fn mixed<const N: usize>(seed: u64, parts: [u64; N]) -> u64 {
    parts
        .into_iter()
        .fold(seed, |key, part| random(key).next_u64() ^ part)
}

/// A real in [0, 1] as a code, cut.
fn code(x: f64) -> u8 {
    // Saturates.
    (x.clamp(0.0, 1.0) * 255.0) as u8
}

/// A code as a real in [0, 1].
fn real(code: u8) -> f64 {
    f64::from(code) / 255.0
}
