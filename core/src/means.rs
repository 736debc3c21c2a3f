use crate::features::{Features, FeaturesError};
use crate::rows::{self, RowsError};

/// The mean feature vector of each class in int8, shape `[classes, channels]`.
///
/// A cosine does not see a row's length, so rows need no scale. `C` is what holds the codes: a slice, an array, a `Vec`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassMeans<C> {
    codes: C,
    channels: usize,
}

/// The class mean that points most nearly the way a frame's features do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearestMean {
    /// Cosine of the angle to it, in [-1, 1]; higher for in-distribution.
    pub cosine: f32,
    /// Its class, the first of ties.
    pub class: u16,
}

impl<C: AsRef<[i8]>> ClassMeans<C> {
    /// Means of 1 to 65,535 classes, each as [`encode`](Self::encode) writes it.
    ///
    /// # Errors
    /// If the numbers are not whole rows, or a row is zero.
    pub fn new(codes: C, channels: usize) -> Result<Self, RowsError> {
        let numbers = codes.as_ref();
        let classes = rows::count(numbers.len(), channels)?;
        if classes > usize::from(u16::MAX) {
            return Err(RowsError::TooMany(classes));
        }
        rows::none_zero(numbers, channels)?;
        Ok(Self { codes, channels })
    }

    /// Rows.
    pub fn classes(&self) -> usize {
        self.codes.as_ref().len() / self.channels
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
        let mut best = (f64::NEG_INFINITY, 0);
        for (class, row) in self.codes.as_ref().chunks_exact(self.channels).enumerate() {
            let (mut dot, mut square) = (0.0, 0.0);
            for (&m, &v) in row.iter().zip(h) {
                let m = f64::from(m);
                dot += m * f64::from(v);
                square += m * m;
            }
            let cosine = dot / (norm * libm::sqrt(square));
            if cosine > best.0 {
                best = (cosine, class);
            }
        }
        Ok(NearestMean {
            // Rounding may leave the range by a bit.
            cosine: best.0.clamp(-1.0, 1.0) as f32,
            class: best.1 as u16,
        })
    }
}

impl ClassMeans<()> {
    /// Writes the codes of one class's mean: `round(127 mean / max |mean|)`.
    ///
    /// # Errors
    /// If the mean does not have the length of `codes`, or is all zero.
    pub fn encode(mean: &Features<'_>, codes: &mut [i8]) -> Result<(), FeaturesError> {
        mean.direction(codes.len())?;
        rows::encode(mean.as_slice(), mean.largest() / 127.0, codes);
        Ok(())
    }
}
