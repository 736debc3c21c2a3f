//! What some scores compare a frame with, as the file states it: class means, a bank of features, two scores' tables.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use normgate_core::{ClassMeans, Combined, FeatureBank, Part, References, Rule, Score};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::description::{ScoreQuantiles, present};
use super::{BundleError, Numbers, hex};

/// The most codes of a table.
const MAX_CODES: usize = 1 << 24;

/// Known images' features, in int8; taken of images that the weights were fitted on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferencesDescription {
    /// The mean features of each class, in the order of the labels; see [`ClassMeans`].
    pub means: Codes,
    /// Features of single images; see [`FeatureBank`].
    pub bank: BankDescription,
    /// Two scores as one; `null` where none was fitted.
    #[serde(deserialize_with = "present")]
    pub combined: Option<CombinedDescription>,
}

/// A bank of features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankDescription {
    /// Rows of unit features, `unit = scale * code`.
    pub rows: Codes,
    /// What a code stands for.
    pub scale: f32,
    /// The neighbour whose distance is the score, from 1.
    pub k: usize,
}

/// Two scores as one; see [`Combined`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CombinedDescription {
    /// `fisher` or `min`.
    pub rule: String,
    /// The score that looks at the direction.
    pub direction: PartDescription,
    /// The score that looks at the magnitude.
    pub magnitude: PartDescription,
}

/// A score and its values on known images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartDescription {
    /// The score's name; not `combined`.
    pub score: String,
    /// Its values on images that fitted the weights and are not in the bank.
    pub scores: ScoreQuantiles,
}

/// int8 numbers: base64 of one byte each, with the SHA-256 of those bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Codes(Arc<[i8]>);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Encoded {
    base64: String,
    sha256: String,
}

impl Codes {
    /// The numbers.
    #[must_use]
    pub fn as_slice(&self) -> &[i8] {
        &self.0
    }
}

impl From<Vec<i8>> for Codes {
    fn from(codes: Vec<i8>) -> Self {
        Self(codes.into())
    }
}

impl Serialize for Codes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.0.iter().map(|c| c.cast_unsigned()).collect();
        Encoded {
            sha256: hex(&Sha256::digest(&bytes)),
            base64: STANDARD.encode(bytes),
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for Codes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let encoded = Encoded::deserialize(from)?;
        let bytes = STANDARD.decode(encoded.base64).map_err(D::Error::custom)?;
        if bytes.len() > MAX_CODES {
            let found = bytes.len();
            return Err(D::Error::custom(format!(
                "{found} codes, expected at most {MAX_CODES}"
            )));
        }
        let found = hex(&Sha256::digest(&bytes));
        if found != encoded.sha256 {
            let expected = encoded.sha256;
            return Err(D::Error::custom(format!(
                "codes whose SHA-256 is {found}, expected {expected}"
            )));
        }
        Ok(Self(bytes.into_iter().map(u8::cast_signed).collect()))
    }
}

impl ReferencesDescription {
    /// In the words of `core`, for features of `channels` numbers and `classes` classes; energy as a part of combined
    /// is at [`Score::DEFAULT_TEMPERATURE`] until [`References::at`] says otherwise.
    ///
    /// # Errors
    /// [`BundleError::Field`] for what does not fit.
    pub fn check(
        &self,
        channels: usize,
        classes: usize,
    ) -> Result<References<Numbers, Arc<[i8]>>, BundleError> {
        let rows = |field: &'static str| {
            move |e: normgate_core::RowsError| {
                BundleError::field(
                    format!("references.{field}"),
                    e,
                    format!("rows of {channels} codes"),
                )
            }
        };
        let means = ClassMeans::new(Arc::clone(&self.means.0), channels).map_err(rows("means"))?;
        if means.classes() != classes {
            return Err(BundleError::field(
                "references.means",
                format!("of {} classes", means.classes()),
                format!("of {classes}, as there are labels"),
            ));
        }
        let bank = &self.bank;
        let bank = FeatureBank::new(Arc::clone(&bank.rows.0), channels, bank.scale, bank.k)
            .map_err(rows("bank"))?;
        let combined = match &self.combined {
            Some(combined) => Some(combined.check()?),
            None => None,
        };
        Ok(References {
            means: Some(means),
            bank: Some(bank),
            combined,
        })
    }
}

impl CombinedDescription {
    fn check(&self) -> Result<Combined<Numbers>, BundleError> {
        let rule = Rule::parse(&self.rule).map_err(|_| {
            let names = Rule::ALL.map(Rule::name).join(" or ");
            BundleError::field("references.combined.rule", &self.rule, names)
        })?;
        let direction = self.direction.check("direction")?;
        let magnitude = self.magnitude.check("magnitude")?;
        Combined::new(direction, magnitude, rule)
            .map_err(|e| BundleError::field("references.combined", e, "two scores"))
    }
}

impl PartDescription {
    fn check(&self, which: &str) -> Result<Part<Numbers>, BundleError> {
        let field = format!("references.combined.{which}");
        let score = Score::parse(&self.score).map_err(|e| {
            BundleError::field(format!("{field}.score"), &self.score, e.to_string())
        })?;
        let table = self.scores.table(&format!("{field}.scores"))?;
        Ok(Part { score, table })
    }
}
