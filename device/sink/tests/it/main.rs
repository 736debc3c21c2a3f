//! Sinks, as the loop and their readers see them.

mod fanout;
#[cfg(feature = "http")]
mod http;
mod json_file;
mod lines;
#[cfg(feature = "mqtt")]
mod mqtt;
#[cfg(feature = "panel")]
mod panel;
mod rejects;
#[cfg(all(feature = "serial", unix))]
mod serial;
mod support;
