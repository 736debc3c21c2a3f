//! What can go wrong at the desk.

use std::path::PathBuf;

use thiserror::Error;

/// Any failure of training or of what follows it.
#[derive(Debug, Error)]
pub enum TrainError {
    /// A recipe's value is out of its range.
    #[error("recipe: {field} is {value}, expected {expected}")]
    Recipe {
        /// The field's name.
        field: &'static str,
        /// What was given.
        value: String,
        /// The range that holds.
        expected: &'static str,
    },
    /// The data set does not fit what was asked of it.
    #[error("data: {0}")]
    Data(String),
    /// A data set cannot be read.
    #[error(transparent)]
    Dataset(#[from] normgate::dataset::DatasetError),
    /// A checkpoint does not fit the run that wants it.
    #[error("{path}: checkpoint: {why}")]
    Checkpoint {
        /// The checkpoint's path.
        path: PathBuf,
        /// What does not fit.
        why: String,
    },
    /// The file system said no.
    #[error("{path}: {source}")]
    Io {
        /// The path in question.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The device asked for is not there.
    #[error("device: {0}")]
    Device(String),
    /// The loss left the finite numbers.
    #[error(
        "epoch {epoch}: the loss is {loss}; a lower learning rate or a larger tau keeps it finite"
    )]
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
        /// The loss seen.
        loss: f64,
    },
    /// A model file cannot be made.
    #[error(transparent)]
    Bundle(#[from] normgate::bundle::BundleError),
    /// The runtime cannot run what was made.
    #[error(transparent)]
    Model(#[from] normgate::model::ModelError),
    /// Scores cannot be computed.
    #[error(transparent)]
    Eval(#[from] normgate::eval::EvalError),
    /// libtorch refused an operation.
    #[error("libtorch: {0}")]
    Torch(#[from] tch::TchError),
}

impl TrainError {
    /// An I/O error with the path it happened at.
    pub fn io(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io {
            path: path.into(),
            source,
        }
    }
}
