//! Checkpoints: one safetensors file a run, replaced as a whole after each epoch.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::error::TrainError;
use crate::optimizer::Weights;
use crate::recipe::Recipe;

/// Version of what a checkpoint holds.
const FORMAT: u32 = 1;
/// The tensor, u8, whose bytes are the state's JSON: one file cannot be half replaced.
const STATE: &str = "state.json";

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// [`FORMAT`].
    pub format: u32,
    /// Epochs done.
    pub epochs_done: usize,
    /// The run's recipe.
    pub recipe: Recipe,
    /// Class names, in the order of the logits.
    pub classes: Vec<String>,
    /// Side of the images, pixels.
    pub image: [u32; 2],
    /// SHA-256 of the images and labels that fit the weights.
    pub fit_sha256: String,
    /// How many they were.
    pub fit_images: usize,
    /// SHA-256 of the calibration images and labels.
    pub calibration_sha256: String,
    /// How many they were.
    pub calibration_images: usize,
}

impl State {
    /// The state's current format number.
    pub const FORMAT: u32 = FORMAT;
}

/// Writes `weights` and `state` to `path`, through a temporary file beside it.
///
/// # Errors
/// [`TrainError::Io`] or [`TrainError::Torch`]; the old file stays as it was.
pub fn save(path: &Path, weights: &Weights, state: &State) -> Result<(), TrainError> {
    let mut named = weights.named();
    let json = serde_json::to_vec(state).map_err(|e| fault(path, format!("state: {e}")))?;
    named.push((STATE.into(), Tensor::from_slice(&json)));
    let partial = path.with_extension("partial");
    Tensor::write_safetensors(&named, &partial)?;
    std::fs::rename(&partial, path).map_err(|e| TrainError::io(path, e))
}

/// Reads a checkpoint's state and tensors.
///
/// # Errors
/// [`TrainError::Checkpoint`] for a file that is no checkpoint of this format.
pub fn load(path: &Path) -> Result<(State, Vec<(String, Tensor)>), TrainError> {
    if !path.is_file() {
        return Err(fault(path, "no such file".into()));
    }
    let mut named = Tensor::read_safetensors(path).map_err(|e| fault(path, format!("{e}")))?;
    let at = named
        .iter()
        .position(|(name, _)| name == STATE)
        .ok_or_else(|| fault(path, format!("tensor {STATE} is missing")))?;
    let (_, tensor) = named.swap_remove(at);
    if tensor.kind() != Kind::Uint8 {
        return Err(fault(path, format!("tensor {STATE} is not of bytes")));
    }
    let bytes = Vec::<u8>::try_from(&tensor)?;
    let state: State =
        serde_json::from_slice(&bytes).map_err(|e| fault(path, format!("{STATE}: {e}")))?;
    if state.format != FORMAT {
        return Err(fault(
            path,
            format!("format {}, expected {FORMAT}", state.format),
        ));
    }
    Ok((state, named))
}

fn fault(path: &Path, why: String) -> TrainError {
    TrainError::Checkpoint {
        path: path.to_owned(),
        why,
    }
}
