//! What a model file says of itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use normgate_core::threshold::Fitted;
use normgate_core::{
    Fit, PreprocessSpec, Ranks, References, Score, ScoreTable, Threshold, ThresholdError,
};
use serde::{Deserialize, Deserializer, Serialize};

use super::references::ReferencesDescription;
use super::{BundleError, Gate, Numbers, SCHEMA_VERSION};

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
    /// What the gate's score may compare a frame with; `null` until a threshold is fitted.
    #[serde(deserialize_with = "present")]
    pub references: Option<ReferencesDescription>,
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
    /// Energy's temperature, for that score, for its quantiles and as a part of `combined`.
    pub energy_temperature: f32,
}

/// One score's values on known images, such as the calibration images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreQuantiles {
    /// How many scores they summarise.
    pub count: usize,
    /// Which order statistics are kept: `conformal` or `nearest`; see [`Ranks`].
    pub ranks: String,
    /// [`QUANTILE_PROBABILITIES`] of them, ascending.
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
pub(super) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    Option::deserialize(from)
}

impl ScoreQuantiles {
    /// Summarises finite, ascending scores at [`Ranks::Conformal`]; `None` for an empty list.
    pub fn of(sorted: &[f32]) -> Option<Self> {
        let count = sorted.len();
        let at = |i| sorted.get(Ranks::Conformal.rank(i, QUANTILE_PROBABILITIES, count));
        let values: Option<Vec<f32>> = (0..QUANTILE_PROBABILITIES)
            .map(|i| at(i).copied())
            .collect();
        Some(Self {
            count,
            ranks: Ranks::Conformal.name().to_owned(),
            values: values?,
        })
    }

    /// In the words of `core`; `field` is where it stands.
    pub(super) fn table(&self, field: &str) -> Result<ScoreTable<Numbers>, BundleError> {
        let ranks = Ranks::ALL.into_iter().find(|r| r.name() == self.ranks);
        let ranks = ranks.ok_or_else(|| {
            let names = Ranks::ALL.map(Ranks::name).join(" or ");
            BundleError::field(format!("{field}.ranks"), &self.ranks, names)
        })?;
        let expected = || format!("{QUANTILE_PROBABILITIES} finite ascending values");
        if self.values.len() != QUANTILE_PROBABILITIES {
            let found = format!("{} values", self.values.len());
            return Err(BundleError::field(field, found, expected()));
        }
        ScoreTable::with_ranks(Arc::from(self.values.as_slice()), self.count, ranks)
            .map_err(|e| BundleError::field(field, e, expected()))
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
        let score = Score::parse(&g.score)
            .map_err(|_| BundleError::field("gate.score", &g.score, names))?
            .at(g.energy_temperature);
        let references = self.references()?;
        references
            .check(score)
            .map_err(|e| BundleError::field("references", e, "what the gate's score needs"))?;
        let threshold = Threshold::new(g.threshold)
            .map_err(|_| BundleError::field("gate.threshold", g.threshold, "a finite number"))?;
        let field = format!("calibration_scores.{}", g.score);
        let quantiles = self.calibration_scores.get(&g.score);
        let quantiles = quantiles.ok_or_else(|| {
            let found = format!("without {}", g.score);
            BundleError::field("calibration_scores", found, "the gate's score among them")
        })?;
        Ok(Some(Gate {
            score,
            fitted: Fitted {
                threshold,
                n: self.calibration.images,
                rank: g.rank,
            },
            tau: self.loss.tau(),
            table: quantiles.table(&field)?,
            references,
        }))
    }

    /// `gate`, this file's, at another reject rate, out of the calibration scores that the file keeps; without a gate
    /// it stays so. At the rate of the file, its own threshold.
    ///
    /// # Errors
    /// If the rate is not inside (0, 1), or too small for the number of calibration images.
    pub fn at_reject_rate(
        &self,
        gate: Option<Gate>,
        reject_rate: f64,
    ) -> Result<Option<Gate>, ThresholdError> {
        if !(reject_rate > 0.0 && reject_rate < 1.0) {
            return Err(ThresholdError::RejectRate(reject_rate));
        }
        match self.gate.as_ref().map(|g| g.reject_rate) {
            Some(own) if own == reject_rate => Ok(gate),
            _ => gate
                .map(|gate| gate.with_reject_rate(reject_rate))
                .transpose(),
        }
    }

    /// What scores compare a frame with, in the words of `core`, energy at the gate's temperature; nothing until a
    /// threshold is fitted.
    ///
    /// # Errors
    /// [`BundleError::Field`] for what does not fit the features, the labels or itself.
    pub fn references(&self) -> Result<References<Numbers, Arc<[i8]>>, BundleError> {
        let Some(r) = &self.references else {
            return Ok(References::default());
        };
        let references = r.check(self.features, self.labels.len())?;
        Ok(match &self.gate {
            Some(g) => references.at(g.energy_temperature),
            None => references,
        })
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
