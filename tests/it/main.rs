//! What normgate promises, one module a part.

mod bundle;
mod command;
mod dataset;
mod eval_sets;
mod metrics;
mod model;
mod plots;
mod report;
mod source;
mod support;
