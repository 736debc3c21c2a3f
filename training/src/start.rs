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
        let network = state.recipe.arch.network(state.classes.len() as i64);
        let mut weights = Weights::new(&network, Device::Cpu, state.recipe.ema_decay > 0.0);
        weights.restore(&named).map_err(fault)?;
        Ok(Self {
            state,
            weights: weights.inference(),
        })
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
}
