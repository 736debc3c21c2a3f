//! The model that a subcommand runs: a file, or the one in the binary.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use normgate::bundle::Bundle;
use normgate::model::{InForce, Model, ModelError, Threads};

/// The shipped model, so that the command works without any file beside it.
const SHIPPED: &[u8] = include_bytes!("../../models/cifar10-resnet20-v2.onnx");

#[derive(Debug, Args)]
pub(super) struct ModelFile {
    /// A model file; the shipped cifar10-resnet20 where not given.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Threads of an inference.
    #[arg(long, value_name = "N", default_value_t = 1)]
    threads: usize,
    /// The share of known inputs that may be rejected, such as 0.02; the file's own rate where not given.
    #[arg(long, value_name = "RATE")]
    reject_rate: Option<f64>,
}

impl ModelFile {
    pub(super) fn load(&self) -> anyhow::Result<Model> {
        let threads = self.pool()?;
        let model = match &self.model {
            Some(path) => Model::load_with_threads(path, &threads)?,
            None => Bundle::from_bytes(SHIPPED)
                .map_err(ModelError::from)
                .and_then(|bundle| Model::with_threads(bundle, &threads))
                .context("the shipped model")?,
        };
        match self.reject_rate {
            Some(rate) => model.with_reject_rate(rate).context("--reject-rate"),
            None => Ok(model),
        }
    }

    /// The model, which must have a threshold: without one every verdict is unknown.
    pub(super) fn load_gated(&self) -> anyhow::Result<Model> {
        let model = self.load()?;
        if model.gate().is_none() {
            anyhow::bail!(
                "{}: the model has no threshold, so it would call everything unknown; expected one fitted by normgate-train threshold",
                self.name()
            );
        }
        Ok(model)
    }

    /// The threads of an inference.
    pub(super) fn pool(&self) -> anyhow::Result<Threads> {
        Threads::new(self.threads).context("--threads")
    }

    /// The file; `None` for the model inside the program.
    pub(super) fn path(&self) -> Option<&Path> {
        self.model.as_deref()
    }

    /// Says on standard error what the rate that was asked for comes to: between two stored scores it is a stricter one.
    pub(super) fn tell_rate(&self, model: &Model) {
        if let Some((rate, gate)) = self.reject_rate.zip(model.gate()) {
            eprintln!("normgate: --reject-rate {rate}: {}", InForce::of(gate));
        }
    }

    /// The rate asked for, for models that come later.
    pub(super) fn reject_rate(&self) -> Option<f64> {
        self.reject_rate
    }

    pub(super) fn threads(&self) -> usize {
        self.threads
    }

    pub(super) fn name(&self) -> String {
        match &self.model {
            Some(path) => path.display().to_string(),
            None => "the shipped model".to_owned(),
        }
    }
}
