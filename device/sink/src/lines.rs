//! Lines of text to where they are read.

mod append;
mod files;
mod json_file;
mod line_writer;
#[cfg(test)]
mod tests;

pub(crate) use json_file::is_full;
pub use json_file::{JsonFile, JsonFileError, Rotation};
pub(crate) use line_writer::LineWriter;
