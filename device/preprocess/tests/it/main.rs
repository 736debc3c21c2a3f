//! What the preprocess promises, one module a part.

mod camera;
mod jpeg;
mod pillow;
mod reuse;
mod support;
