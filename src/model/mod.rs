//! Runs a model file on tract: pixels in, logits and features out.

mod error;
mod in_force;
mod operators;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use normgate_core::{PreprocessSpec, ThresholdError, Verdict};
use normgate_int8::tract;
use tract::prelude::*;

use crate::bundle::{Bundle, Description, Gate};

pub use error::ModelError;
pub use in_force::{InForce, RejectBound};
pub use normgate_int8::engine::Threads;

/// A model file, checked, prepared by tract, and ready to be run by any number of [`Session`]s.
#[derive(Debug, Clone)]
pub struct Model {
    bundle: Arc<Bundle>,
    plan: Arc<TypedRunnableModel>,
    preprocess: PreprocessSpec,
    gate: Option<Gate>,
}

/// What the network says of one frame.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inference {
    /// `z`, `[K]`.
    pub logits: Vec<f32>,
    /// `h`, `[C]`.
    pub features: Vec<f32>,
}

impl Model {
    /// Reads `path` and prepares it.
    ///
    /// # Errors
    /// [`ModelError`], with the file's name.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        Self::load_with_threads(path, &Threads::ONE)
    }

    /// Reads `path` and prepares it for a pool of threads.
    ///
    /// # Errors
    /// [`ModelError`], with the file's name.
    pub fn load_with_threads(path: &Path, threads: &Threads) -> Result<Self, ModelError> {
        Self::with_threads(Bundle::read(path)?, threads).map_err(|why| ModelError::File {
            path: path.to_owned(),
            why: Box::new(why),
        })
    }

    /// Reads and prepares the bytes of a file.
    ///
    /// # Errors
    /// [`ModelError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        Self::new(Bundle::from_bytes(bytes)?)
    }

    /// Prepares a checked file.
    ///
    /// # Errors
    /// [`ModelError::Prepare`] where tract refuses the graph.
    pub fn new(bundle: Bundle) -> Result<Self, ModelError> {
        Self::with_threads(bundle, &Threads::ONE)
    }

    /// Prepares a checked file for a pool of threads, which all sessions share. Outputs are the same to the bit.
    ///
    /// # Errors
    /// [`ModelError::Prepare`] where tract refuses the graph.
    pub fn with_threads(bundle: Bundle, threads: &Threads) -> Result<Self, ModelError> {
        let description = bundle.description();
        let preprocess = description.preprocess()?;
        let gate = description.gate()?;
        let plan = contained(|| prepare(&bundle, threads)).map_err(ModelError::Prepare)?;
        Ok(Self {
            bundle: Arc::new(bundle),
            plan,
            preprocess,
            gate,
        })
    }

    /// What the file says of itself.
    pub fn description(&self) -> &Description {
        self.bundle.description()
    }

    /// The file.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// What a frame is turned into.
    pub fn preprocess(&self) -> PreprocessSpec {
        self.preprocess
    }

    /// The gate; `None` for a file whose threshold is not fitted.
    pub fn gate(&self) -> Option<&Gate> {
        self.gate.as_ref()
    }

    /// The same model with the threshold of another reject rate, out of the calibration scores that the file keeps;
    /// without a gate it stays so. At the rate of the file, its own threshold.
    ///
    /// # Errors
    /// If the rate is not inside (0, 1), or too small for the number of calibration images.
    pub fn with_reject_rate(mut self, reject_rate: f64) -> Result<Self, ThresholdError> {
        let gate = self.gate.take();
        self.gate = self.description().at_reject_rate(gate, reject_rate)?;
        Ok(self)
    }

    /// The name of class `class`.
    pub fn label(&self, class: u16) -> Option<&str> {
        let labels = &self.description().labels;
        labels.get(usize::from(class)).map(String::as_str)
    }

    /// The verdict on `inference`: unknown where no threshold is fitted.
    pub fn judge(&self, inference: &Inference) -> Verdict {
        match &self.gate {
            Some(gate) => gate.judge(&inference.logits, &inference.features),
            None => Verdict::UNSCORED,
        }
    }

    /// A session of its own memory; one for each thread.
    ///
    /// # Errors
    /// [`ModelError::Prepare`] where tract refuses the plan.
    pub fn session(&self) -> Result<Session, ModelError> {
        let state = contained(|| self.plan.spawn()).map_err(ModelError::Prepare)?;
        let d = self.description();
        Ok(Session {
            state,
            shape: [
                1,
                self.preprocess.height as usize,
                self.preprocess.width as usize,
                3,
            ],
            classes: d.labels.len(),
            features: d.features,
        })
    }
}

/// One thread's runs of a [`Model`].
#[derive(Debug)]
pub struct Session {
    state: TypedSimpleState,
    shape: [usize; 4],
    classes: usize,
    features: usize,
}

impl Session {
    /// Runs the network on `pixels`, RGB codes of shape `[H, W, 3]`.
    ///
    /// # Errors
    /// [`ModelError::Input`] for another length, [`ModelError::Run`] where tract fails, [`ModelError::Output`] for an
    /// output of another type or shape.
    pub fn infer(&mut self, pixels: &[u8]) -> Result<Inference, ModelError> {
        let mut inference = Inference::default();
        self.infer_into(pixels, &mut inference)?;
        Ok(inference)
    }

    /// As [`infer`](Self::infer), into memory that is used again.
    ///
    /// # Errors
    /// As [`infer`](Self::infer); `inference` is then of no use.
    pub fn infer_into(
        &mut self,
        pixels: &[u8],
        inference: &mut Inference,
    ) -> Result<(), ModelError> {
        let expected: usize = self.shape.iter().product();
        if pixels.len() != expected {
            return Err(ModelError::Input {
                found: pixels.len(),
                expected,
            });
        }
        let outputs = contained(|| {
            let input = Tensor::from_shape(&self.shape, pixels)?;
            self.state.run(tvec!(input.into_tvalue()))
        })
        .map_err(ModelError::Run)?;
        let [logits, features] = outputs.as_slice() else {
            return Err(ModelError::Output(format!("{} outputs", outputs.len())));
        };
        copy_floats(logits, self.classes, &mut inference.logits)?;
        copy_floats(features, self.features, &mut inference.features)
    }
}

fn copy_floats(value: &TValue, length: usize, to: &mut Vec<f32>) -> Result<(), ModelError> {
    let fault = || ModelError::Output(format!("{value:?}, expected float [1, {length}]"));
    let plain = value.try_as_plain_ram().map_err(|_| fault())?;
    let slice = plain.as_slice::<f32>().map_err(|_| fault())?;
    if slice.len() != length {
        return Err(fault());
    }
    to.clear();
    to.extend_from_slice(slice);
    Ok(())
}

fn prepare(bundle: &Bundle, threads: &Threads) -> TractResult<Arc<TypedRunnableModel>> {
    let parsed = operators::onnx().parse(bundle.model(), None)?.model;
    let mut model = parsed.into_optimized()?;
    if threads.count() > 1 {
        normgate_int8::use_threads(&mut model, threads)?;
    }
    model.into_runnable()
}

/// Runs `work`; a panic inside tract becomes an error, since a model file comes from outside.
fn contained<T>(work: impl FnOnce() -> TractResult<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(e)) => Err(format!("{e:#}")),
        Err(panic) => Err(format!("tract panicked: {}", panic_text(&*panic))),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    if let Some(text) = panic.downcast_ref::<&str>() {
        text
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text
    } else {
        "no reason given"
    }
}
