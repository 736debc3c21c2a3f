//! The desk's half of normgate, in the order of its flow:
//!
//! ```text
//! dataset -> augment -> (pictures -> mix, negatives) -> network -> (fold -> ranges -> quantize -> pass) -> loss -> train
//! checkpoint -> fold -> ranges -> quantize -> export -> threshold -> models/
//! ```
//!
//! It meets the device's half in one place: the ONNX file that [`normgate::bundle`] describes.

pub mod error;

pub mod device;

pub mod augment;

pub mod pictures;

pub mod mix;

pub mod negatives;

pub mod network;

pub mod loss;

pub mod schedule;

pub mod recipe;

pub mod optimizer;

pub mod step;

pub mod metrics;

pub mod checkpoint;

pub mod start;

pub mod fold;

pub mod ranges;

pub mod quantize;

pub mod pass;

pub mod train;

pub mod export;

pub mod references;

pub mod threshold;

pub mod outputs;

pub use error::TrainError;
