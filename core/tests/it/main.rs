//! What normgate-core promises: against numpy, scipy and onnxruntime, by property, and by simulation.

mod commit;
mod gate;
mod golden;
mod logits;
mod preprocess;
mod quant;
mod threshold;
