//! The model that a subcommand runs: a file, or the one in the binary.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use normgate::model::Model;

/// The shipped model, so that the command works without any file beside it.
const SHIPPED: &[u8] = include_bytes!("../../models/cifar10-resnet20-v1.onnx");

#[derive(Debug, Args)]
pub(super) struct ModelFile {
    /// A model file; the shipped cifar10-resnet20 where not given.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
}

impl ModelFile {
    pub(super) fn load(&self) -> anyhow::Result<Model> {
        Ok(match &self.model {
            Some(path) => Model::load(path)?,
            None => Model::from_bytes(SHIPPED).context("the shipped model")?,
        })
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

    pub(super) fn name(&self) -> String {
        match &self.model {
            Some(path) => path.display().to_string(),
            None => "the shipped model".to_owned(),
        }
    }
}
