//! Sinks, as the loop and their readers see them.

mod fanout;
mod json_file;
mod lines;
#[cfg(feature = "panel")]
mod panel;
mod rejects;
mod support;
#[cfg(feature = "http")]
mod http;
//! Sinks, against what their readers see.

#[cfg(feature = "mqtt")]
mod mqtt;
