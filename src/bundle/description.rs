//! What a model file says of itself.

use std::collections::BTreeMap;

use normgate_core::{Fit, Gate, PreprocessSpec, Score, Threshold};
use serde::{Deserialize, Deserializer, Serialize};

use super::{BundleError, SCHEMA_VERSION};

/// Probabilities of the stored quantiles: every half per cent, ends included.
pub const QUANTILE_PROBABILITIES: usize = 201;

/// Everything that a device needs to know beside the graph; JSON in `metadata_props`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// [`SCHEMA_VERSION`].
    pub schema: u32,
    /// The model's name, such as `cifar10-resnet8`.
    pub name: String,
    /// The model's version, from 1.
    pub version: u32,
    /// The program that wrote the file.
    pub producer: String,
    /// Arithmetic of the network's body.
    pub precision: Precision,
    /// Class names, in the order of the logits.
    pub labels: Vec<String>,
    /// What a frame is turned into.
    pub input: InputDescription,
    /// Length of the features.
    pub features: usize,
    /// The loss, with the tau that confidence needs.
    pub loss: Loss,
    /// The gate; `null` until a threshold is fitted.
    #[serde(deserialize_with = "present")]
    pub gate: Option<GateDescription>,
    /// Calibration images: ranges and threshold come from them.
    pub calibration: DataSet,
    /// Quantiles of the calibration images' scores on this file's runtime, by score name; empty until fitted.
    pub calibration_scores: BTreeMap<String, ScoreQuantiles>,
    /// Images that the weights were fitted on.
    pub fit: DataSet,
    /// How it was trained and quantized; free JSON.
    pub recipe: serde_json::Value,
    /// Measured accuracy.
    pub accuracy: Accuracy,
    /// SHA-256 of the graph, hexadecimal.
    pub graph_sha256: String,
}

/// Arithmetic of the network's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// u8 activations, s8 weights.
    Int8,
    /// 32-bit floats.
    F32,
}

/// The input in the file's words; see [`PreprocessSpec`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputDescription {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// `center_crop`, `stretch` or `letterbox`.
    pub fit: String,
    /// The pixel code that stands for 0.
    pub mean: f32,
    /// Pixel codes a unit.
    pub std: f32,
}

/// The loss that the weights minimise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Loss {
    /// Cross entropy; confidence is softmax of the logits.
    CrossEntropy {},
    /// LogitNorm; confidence is softmax of `z / (tau ||z||)`.
    LogitNorm {
        /// The training temperature.
        tau: f32,
    },
}

/// The gate as the file states it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateDescription {
    /// The score's name.
    pub score: String,
    /// Accept iff the score reaches it.
    pub threshold: f32,
    /// The share of in-distribution frames that may be rejected, in (0, 1).
    pub reject_rate: f64,
    /// Rank of the threshold among the calibration scores, from 1.
    pub rank: usize,
    /// Energy's temperature, for that score and for its quantiles.
    pub energy_temperature: f32,
}

/// Quantiles of one score over the calibration images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreQuantiles {
    /// How many scores they summarise.
    pub count: usize,
    /// [`QUANTILE_PROBABILITIES`] order statistics, at ranks `round(p (count - 1))`, ascending.
    pub values: Vec<f32>,
}

/// A set of images by its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSet {
    /// What it is.
    pub name: String,
    /// How many images.
    pub images: usize,
    /// SHA-256 of size, labels and pixels, hexadecimal.
    pub sha256: String,
}

/// Accuracy on a test set, in [0, 1]; `null` where not measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accuracy {
    /// The set.
    #[serde(deserialize_with = "present")]
    pub test: Option<DataSet>,
    /// Of the trained network in f32.
    #[serde(deserialize_with = "present")]
    pub f32: Option<f64>,
    /// Of this network in int8, on this project's runtime.
    #[serde(deserialize_with = "present")]
    pub int8: Option<f64>,
}

/// An optional value whose key must be there: `null` is said, never left out.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(from)
}

impl ScoreQuantiles {
    /// Summarises finite, ascending scores; `None` for an empty list.
    pub fn of(sorted: &[f32]) -> Option<Self> {
        let last = sorted.len().checked_sub(1)?;
        let steps = QUANTILE_PROBABILITIES - 1;
        let values = (0..=steps)
            .map(|i| sorted[(i as f64 / steps as f64 * last as f64).round() as usize])
            .collect();
        Some(Self {
            count: sorted.len(),
            values,
        })
    }
}

impl Description {
    pub(super) fn parse(json: &str) -> Result<Self, BundleError> {
        // The version comes first: another version's other fields say nothing here.
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        let Version { schema } = serde_json::from_str(json).map_err(BundleError::Description)?;
        if schema != SCHEMA_VERSION {
            return Err(BundleError::Version { found: schema });
        }
        serde_json::from_str(json).map_err(BundleError::Description)
    }

    /// The preprocess in the words of `core`.
    ///
    /// # Errors
    /// [`BundleError::Field`] for a value out of range.
    pub fn preprocess(&self) -> Result<PreprocessSpec, BundleError> {
        let i = &self.input;
        let fit = Fit::parse(&i.fit).map_err(|_| {
            BundleError::field("input.fit", &i.fit, Fit::ALL.map(Fit::name).join(", "))
        })?;
        let spec = PreprocessSpec {
            width: i.width,
            height: i.height,
            fit,
            mean: i.mean,
            std: i.std,
        };
        spec.check()
            .map_err(|e| BundleError::field("input", e, "a usable preprocess"))?;
        Ok(spec)
    }

    /// The gate in the words of `core`; `None` until a threshold is fitted.
    ///
    /// # Errors
    /// [`BundleError::Field`] for a value out of range.
    pub fn gate(&self) -> Result<Option<Gate>, BundleError> {
        let Some(g) = &self.gate else {
            return Ok(None);
        };
        let names = Score::ALL.map(Score::name).join(", ");
        let score = Score::all(g.energy_temperature)
            .into_iter()
            .find(|s| s.name() == g.score)
            .ok_or_else(|| BundleError::field("gate.score", &g.score, names))?;
        let threshold = Threshold::new(g.threshold)
            .map_err(|_| BundleError::field("gate.threshold", g.threshold, "a finite number"))?;
        Ok(Some(Gate {
            score,
            threshold,
            tau: self.loss.tau(),
        }))
    }
}

impl Loss {
    /// The temperature of confidence: LogitNorm's tau; `None` for softmax of the logits.
    pub fn tau(&self) -> Option<f32> {
        match self {
            Self::CrossEntropy {} => None,
            Self::LogitNorm { tau } => Some(*tau),
        }
    }
}
