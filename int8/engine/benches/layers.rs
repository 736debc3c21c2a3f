//! Single convolutions on each instruction set that is here, in products a second. Times include that the image is
//! copied in and out, as for any program.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use normgate_int8_engine::{
    Axis, ConvSpec, Given, Graph, Input, Isa, Layout, Node, Op, Output, Padding, Program, Shape,
    Source, Target, Wanted,
};

/// A layer with stride 1 that keeps its image's size.
struct Layer {
    name: &'static str,
    /// Of the image, and of the kernel.
    side: usize,
    kernel: usize,
    inputs: usize,
    outputs: usize,
    group: usize,
}

const fn layer(
    name: &'static str,
    side: usize,
    kernel: usize,
    [inputs, outputs]: [usize; 2],
) -> Layer {
    Layer {
        name,
        side,
        kernel,
        inputs,
        outputs,
        group: 1,
    }
}

const LAYERS: [Layer; 6] = [
    layer("3x3 32x32x3-16", 32, 3, [3, 16]),
    layer("3x3 32x32x16-16", 32, 3, [16, 16]),
    layer("3x3 16x16x32-32", 16, 3, [32, 32]),
    layer("3x3 8x8x64-64", 8, 3, [64, 64]),
    layer("1x1 24x24x16-96", 24, 1, [16, 96]),
    Layer {
        group: 96,
        ..layer("depthwise 3x3 24x24x96", 24, 3, [96, 96])
    },
];

impl Layer {
    fn axis(&self) -> Axis {
        let pad = self.kernel / 2;
        let padding = Padding::Explicit {
            before: pad,
            after: pad,
        };
        Axis::new("side", self.side, self.kernel, 1, 1, padding).expect("a window that fits")
    }

    fn weights(&self) -> usize {
        self.outputs * self.inputs / self.group * self.kernel * self.kernel
    }

    fn products(&self) -> usize {
        self.side * self.side * self.weights()
    }

    fn shape(&self, channels: usize) -> Shape {
        Shape {
            rows: self.side,
            columns: self.side,
            channels,
        }
    }

    fn graph(&self) -> Graph {
        let spec = ConvSpec {
            y: self.axis(),
            x: self.axis(),
            group: self.group,
            inputs: self.inputs,
            outputs: self.outputs,
            input_zero: 128,
            output_zero: 0,
            weights: like_a_network(self.weights()).into(),
            bias: vec![0; self.outputs],
            multipliers: vec![1.0e-3; self.outputs],
        };
        let layout = Layout::Nhwc;
        Graph {
            values: vec![self.shape(self.inputs), self.shape(self.outputs)],
            nodes: vec![Node {
                op: Op::Conv(spec),
                inputs: vec![0],
                output: 1,
            }],
            inputs: vec![Input {
                value: 0,
                layout,
                source: Source::Codes { flip: 0 },
            }],
            outputs: vec![Output {
                value: 1,
                layout,
                target: Target::Codes { flip: 0 },
            }],
        }
    }
}

/// Weights spread as those of the shipped models, a standard deviation of 40: their size decides how AVX2 multiplies.
fn like_a_network(count: usize) -> Vec<i8> {
    let mut state = 1u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as f64 / (1u64 << 24) as f64
    };
    // The sum of twelve has a deviation of 1.
    let mut normal = || (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
    (0..count)
        .map(|_| (40.0 * normal()).round().clamp(-127.0, 127.0) as i8)
        .collect()
}

fn layers(c: &mut Criterion) {
    for layer in &LAYERS {
        let graph = layer.graph();
        let image: Vec<u8> = (0..graph.values[0].codes())
            .map(|i| (i * 31 % 251) as u8)
            .collect();
        let mut codes = vec![0; graph.values[1].codes()];
        let mut group = c.benchmark_group(layer.name);
        group.throughput(Throughput::Elements(layer.products() as u64));
        group
            .warm_up_time(Duration::from_millis(300))
            .measurement_time(Duration::from_secs(1));
        for isa in Isa::available() {
            let program = Program::new(&graph, isa).expect("a program");
            let mut memory = program.memory().expect("memory");
            group.bench_function(isa.name(), |b| {
                b.iter(|| {
                    let given = [Given::Codes(black_box(&image))];
                    program.run(&mut memory, &given, &mut [Wanted::Codes(&mut codes)]);
                });
            });
        }
    }
}

criterion_group!(benches, layers);
criterion_main!(benches);
