//! Random QDQ networks, as quantizers write them.

use normgate_int8::tract::pb::tensor_proto::DataType;

use super::graph::{Affine, Value, int, ints};
use super::qdq::Qdq;
use super::{Case, Rng};

const CLASSES: i64 = 11;

/// A dequantized value [1, channels, size, size], its scale and what its numbers are like.
#[derive(Clone)]
struct Part {
    value: Value,
    affine: Affine,
    channels: i64,
    size: i64,
    deviation: f32,
}

pub(super) struct Net {
    pub(super) qdq: Qdq,
    pub(super) rng: Rng,
    /// The least code.
    least: i64,
}

impl Net {
    fn new(of: DataType, seed: u64) -> Net {
        Net {
            qdq: Qdq::new(of),
            rng: Rng::new(seed),
            least: if of == DataType::Int8 { -128 } else { 0 },
        }
    }

    /// Codes for numbers of this deviation around 0.
    fn affine(&mut self, deviation: f32) -> Affine {
        Affine {
            scale: deviation * self.rng.scale(2.0, 4.0) / 128.0,
            zero_point: self.least + self.rng.range(100, 156),
        }
    }

    /// Codes for numbers from 0 to `greatest`.
    fn positive(&self, greatest: f32) -> Affine {
        Affine {
            scale: greatest / 255.0,
            zero_point: self.least,
        }
    }

    fn part(&mut self, x: &Part, y: &Value, affine: Affine, deviation: f32) -> Part {
        Part {
            value: self.qdq.both(y, affine),
            affine,
            deviation,
            ..x.clone()
        }
    }

    fn conv(&mut self, x: &Part, outputs: i64, stride: i64) -> (Value, Part) {
        let depthwise = outputs == x.channels && self.rng.range(0, 3) == 0;
        let kernel = self.rng.one_of(&[1, 3, 3]);
        let group = if depthwise { x.channels } else { 1 };
        let taps = x.channels / group * kernel * kernel;
        let dims = [outputs, x.channels / group, kernel, kernel];
        let deviation = 1.0 / (x.deviation * (taps as f32).sqrt());
        let (w, scales) = self.weights(&dims, 0, deviation);
        let bias = self.bias(outputs, x.affine, &scales);
        let mut inputs = vec![&x.value, &w];
        inputs.extend(&bias);
        let attributes = vec![
            ints("kernel_shape", &[kernel; 2]),
            ints("pads", &[kernel / 2; 4]),
            ints("strides", &[stride; 2]),
            int("group", group),
        ];
        let y = self.qdq.op("Conv", &inputs, attributes);
        let part = Part {
            channels: outputs,
            size: (x.size - 1) / stride + 1,
            deviation: 1.0,
            ..x.clone()
        };
        (y, part)
    }

    /// A convolution and what comes behind it.
    fn block(&mut self, x: &Part, outputs: i64, stride: i64) -> Part {
        let (y, part) = self.conv(x, outputs, stride);
        match self.rng.range(0, 5) {
            0 => {
                let affine = self.affine(1.0);
                self.part(&part, &y, affine, 1.0)
            }
            1 => {
                let y = self.qdq.op("Relu", &[&y], vec![]);
                let affine = self.positive(2.5);
                self.part(&part, &y, affine, 0.7)
            }
            2 => {
                let bounds = [0.0, 1.5].map(|b| self.qdq.floats("bound", &[], &[b]));
                let y = self.qdq.op("Clip", &[&y, &bounds[0], &bounds[1]], vec![]);
                let affine = self.positive(1.5);
                self.part(&part, &y, affine, 0.6)
            }
            // A pool and a relu that are not quantized in between.
            3 => {
                let y = self.qdq.op("Relu", &[&y], vec![]);
                let y = self.max_pool(&y, 1);
                let affine = self.positive(3.0);
                self.part(&part, &y, affine, 1.2)
            }
            _ => {
                let affine = self.affine(1.0);
                let x = self.part(&part, &y, affine, 1.0);
                let y = self.qdq.op("LeakyRelu", &[&x.value], vec![]);
                let affine = self.affine(0.8);
                self.part(&x, &y, affine, 0.8)
            }
        }
    }

    fn max_pool(&mut self, x: &Value, stride: i64) -> Value {
        let attributes = vec![
            ints("kernel_shape", &[3, 3]),
            ints("pads", &[1; 4]),
            ints("strides", &[stride; 2]),
        ];
        self.qdq.op("MaxPool", &[x], attributes)
    }

