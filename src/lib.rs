//! normgate: an on-device image classifier that knows what it does not know.
//!
//! ```text
//! device   source -> frame -> preprocess -> model -> gate -> commit -> sink
//! desk     dataset -> (training) -> bundle -> model -> eval, shift
//! ```
//!
//! The two sides meet in one ONNX file, the [`bundle`]. A stage never imports a later one; [`pipeline`] alone knows
//! several. Whatever cannot be read, checked or scored is *unknown*, never a class.

pub use normgate_frame as frame;
pub use normgate_preprocess as preprocess;
pub use normgate_sink as sink;
pub use normgate_source as source;

/// Labelled sets of images, for training and evaluation.
pub mod dataset;

/// The self-describing ONNX file.
pub mod bundle;

/// A bundle run on tract.
pub mod model;

/// Times of a stage.
pub mod latency;

/// Source to sink, frame by frame.
pub mod pipeline;

/// What an evaluation measures.
pub mod eval;

/// Corrupted images, and how soon a drift alarm tells of them.
#[cfg(feature = "shifts")]
pub mod shift;

/// How shares are told.
pub mod percent;

/// How errors are told.
pub mod error;

/// The example of the README is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
