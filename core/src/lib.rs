//! The words that every normgate crate speaks: no `std`, no allocation, no `unsafe`.
//!
//! ```text
//! pixels --PreprocessSpec, QuantParams--> network --> Logits + features
//!        --Score--> a number --Threshold--> Verdict --CommitPolicy--> Committed
//!                            --ScoreTable--> p-value --DriftDetector--> Drift
//! ```
//!
//! Two rules hold everywhere:
//! - a **score** is higher for in-distribution, and a frame is accepted iff `score >= threshold`;
//! - **unknown is the default**: what cannot be read or scored is unknown, never a class.
//!
//! ```
//! use normgate_core::{
//!     CommitPolicy, Committed, Committer, Gate, References, Score, ScoreTable, Threshold, Verdict,
//! };
//!
//! // The norms of 19 calibration frames: a twentieth frame is rejected with probability 0.1 at most.
//! let norms: Vec<f32> = (0..19).map(|i| 0.45 + 0.05 * i as f32).collect();
//! let gate = Gate {
//!     score: Score::LogitNorm,
//!     fitted: Threshold::fit(&norms, 0.1)?,
//!     tau: Some(0.04),
//!     table: ScoreTable::new(&norms, norms.len())?,
//!     references: References::<_, &[i8]>::default(),
//! };
//! let features = [0.3, 0.1];
//! let known = gate.judge(&[0.1, 0.9, 0.2], &features);
//! assert!(matches!(known, Verdict::Known { class: 1, .. }));
//! let unknown = gate.judge(&[0.1, 0.2, 0.1], &features);
//! assert!(matches!(unknown, Verdict::Unknown { nearest: Some(1), .. }));
//!
//! let mut committer = Committer::new(CommitPolicy::new(2, 3)?);
//! assert_eq!(committer.push(&known), Committed::Unknown);
//! assert_eq!(committer.push(&known), Committed::Class(1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![no_std]
#![forbid(unsafe_code)]

/// Affine 8-bit quantization: `real = scale * (q - zero_point)`.
pub mod quant;

/// What a network expects of the camera's pixels.
pub mod preprocess;

/// A checked view of a network's logits.
pub mod logits;

/// How in-distribution a frame looks: one number, higher is more in-distribution.
pub mod scores;

/// The score a frame must reach, and how it is fitted.
pub mod threshold;

mod beta;
mod bets;
mod rows;
mod spacings;

/// Conformal p-values and other thresholds from a table of calibration scores.
pub mod p_value;

pub mod drift;

/// A checked view of a network's penultimate vector.
pub mod features;

mod nan;

/// Cosine to the nearest class mean.
pub mod means;

/// Distance to the k-th nearest of a bank of known feature vectors.
pub mod bank;

/// One score of direction and magnitude.
pub mod combined;

/// What the scores of features compare a frame with.
pub mod references;

/// What is decided of one frame.
pub mod verdict;

/// From logits and features to a verdict.
pub mod gate;

/// From verdicts to a committed prediction.
pub mod commit;

pub use bank::FeatureBank;
pub use combined::{Combined, CombinedError, Part, Rule};
pub use commit::{CommitError, CommitPolicy, Committed, Committer};
pub use drift::{Drift, DriftDetector, DriftError, DriftPolicy};
pub use features::{Features, FeaturesError};
pub use gate::Gate;
pub use logits::{Logits, LogitsError};
pub use means::{ClassMeans, NearestMean};
pub use p_value::{Ranks, ScoreTable, TableError, Tails};
pub use preprocess::{Fit, PreprocessSpec, SpecError};
pub use quant::{QuantError, QuantParams};
pub use references::References;
pub use rows::RowsError;
pub use scores::{Score, ScoreError};
pub use threshold::{ASSURANCE, Fitted, Threshold, ThresholdError};
pub use verdict::Verdict;