    fn step(&mut self, x: Part) -> Part {
        match self.rng.range(0, 7) {
            0 => {
                let outputs = self.rng.range(1, 20);
                let stride = self.rng.range(1, 3);
                self.block(&x, outputs, stride)
            }
            1 => {
                let y = self.block(&x, x.channels, 1);
                let y = self.qdq.op("Add", &[&y.value, &x.value], vec![]);
                if self.rng.range(0, 2) == 0 {
                    let y = self.qdq.op("Relu", &[&y], vec![]);
                    let affine = self.positive(3.0);
                    return self.part(&x, &y, affine, 0.9);
                }
                let affine = self.affine(1.4);
                self.part(&x, &y, affine, 1.4)
            }
            2 => {
                let y = self.max_pool(&x.value, 2);
                let y = self.part(&x, &y, x.affine, x.deviation);
                Part {
                    size: (x.size - 1) / 2 + 1,
                    ..y
                }
            }
            3 => {
                let attributes = vec![ints("kernel_shape", &[2, 2])];
                let y = self.qdq.op("AveragePool", &[&x.value], attributes);
                let affine = self.affine(x.deviation);
                let y = self.part(&x, &y, affine, x.deviation);
                Part {
                    size: x.size - 1,
                    ..y
                }
            }
            4 => {
                let gate = self.qdq.op("Sigmoid", &[&x.value], vec![]);
                let affine = self.positive(255.0 / 256.0);
                let gate = self.part(&x, &gate, affine, 0.5);
                let y = self.qdq.op("Mul", &[&x.value, &gate.value], vec![]);
                let affine = self.affine(0.6);
                self.part(&x, &y, affine, 0.6)
            }
            _ => {
                let outputs = self.rng.range(1, 12);
                let a = self.block(&x, outputs, 1);
                let b = self.block(&x, 12 - outputs + 1, 1);
                let values = [&a.value, &b.value, &x.value];
                let y = self.qdq.op("Concat", &values, vec![int("axis", 1)]);
                let affine = self.affine(1.0);
                let y = self.part(&x, &y, affine, 1.0);
                Part {
                    channels: a.channels + b.channels + x.channels,
                    ..y
                }
            }
        }
    }

    /// The end of a classifier.
    fn head(&mut self, x: &Part) -> Value {
        let pooled = self.qdq.op("GlobalAveragePool", &[&x.value], vec![]);
        let affine = self.affine(x.deviation * 0.5);
        let pooled = self.part(x, &pooled, affine, 1.0);
        // Quantized again, or not; onnxruntime looks through a Reshape, not through a Flatten.
        let flat = if self.rng.range(0, 2) == 0 {
            let flat = self.qdq.op("Flatten", &[&pooled.value], vec![]);
            self.qdq.both(&flat, affine)
        } else {
            let shape = [1i64, -1].iter().flat_map(|dim| dim.to_le_bytes());
            let graph = &mut self.qdq.graph;
            let name = graph.constant("shape", DataType::Int64, &[2], shape.collect());
            let shape = Value {
                name,
                ..pooled.value.clone()
            };
            self.qdq.op("Reshape", &[&pooled.value, &shape], vec![])
        };
        let transposed = self.rng.range(0, 2);
        let (dims, axis) = match transposed {
            0 => ([x.channels, CLASSES], 1),
            _ => ([CLASSES, x.channels], 0),
        };
        let (w, scales) = self.weights(&dims, axis, 2.0);
        let bias = self.bias(CLASSES, affine, &scales);
        let mut inputs = vec![&flat, &w];
        inputs.extend(&bias);
        if bias.is_none() && transposed == 0 {
            return self.qdq.op("MatMul", &inputs, vec![]);
        }
        self.qdq
            .op("Gemm", &inputs, vec![int("transB", transposed)])
    }
}

/// A network that onnxruntime, too, rewrites from end to end.
pub(crate) fn random(of: DataType, seed: u64) -> Case {
    let mut net = Net::new(of, seed);
    let shape = [1, 3, 14, 14];
    let value = net.qdq.graph.input("x", DataType::Float, &shape);
    let mut x = Part {
        affine: net.affine(1.0),
        value,
        channels: 3,
        size: 14,
        deviation: 1.0,
    };
    x.value = net.qdq.both(&x.value, x.affine);
    for _ in 0..net.rng.range(2, 6) {
        if x.size > 4 {
            x = net.step(x);
        }
    }
    x = net.block(&x, 9, 1);
    let y = if net.rng.range(0, 3) == 0 {
        Value {
            shape: vec![1, 9, x.size, x.size],
            ..x.value
        }
    } else {
        let y = net.head(&x);
        let affine = net.affine(x.deviation * 2.0);
        Value {
            shape: vec![1, CLASSES],
            ..net.qdq.both(&y, affine)
        }
    };
    let floats = (0..shape.iter().product::<i64>()).map(|_| {
        let sum: i64 = (0..4).map(|_| net.rng.range(-1000, 1000)).sum();
        sum as f32 / 1155.0
    });
    let input = floats.flat_map(f32::to_le_bytes).collect();
    Case {
        name: format!("{}_{seed}", if of == DataType::Int8 { "s8" } else { "u8" }),
        model: net.qdq.finish(&y),
        input,
    }
}

/// One convolution and a relu, in signed codes around 0.
pub(crate) fn symmetric_relu(seed: u64) -> Case {
    let mut net = Net::new(DataType::Int8, seed);
    let affine = Affine {
        scale: 0.02,
        zero_point: 0,
    };
    let codes = net.qdq.graph.input("x", DataType::Int8, &[1, 7, 9, 9]);
    let x = Part {
        value: net.qdq.dequantize(&codes, affine),
        affine,
        channels: 7,
        size: 9,
        deviation: 1.5,
    };
    let (y, part) = net.conv(&x, 12, 1);
    let y = net.qdq.op("Relu", &[&y], vec![]);
    let y = Value {
        shape: vec![1, part.channels, 9, 9],
        ..y
    };
    let y = net.qdq.quantize(&y, affine);
    let input = net.rng.bytes(7 * 81);
    Case {
        name: format!("symmetric_relu_{seed}"),
        model: net.qdq.finish(&y),
        input,
    }
}
