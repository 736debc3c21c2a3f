//! What pictures promise, one module a part.

mod convert;
mod jpeg;
mod length;
