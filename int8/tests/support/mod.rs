//! Small int8 models made with tract's own protobuf types, from a seed.
#![allow(dead_code, reason = "each test binary uses its part")]

pub(crate) mod graph;
pub(crate) mod live;
pub(crate) mod models;
pub(crate) mod operators;
pub(crate) mod qdq;
pub(crate) mod qdq_nets;
mod qdq_weights;

use normgate_int8::tract::pb::ModelProto;
use normgate_int8::tract::prelude::*;

/// A model, and the bytes of one input.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) model: ModelProto,
    pub(crate) input: Vec<u8>,
}

/// xorshift64: the same models on every machine.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Rng {
        let mut rng = Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        rng.bits();
        rng
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 16
    }

    /// Uniform in `from..to`.
    pub(crate) fn range(&mut self, from: i64, to: i64) -> i64 {
        from + (self.bits() % (to - from) as u64) as i64
    }

    pub(crate) fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.range(0, of.len() as i64) as usize]
    }

    /// Uniform in the logarithm.
    pub(crate) fn scale(&mut self, from: f32, to: f32) -> f32 {
        let unit = self.range(0, 1 << 24) as f32 / (1 << 24) as f32;
        from * (to / from).powf(unit)
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.bits() as u8).collect()
    }
}

/// The bytes of the first output, as this crate's operators compute them in tract.
pub(crate) fn run(model: &ModelProto, input: &[u8]) -> TractResult<Vec<u8>> {
    let mut onnx = normgate_int8::tract::onnx();
    normgate_int8::register(&mut onnx);
    let model = onnx.model_for_proto_model(model)?.into_optimized()?;
    let fact = model.input_fact(0)?.clone();
    let shape = fact.shape.as_concrete().expect("concrete input").to_vec();
    let mut tensor = Tensor::zero_dt(fact.datum_type, &shape)?;
    tensor.as_bytes_mut().copy_from_slice(input);
    let output = model.into_runnable()?.run(tvec!(tensor.into_tvalue()))?;
    Ok(output[0].as_bytes().to_vec())
}
