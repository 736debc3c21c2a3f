//! QDQ models become models of int8 operators; what does not is said, and nothing panics.

mod support;

#[path = "qdq/damage.rs"]
mod damage;
#[path = "qdq/graph.rs"]
mod graph;
#[path = "qdq/moves.rs"]
mod moves;
#[path = "qdq/onnxruntime.rs"]
mod onnxruntime;
#[path = "qdq/operators.rs"]
mod operators;
#[path = "qdq/refusals.rs"]
mod refusals;
#[path = "qdq/weights.rs"]
mod weights;
