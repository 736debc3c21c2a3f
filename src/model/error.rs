//! What can go wrong between a model file and its outputs.

use std::path::PathBuf;

use thiserror::Error;

use crate::bundle::BundleError;

/// Why a model cannot be loaded or run.
#[derive(Debug, Error)]
pub enum ModelError {
    /// The file is refused.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The file is sound and yet cannot be run: the reason, with the file's name.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        why: Box<ModelError>,
    },
    /// tract cannot prepare the graph.
    #[error("tract cannot prepare the graph: {0}")]
    Prepare(String),
    /// The pixels are not those of a frame of the model's size.
    #[error("{found} pixel codes, expected {expected}")]
    Input {
        /// Codes given.
        found: usize,
        /// Height times width times 3.
        expected: usize,
    },
    /// tract failed in a run.
    #[error("tract cannot run the graph: {0}")]
    Run(String),
    /// The graph gave something else than it declares.
    #[error("output: {0}")]
    Output(String),
}
