use serde::Serialize;

use super::metrics::MetricError;

/// How often the network is right where it has a certain confidence: equal bins of confidence over [0, 1].
///
/// Guo et al., "On Calibration of Modern Neural Networks", 2017, section 2.
#[derive(Debug, Clone, PartialEq)]
pub struct Reliability {
    bins: [Bin; Self::BINS],
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Bin {
    n: usize,
    correct: usize,
    /// The sum of the confidences.
    confidence: f64,
}

/// One bin of a [`Reliability`]. Shares and edges are in [0, 1].
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// The lower edge, which the bin does not hold.
    pub from: f64,
    /// The upper edge, which it holds.
    pub to: f64,
    /// Frames.
    pub n: usize,
    /// The share with the right class; none without frames.
    pub accuracy: Option<f64>,
    /// The mean confidence; none without frames.
    pub confidence: Option<f64>,
}

impl Reliability {
    /// How many bins.
    pub const BINS: usize = 15;

    /// Sorts the answers into bins; both slices of shape `[frames]`. No answers make empty bins.
    ///
    /// # Errors
    /// If the lengths differ or a confidence is outside [0, 1].
    pub fn new(confidence: &[f32], correct: &[bool]) -> Result<Self, MetricError> {
        if confidence.len() != correct.len() {
            let (left, right) = (confidence.len(), correct.len());
            return Err(MetricError::Lengths { left, right });
        }
        let mut bins = [Bin::default(); Self::BINS];
        for (index, (&p, &right)) in confidence.iter().zip(correct).enumerate() {
            if !(0.0..=1.0).contains(&p) {
                return Err(MetricError::Confidence { index });
            }
            // A bin holds its upper edge, not its lower.
            let place = ((f64::from(p) * Self::BINS as f64).ceil() as usize).saturating_sub(1);
            let bin = &mut bins[place.min(Self::BINS - 1)];
            bin.n += 1;
            bin.correct += usize::from(right);
            bin.confidence += f64::from(p);
        }
        Ok(Self { bins })
    }

    /// Expected calibration error, in [0, 1]: the mean distance of confidence from accuracy, bins weighted by their
    /// frames; Guo et al., equation 3. None without answers.
    pub fn ece(&self) -> Option<f64> {
        let n: usize = self.bins.iter().map(|b| b.n).sum();
        // The sum of (correct - confidence) in a bin is its frames times its distance.
        let distances = self.bins.iter().map(|b| b.correct as f64 - b.confidence);
        (n > 0).then(|| distances.map(f64::abs).sum::<f64>() / n as f64)
    }

    /// The bins, from the least confident.
    pub fn bins(&self) -> impl Iterator<Item = ReliabilityBin> + '_ {
        let edge = |i: usize| i as f64 / Self::BINS as f64;
        self.bins.iter().enumerate().map(move |(i, bin)| {
            let mean = |sum: f64| (bin.n > 0).then(|| sum / bin.n as f64);
            ReliabilityBin {
                from: edge(i),
                to: edge(i + 1),
                n: bin.n,
                accuracy: mean(bin.correct as f64),
                confidence: mean(bin.confidence),
            }
        })
    }
}
