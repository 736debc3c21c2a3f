//! What normgate promises, one module a part.

mod allocation;
mod bundle;
mod command;
mod dataset;
mod device;
mod eval_sets;
mod metrics;
mod model;
mod page;
mod pipeline;
mod plots;
mod process;
mod report;
#[cfg(unix)]
mod serial;
mod support;
