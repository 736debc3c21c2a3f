//! Sinks, against what their readers see.

#[cfg(feature = "mqtt")]
mod mqtt;
