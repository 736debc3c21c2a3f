use crate::features::{Features, FeaturesError};
use crate::rows::{self, RowsError};

/// The mean feature vector of each class, shape `[classes, channels]`.
///
/// A cosine does not see a row's length, so int8 rows need no scale: each may have its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassMeans<'a> {
    means: Means<'a>,
    channels: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Means<'a> {
    F32(&'a [f32]),
    I8(&'a [i8]),
}

/// The class mean that points most nearly the way a frame's features do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearestMean {
    /// Cosine of the angle to it, in [-1, 1]; higher for in-distribution.
    pub cosine: f32,
    /// Its class, the first of ties.
    pub class: u16,
}

impl<'a> ClassMeans<'a> {
    /// Means in f32, shape `[classes, channels]`, 1 to 65,535 classes.
    ///
    /// # Errors
    /// If the numbers are not whole rows, or a row is zero or not finite.
    pub fn from_f32(means: &'a [f32], channels: usize) -> Result<Self, RowsError> {
        let classes = check_classes(means.len(), channels)?;
        for (i, row) in means.chunks_exact(channels).enumerate().take(classes) {
            if row.iter().any(|v| !v.is_finite()) {
                return Err(RowsError::NotFinite(i));
            }
            if row.iter().all(|&v| v == 0.0) {
                return Err(RowsError::Zero(i));
            }
        }
        Ok(Self {
            means: Means::F32(means),
            channels,
        })
    }

    /// Means in int8, shape `[classes, channels]`, 1 to 65,535 classes: `round(127 mean / max |mean|)` loses least.
    ///
    /// # Errors
    /// If the numbers are not whole rows, or a row is zero.
    pub fn from_i8(means: &'a [i8], channels: usize) -> Result<Self, RowsError> {
        check_classes(means.len(), channels)?;
        match means
            .chunks_exact(channels)
            .position(|row| row.iter().all(|&v| v == 0))
        {
            Some(i) => Err(RowsError::Zero(i)),
            None => Ok(Self {
                means: Means::I8(means),
                channels,
            }),
        }
    }

    /// Numbers of a row.
    pub const fn channels(&self) -> usize {
        self.channels
    }

    /// The largest cosine between the features and a class mean. Costs `2 classes channels` multiply-adds.
    ///
    /// Nguyen et al., "A Cosine Similarity-based Method for Out-of-Distribution Detection", 2023; the largest cosine
    /// over the classes as in Techapanurak, Suganuma and Okatani, "Hyperparameter-Free Out-of-Distribution
    /// Detection Using Cosine Similarity", 2020.
    ///
    /// # Errors
    /// If the features are of another width or all zero.
    pub fn nearest(&self, features: &Features<'_>) -> Result<NearestMean, FeaturesError> {
        let norm = features.direction(self.channels)?;
        let h = features.as_slice();
        Ok(match self.means {
            Means::F32(means) => nearest(means, h, norm),
            Means::I8(means) => nearest(means, h, norm),
        })
    }
}

fn check_classes(len: usize, channels: usize) -> Result<usize, RowsError> {
    let classes = rows::count(len, channels)?;
    if classes > usize::from(u16::MAX) {
        return Err(RowsError::TooMany(classes));
    }
    Ok(classes)
}

fn nearest<T: Copy + Into<f64>>(means: &[T], h: &[f32], norm: f64) -> NearestMean {
    let mut best = (f64::NEG_INFINITY, 0);
    for (class, row) in means.chunks_exact(h.len()).enumerate() {
        let (mut dot, mut square) = (0.0, 0.0);
        for (&m, &v) in row.iter().zip(h) {
            let m: f64 = m.into();
            dot += m * f64::from(v);
            square += m * m;
        }
        let cosine = dot / (norm * libm::sqrt(square));
        if cosine > best.0 {
            best = (cosine, class);
        }
    }
    NearestMean {
        // Rounding may leave the range by a bit.
        cosine: best.0.clamp(-1.0, 1.0) as f32,
        class: best.1 as u16,
    }
}
