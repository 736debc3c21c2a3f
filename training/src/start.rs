//! Where a run starts from: fresh weights, or those that another run ended with.

use std::path::Path;

use sha2::{Digest, Sha256};
use tch::{Device, Kind, Tensor};

use crate::checkpoint::{self, State};
use crate::error::TrainError;
use crate::optimizer::Weights;
use crate::train::CHECKPOINT;

/// The weights that a finished run would export.
#[derive(Debug)]
pub struct Start {
    /// The run's state: its network, classes and images.
    pub state: State,
    /// Parameters and statistics by name, the averaged ones where they are kept.
    pub weights: Vec<(String, Tensor)>,
}

impl Start {
    /// Reads the checkpoint in `folder`.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`] where there is none, or the run is not finished.
    pub fn read(folder: &Path) -> Result<Self, TrainError> {
        let path = folder.join(CHECKPOINT);
        let fault = |why: String| TrainError::Checkpoint {
            path: path.clone(),
            why,
        };
        let (state, named) = checkpoint::load(&path)?;
        if state.epochs_done < state.recipe.epochs {
            return Err(fault(format!(
                "{} of {} epochs are done, expected a finished run to start from",
                state.epochs_done, state.recipe.epochs
            )));
        }
        let network = state.recipe.network(state.classes.len());
        let mut weights = Weights::blank(&network, Device::Cpu, state.recipe.ema_decay > 0.0);
        weights.restore(&named).map_err(fault)?;
        let mut weights = weights.inference();
        scale_head(&mut weights, network.head_scale);
        Ok(Self { state, weights })
    }

    /// SHA-256 in lower-case hex over each tensor's name and its f32 in little-endian; it stands in the recipe.
    ///
    /// # Errors
    /// [`TrainError::Torch`].
    pub fn sha256(&self) -> Result<String, TrainError> {
        let mut hash = Sha256::new();
        for (name, tensor) in &self.weights {
            hash.update(name.as_bytes());
            let flat = tensor.to_kind(Kind::Float).contiguous().view([-1]);
            for value in Vec::<f32>::try_from(&flat)? {
                hash.update(value.to_le_bytes());
            }
        }
        Ok(hash
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect())
    }

    /// The weights for a network that scales its features by `head_scale`.
    pub(crate) fn scaled(&self, head_scale: f64) -> Vec<(String, Tensor)> {
        let mut weights: Vec<_> = self
            .weights
            .iter()
            .map(|(name, tensor)| (name.clone(), tensor.shallow_clone()))
            .collect();
        scale_head(&mut weights, 1.0 / head_scale);
        weights
    }
}

/// Multiplies the head's weight.
fn scale_head(weights: &mut [(String, Tensor)], factor: f64) {
    for (_, tensor) in weights.iter_mut().filter(|(name, _)| name == "head.weight") {
        *tensor = &*tensor * factor;
    }
}
