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
