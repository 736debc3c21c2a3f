//! What normgate promises, one module a part.

mod allocation;
mod bundle;
mod command;
mod dataset;
mod device;
mod drift;
mod eval_sets;
mod metrics;
mod model;
mod page;
mod pipeline;
mod plots;
mod process;
mod report;
mod script;
#[cfg(unix)]
mod serial;
mod shift;
mod support;
