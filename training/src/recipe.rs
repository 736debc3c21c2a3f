//! Everything that decides what a training run gives, apart from the images.

use serde::{Deserialize, Serialize};

use crate::device::Precision;
use crate::error::TrainError;
use crate::loss::Loss;
use crate::negatives::{Making, Negatives};
use crate::network::{Arch, Network};
use crate::schedule::Schedule;

/// The recipe of a run; kept in its checkpoints and in the exported file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The network.
    pub arch: Arch,
    /// The loss.
    pub loss: Loss,
    /// Passes over the training images, 1 or more.
    pub epochs: usize,
    /// Images a step, 1 or more.
    pub batch: usize,
    /// Peak learning rate, above 0.
    pub learning_rate: f64,
    /// How the learning rate moves.
    pub schedule: Schedule,
    /// Epochs of linear warm-up, 0 or more.
    pub warmup_epochs: f64,
    /// Momentum of Nesterov's SGD, in [0, 1).
    pub momentum: f64,
    /// L2 penalty on every parameter, 0 or more.
    pub weight_decay: f64,
    /// Dropout in wide blocks, in [0, 1).
    pub dropout: f64,
    /// Decay a step of the averaged weights; 0 keeps none.
    pub ema_decay: f64,
    /// Whether images are cropped (after padding by 4) and flipped.
    pub augment: bool,
    /// SHA-256 of the weights that the run starts from; fresh ones where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Share of the images that go through PixMix, in [0, 1].
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pixmix: f64,
    /// mixup's alpha; 0 mixes nothing.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub mixup: f64,
    /// Negatives beside the images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negatives: Option<Negatives>,
    /// Whether weights and activations are rounded to their 8-bit grids; wants weights to start from, and f32.
    #[serde(default, skip_serializing_if = "is_false")]
    pub quantized: bool,
    /// Arithmetic of the convolutions.
    #[serde(default)]
    pub precision: Precision,
    /// Seed of initial weights, order, augmentation and dropout.
    pub seed: u64,
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

impl Recipe {
    /// The network for `classes` classes.
    pub fn network(&self, classes: usize) -> Network {
        Network {
            head_scale: self.loss.head_scale(),
            ..self.arch.network(classes as i64)
        }
    }

    /// Whether an epoch needs pictures of nothing.
    pub fn needs_pictures(&self) -> bool {
        let negatives = self.negatives.as_ref();
        self.pixmix > 0.0 || negatives.is_some_and(|n| n.kinds.contains(&Making::Pictures))
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`TrainError::Recipe`] for the first value outside its range.
    pub fn check(&self) -> Result<(), TrainError> {
        let bad = |field, value: String, expected| {
            Err(TrainError::Recipe {
                field,
                value,
                expected,
            })
        };
        let unit = |v: f64| (0.0..1.0).contains(&v);
        if let Some(tau) = self.loss.tau()
            && !(tau > 0.0 && tau.is_finite())
        {
            return bad("tau", tau.to_string(), "a finite number above 0");
        }
        if self.epochs == 0 {
            return bad("epochs", "0".into(), "1 or more");
        }
        if self.batch == 0 {
            return bad("batch", "0".into(), "1 or more");
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return bad(
                "learning rate",
                self.learning_rate.to_string(),
                "a finite number above 0",
            );
        }
        if !(self.warmup_epochs >= 0.0 && self.warmup_epochs < self.epochs as f64) {
            return bad(
                "warm-up",
                self.warmup_epochs.to_string(),
                "0 or more, below the epochs",
            );
        }
        if !unit(self.momentum) {
            return bad("momentum", self.momentum.to_string(), "in [0, 1)");
        }
        if !(self.weight_decay >= 0.0 && self.weight_decay.is_finite()) {
            return bad("weight decay", self.weight_decay.to_string(), "0 or more");
        }
        if !unit(self.dropout) {
            return bad("dropout", self.dropout.to_string(), "in [0, 1)");
        }
        if !unit(self.ema_decay) {
            return bad("EMA decay", self.ema_decay.to_string(), "in [0, 1)");
        }
        if !(0.0..=1.0).contains(&self.pixmix) {
            return bad("PixMix", self.pixmix.to_string(), "in [0, 1]");
        }
        if !(self.mixup >= 0.0 && self.mixup.is_finite()) {
            return bad("mixup", self.mixup.to_string(), "0 or more");
        }
        if self.quantized && self.start.is_none() {
            return bad("start", "none".into(), "weights for a quantized run");
        }
        if self.quantized && self.precision != Precision::F32 {
            let precision = format!("{:?}", self.precision).to_lowercase();
            return bad("precision", precision, "f32 for a quantized run");
        }
        if let Some(negatives) = &self.negatives {
            negatives.check()?;
        }
        self.schedule.check(self.epochs)
    }
}
