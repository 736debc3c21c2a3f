use core::fmt;

use thiserror::Error;

use crate::quant::QuantParams;

/// How a frame of any size becomes the network's width and height.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fit {
    /// Cut the largest centred region of the target's aspect ratio, then scale it.
    CenterCrop,
    /// Scale each axis by itself; the aspect ratio may change.
    Stretch,
    /// Scale to fit inside, then pad with the mean, which is real zero.
    Letterbox,
}

impl Fit {
    /// Every way, in the order of the enum.
    pub const ALL: [Self; 3] = [Self::CenterCrop, Self::Stretch, Self::Letterbox];

    /// The name in a model file: `center_crop`, `stretch` or `letterbox`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CenterCrop => "center_crop",
            Self::Stretch => "stretch",
            Self::Letterbox => "letterbox",
        }
    }

    /// The inverse of [`Fit::name`].
    ///
    /// # Errors
    /// [`SpecError::FitName`] for any other text.
    pub fn parse(name: &str) -> Result<Self, SpecError> {
        Self::ALL
            .into_iter()
            .find(|f| f.name() == name)
            .ok_or(SpecError::FitName)
    }
}

impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a network expects of an RGB frame: its size, and `real = (pixel - mean) / std`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PreprocessSpec {
    /// Pixels, 1 to [`PreprocessSpec::MAX_SIDE`].
    pub width: u32,
    /// Pixels, 1 to [`PreprocessSpec::MAX_SIDE`].
    pub height: u32,
    /// How other sizes are brought to this one.
    pub fit: Fit,
    /// The pixel value of real zero, the same for all channels: a whole number 0 to 255.
    pub mean: f32,
    /// Pixel values per real unit, the same for all channels: positive and finite.
    pub std: f32,
}

/// Why a preprocess description is refused.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum SpecError {
    /// No network takes this, and a buffer of that size must not be asked for.
    #[error(
        "input of {width} x {height} pixels is out of range: expected 1 to {} a side",
        PreprocessSpec::MAX_SIDE
    )]
    Side {
        /// As described.
        width: u32,
        /// As described.
        height: u32,
    },
    /// The camera's bytes could not be the quantized input.
    #[error("mean {0} has no pixel code: expected a whole number 0 to 255")]
    Mean(f32),
    /// The scale 1 / std would not be usable.
    #[error("std {0} is not usable: expected a positive finite number with a finite reciprocal")]
    Std(f32),
    /// A name that [`Fit::parse`] does not know.
    #[error("unknown fit: expected center_crop, stretch or letterbox")]
    FitName,
}

impl PreprocessSpec {
    /// The longest side of a network's input that is accepted, in pixels.
    pub const MAX_SIDE: u32 = 4096;

    /// `width` x `height` with the project's (pixel - 128) / 64.
    pub const fn new(width: u32, height: u32, fit: Fit) -> Self {
        Self {
            width,
            height,
            fit,
            mean: 128.0,
            std: 64.0,
        }
    }

    /// Whether every field is in its range.
    ///
    /// # Errors
    /// The first field that is not.
    pub fn check(&self) -> Result<(), SpecError> {
        self.input_quant().map(|_| ())
    }

    /// The quantization under which the camera's `u8` pixels already are the network's input:
    /// scale `1 / std`, zero point `mean`.
    ///
    /// # Errors
    /// If a field is out of its range; for a `mean` that is no pixel code there is no such
    /// quantization.
    pub fn input_quant(&self) -> Result<QuantParams, SpecError> {
        let sides = 1..=Self::MAX_SIDE;
        if !(sides.contains(&self.width) && sides.contains(&self.height)) {
            return Err(SpecError::Side {
                width: self.width,
                height: self.height,
            });
        }
        let zero_point = self.mean as i32;
        if !(0..=255).contains(&zero_point) || zero_point as f32 != self.mean {
            return Err(SpecError::Mean(self.mean));
        }
        if !(self.std.is_finite() && self.std > 0.0) {
            return Err(SpecError::Std(self.std));
        }
        QuantParams::new(1.0 / self.std, zero_point).map_err(|_| SpecError::Std(self.std))
    }

    /// Bytes of one input, `height * width * 3`, at most 48 MiB for a spec that
    /// [`check`](Self::check) accepts; saturates for others.
    pub const fn input_len(&self) -> usize {
        (self.width as usize)
            .saturating_mul(self.height as usize)
            .saturating_mul(3)
    }
}
