//! A run's metrics: one JSON object a line and an epoch.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::TrainError;

/// What an epoch gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// From 1.
    pub epoch: usize,
    /// Learning rate of the last step.
    pub learning_rate: f64,
    /// Mean loss over the epoch's images.
    pub loss: f64,
    /// Accuracy on the epoch's augmented images, in [0, 1].
    pub fit_accuracy: f64,
    /// Accuracy on the calibration set, in [0, 1]; `null` for an epoch that did not measure it.
    pub calibration_accuracy: Option<f64>,
    /// Mean norm of the logits on the epoch's images.
    pub logit_norm: f64,
    /// Images a second of training, evaluation apart.
    pub images_per_second: f64,
    /// Seconds of the epoch.
    pub seconds: f64,
}

/// An append-only file of [`EpochMetrics`].
#[derive(Debug)]
pub struct MetricsFile {
    path: PathBuf,
    file: File,
}

impl MetricsFile {
    /// Opens `path`, keeping the first `epochs` lines: a resumed run writes the others again.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn open(path: &Path, epochs: usize) -> Result<Self, TrainError> {
        let io = |e| TrainError::io(path, e);
        let kept: String = match std::fs::read_to_string(path) {
            Ok(text) => text
                .lines()
                .filter(|line| {
                    serde_json::from_str::<EpochMetrics>(line).is_ok_and(|m| m.epoch <= epochs)
                })
                .map(|line| format!("{line}\n"))
                .collect(),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(e) => return Err(io(e)),
        };
        let partial = path.with_extension("partial");
        std::fs::write(&partial, kept).map_err(io)?;
        std::fs::rename(&partial, path).map_err(io)?;
        let file = OpenOptions::new().append(true).open(path).map_err(io)?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    /// Appends one line.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn write(&mut self, metrics: &EpochMetrics) -> Result<(), TrainError> {
        let io = |e| TrainError::io(&self.path, e);
        let mut line = serde_json::to_string(metrics).map_err(|e| io(e.into()))?;
        line.push('\n');
        self.file.write_all(line.as_bytes()).map_err(io)
    }
}
