//! What can be wrong with a model file.

use std::path::PathBuf;

use thiserror::Error;

use super::{MAX_FILE_BYTES, METADATA_KEY, SCHEMA_VERSION};

/// Why a model file is refused.
#[derive(Debug, Error)]
pub enum BundleError {
    /// It cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Any of the other reasons, with the file's name.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        why: Box<BundleError>,
    },
    /// It is larger than any model of this kind.
    #[error("the file has {bytes} bytes, expected at most {MAX_FILE_BYTES}")]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// It is not protobuf, or is cut off.
    #[error("not an ONNX file, or a truncated one: {0}")]
    NotOnnx(prost::DecodeError),
    /// There is no graph in it.
    #[error("the ONNX file has no graph")]
    NoGraph,
    /// It is a plain ONNX file.
    #[error(
        "metadata_props has no key `{METADATA_KEY}`: not exported by normgate-train, so nothing says what its outputs mean"
    )]
    NoDescription,
    /// Its description is of another version.
    #[error("description: schema version {found}, expected {SCHEMA_VERSION}")]
    Version {
        /// The version found.
        found: u32,
    },
    /// Its description is not the JSON expected.
    #[error("description: {0}")]
    Description(serde_json::Error),
    /// A value of its description is out of range.
    #[error("description: {field} is {found}, expected {expected}")]
    Field {
        /// Path of the field.
        field: String,
        /// What it is.
        found: String,
        /// What holds.
        expected: String,
    },
    /// Its graph was changed after export.
    #[error("graph: SHA-256 is {found}, but the description says {expected}")]
    Hash {
        /// The graph's.
        found: String,
        /// The description's.
        expected: String,
    },
    /// Its graph is not one that this runtime runs.
    #[error("graph: {0}")]
    Graph(String),
    /// One of its nodes is not one that this runtime runs.
    #[error("graph: node {node}: {why}")]
    Node {
        /// The node's name, or its place where it has none.
        node: String,
        /// What is wrong and what was expected.
        why: String,
    },
}

impl BundleError {
    pub(super) fn field(
        field: impl Into<String>,
        found: impl ToString,
        expected: impl Into<String>,
    ) -> Self {
        Self::Field {
            field: field.into(),
            found: found.to_string(),
            expected: expected.into(),
        }
    }
}
