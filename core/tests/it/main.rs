//! What normgate-core promises: against numpy, scipy and onnxruntime, by property, and by simulation.

mod combined;
mod commit;
mod drift;
mod features;
mod gate;
mod gate_golden;
mod golden;
mod logits;
mod p_value;
mod preprocess;
mod quant;
mod sim;
mod threshold;
