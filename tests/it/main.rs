//! What normgate promises, one module a part.

mod dataset;
mod eval_sets;
mod metrics;
mod plots;
mod preprocess;
mod report;
mod source;
