//! What an evaluation measures. [`run`] alone runs the model; the rest works on scores.
//!
//! ```text
//! ScoredSet (in-distribution), ScoredSet (each OOD set)
//!    |--Roc, RiskCoverage, Reliability--> Report --> aligned text or JSON
//!    |--plots-----> score histograms, ROC and more as SVG
//!    '--classes, gallery--> page, with the report and the plots
//! ```
//!
//! Everywhere in-distribution is the positive class and a higher score is more in-distribution.

/// AUROC, FPR95 and AUPR of slices of scores.
pub mod metrics;

/// Risk over coverage, AURC and AUGRC.
pub mod risk;

/// Accuracy over confidence, and ECE.
pub mod reliability;

/// The scores and verdicts of one set of frames.
pub mod scored;

/// A labelled set's classes in the order of a model's logits.
pub mod labels;

/// A model over a whole set of images.
pub mod run;

/// What is measured of one score on one set.
pub mod measure;

/// The result of an evaluation, for a person and as JSON.
pub mod report;

mod table;

/// Score histograms and ROC curves as SVG.
pub mod plots;

/// How each class fared, and what is taken for what.
pub mod classes;

/// The worst errors, as pictures.
pub mod gallery;

/// All of it as one HTML page.
pub mod page;

/// Files that are replaced as a whole.
pub mod whole;

pub use metrics::{MetricError, Roc};
pub use report::{EvalError, Report};
pub use scored::{Answer, ScoredSet};
