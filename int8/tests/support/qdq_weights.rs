//! Weights and biases of random QDQ networks, in each form that quantizers write.

use normgate_int8::tract::pb::tensor_proto::DataType;

use super::graph::{Affine, Value, int};
use super::qdq_nets::Net;

impl Net {
    /// Weights in one of the forms that quantizers write, and their scales.
    pub(super) fn weights(
        &mut self,
        dims: &[i64],
        axis: usize,
        deviation: f32,
    ) -> (Value, Vec<f32>) {
        let channels = dims[axis];
        let count: i64 = dims.iter().product();
        let per_channel = self.rng.range(0, 2) == 0;
        let scales: Vec<f32> = (0..if per_channel { channels } else { 1 })
            .map(|_| deviation / 37.0 * self.rng.scale(0.7, 1.4))
            .collect();
        // 7 bits: exact in onnxruntime on every processor.
        let codes: Vec<i64> = (0..count).map(|_| self.rng.range(-64, 64)).collect();
        let shape: &[i64] = if per_channel { &[channels] } else { &[] };
        let graph = &mut self.qdq.graph;
        let scale = graph.floats("w_scale", shape, &scales);
        let zeros = vec![0; scales.len()];
        let zero = graph.constant("w_zero", DataType::Int8, shape, zeros);
        let attributes = || vec![int("axis", axis as i64)];
        let codes = if self.rng.range(0, 3) == 0 {
            let inner: i64 = dims[axis + 1..].iter().product();
            let real = |(at, code): (usize, &i64)| {
                let channel = at as i64 / inner % channels;
                let scale = scales[if per_channel { channel as usize } else { 0 }];
                // Ties are among them.
                (*code as f32 / 2.0) * scale
            };
            let reals: Vec<f32> = codes.iter().enumerate().map(real).collect();
            let reals = graph.floats("w", dims, &reals);
            let inputs = vec![reals, scale.clone(), zero.clone()];
            graph
                .node("QuantizeLinear", inputs, attributes(), DataType::Int8, dims)
                .name
        } else {
            let bytes = codes.iter().map(|code| *code as u8).collect();
            graph.constant("w", DataType::Int8, dims, bytes)
        };
        let inputs = vec![codes, scale, zero];
        let value = graph.node(
            "DequantizeLinear",
            inputs,
            attributes(),
            DataType::Float,
            dims,
        );
        (value, scales)
    }

    /// Codes, floats, or none.
    pub(super) fn bias(&mut self, channels: i64, x: Affine, scales: &[f32]) -> Option<Value> {
        let steps: Vec<f32> = scales.iter().map(|w| x.scale * w).collect();
        let step = |channel: i64| {
            steps[if steps.len() == 1 {
                0
            } else {
                channel as usize
            }]
        };
        match self.rng.range(0, 3) {
            0 => None,
            1 => {
                let random = |_| self.rng.range(-200, 200) as f32 / 200.0;
                let floats: Vec<f32> = (0..channels).map(random).collect();
                Some(self.qdq.floats("bias", &[channels], &floats))
            }
            _ => {
                let codes = (0..channels).flat_map(|channel| {
                    let real = self.rng.range(-200, 200) as f32 / 200.0;
                    ((real / step(channel)) as i32).to_le_bytes()
                });
                let codes = codes.collect();
                Some(
                    self.qdq
                        .constant(DataType::Int32, &[channels], codes, &steps, 0),
                )
            }
        }
    }
}
