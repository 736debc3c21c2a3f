//! The one file that leaves the desk and enters the device: an ONNX model that describes itself.
//!
//! The graph is what onnxruntime and tract run; the key `normgate` of `metadata_props` holds a [`Description`] as
//! JSON: labels, preprocess, tau, score, threshold, calibration quantiles, fingerprints, recipe, accuracy. Reading
//! checks everything that a file can get wrong before any of it reaches the runtime.

mod check;
mod description;
mod error;
mod graph;
mod initializers;
mod nodes;
mod references;
mod trained;

use std::path::Path;
use std::sync::Arc;

use normgate_int8::tract::pb::{ModelProto, StringStringEntryProto};
use prost::Message;
use sha2::{Digest, Sha256};

pub use description::{
    Accuracy, DataSet, Description, GateDescription, InputDescription, Loss, Precision,
    QUANTILE_PROBABILITIES, ScoreQuantiles,
};
pub use error::BundleError;
pub use initializers::{MAX_INITIALIZER_BYTES, element_bytes};
pub use references::{
    BankDescription, Codes, CombinedDescription, PartDescription, ReferencesDescription,
};

/// Numbers that a description, its gate and every copy of either share.
pub type Numbers = Arc<[f32]>;
/// The gate of a model file.
pub type Gate = normgate_core::Gate<Numbers, Arc<[i8]>>;

/// The key in `metadata_props`.
pub const METADATA_KEY: &str = "normgate";
/// The version of [`Description`] that this crate reads and writes.
pub const SCHEMA_VERSION: u32 = 2;
/// Larger files are refused unread.
pub const MAX_FILE_BYTES: u64 = 256 << 20;
/// The graph's input: u8 `[1, H, W, 3]`.
pub const INPUT: &str = "pixels";
/// The graph's first output: f32 `[1, K]`.
pub const LOGITS: &str = "logits";
/// The graph's second output: f32 `[1, C]`.
pub const FEATURES: &str = "features";

/// A checked model file.
#[derive(Debug, Clone)]
pub struct Bundle {
    description: Description,
    model: ModelProto,
    bytes: u64,
}

impl Bundle {
    /// Joins a graph and its description; the description's graph hash is set here.
    ///
    /// # Errors
    /// The same as [`Bundle::from_bytes`] for a graph or description that would not read back.
    pub fn new(mut model: ModelProto, mut description: Description) -> Result<Self, BundleError> {
        description.graph_sha256 = graph_sha256(&model)?;
        let json = serde_json::to_string(&description).map_err(BundleError::Description)?;
        model.metadata_props.retain(|p| p.key != METADATA_KEY);
        model.metadata_props.push(StringStringEntryProto {
            key: METADATA_KEY.to_owned(),
            value: json,
        });
        Self::from_bytes(&model.encode_to_vec())
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`BundleError::Io`] where it cannot be read, else [`BundleError::File`] with the reason that
    /// [`Bundle::from_bytes`] gives.
    pub fn read(path: &Path) -> Result<Self, BundleError> {
        let io = |source| BundleError::Io {
            path: path.to_owned(),
            source,
        };
        let found = std::fs::metadata(path).map_err(io)?;
        if !found.is_file() {
            return Err(io(std::io::Error::other("not a regular file")));
        }
        let bytes = found.len();
        let refused = |why| BundleError::File {
            path: path.to_owned(),
            why: Box::new(why),
        };
        if bytes > MAX_FILE_BYTES {
            return Err(refused(BundleError::TooLarge { bytes }));
        }
        Self::from_bytes(&std::fs::read(path).map_err(io)?).map_err(refused)
    }

    /// Checks the bytes of a file: protobuf, description, graph, hash, and that they agree.
    ///
    /// # Errors
    /// A [`BundleError`] that names what is wrong, where, and what was expected.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BundleError> {
        let model = ModelProto::decode(bytes).map_err(BundleError::NotOnnx)?;
        let description = Description::parse(metadata(&model)?)?;
        check::check(&description)?;
        let hash = graph_sha256(&model)?;
        if hash != description.graph_sha256 {
            return Err(BundleError::Hash {
                found: hash,
                expected: description.graph_sha256,
            });
        }
        graph::check(&model, &description)?;
        Ok(Self {
            description,
            model,
            bytes: bytes.len() as u64,
        })
    }

    /// What the file says of itself.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// The checked graph, with its metadata.
    pub fn model(&self) -> &ModelProto {
        &self.model
    }

    /// Size of the file, bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes the file through a temporary one beside it, so that a reader never sees half of it.
    ///
    /// # Errors
    /// [`BundleError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), BundleError> {
        let io = |source| BundleError::Io {
            path: path.to_owned(),
            source,
        };
        let partial = path.with_extension("onnx.partial");
        std::fs::write(&partial, self.model.encode_to_vec()).map_err(io)?;
        std::fs::rename(&partial, path).map_err(io)
    }
}

fn metadata(model: &ModelProto) -> Result<&str, BundleError> {
    let mut found = model
        .metadata_props
        .iter()
        .filter(|p| p.key == METADATA_KEY);
    match (found.next(), found.next()) {
        (Some(entry), None) => Ok(&entry.value),
        (None, _) => Err(BundleError::NoDescription),
        (Some(_), Some(_)) => Err(BundleError::Graph(format!(
            "metadata_props has the key {METADATA_KEY} twice, expected once"
        ))),
    }
}

/// SHA-256 of the graph as protobuf encodes it: weights and structure, not the description.
fn graph_sha256(model: &ModelProto) -> Result<String, BundleError> {
    let graph = model.graph.as_ref().ok_or(BundleError::NoGraph)?;
    Ok(hex(&Sha256::digest(graph.encode_to_vec())))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
