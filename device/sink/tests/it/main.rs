//! Sinks, as the loop and their readers see them.

#[cfg(feature = "http")]
mod http;
