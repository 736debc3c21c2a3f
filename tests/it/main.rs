//! What normgate promises, one module a part.

mod eval_sets;
mod metrics;
mod plots;
mod report;
