//! Random graphs of the engine, from a seed.

use std::sync::Arc;

use normgate_int8_engine::*;

/// xorshift64: the same graphs on every machine.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Rng {
        let mut rng = Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        rng.next();
        rng
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 16
    }

    /// Uniform in `from..to`.
    pub(crate) fn range(&mut self, from: usize, to: usize) -> usize {
        from + self.next() as usize % (to - from)
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }

    fn affine(&mut self) -> Affine {
        Affine {
            scale: 0.01 * self.range(20, 60) as f32,
            zero_point: self.range(0, 256) as i32,
        }
    }

    /// Usually the one that all share, as in a model file.
    fn zero(&mut self) -> i32 {
        if self.range(0, 4) == 0 {
            self.range(0, 256) as i32
        } else {
            77
        }
    }
}

/// A graph of `nodes` operators on an image of `least` to three times as many rows and columns.
pub(crate) fn graph(rng: &mut Rng, nodes: usize, least: usize) -> Graph {
    let shape = Shape {
        rows: rng.range(least, 3 * least),
        columns: rng.range(least, 3 * least),
        channels: rng.range(1, 40),
    };
    let mut graph = Graph {
        values: vec![shape],
        ..Graph::default()
    };
    graph.inputs.push(Input {
        value: 0,
        layout: [Layout::Nchw, Layout::Nhwc][rng.range(0, 2)],
        source: Source::Codes {
            flip: [0, 0x80][rng.range(0, 2)],
        },
    });
    for _ in 0..nodes {
        add_node(&mut graph, rng);
    }
    // Whatever no one reads, and now and then something that is read.
    for value in 0..graph.values.len() {
        let read = graph.nodes.iter().any(|n| n.inputs.contains(&value));
        if !read || rng.range(0, 6) == 0 {
            graph.outputs.push(Output {
                value,
                layout: [Layout::Nchw, Layout::Nhwc][rng.range(0, 2)],
                target: Target::Codes { flip: 0 },
            });
        }
    }
    graph.check().unwrap();
    graph
}

fn add_node(graph: &mut Graph, rng: &mut Rng) {
    // The newest value more often than not, so that chains arise.
    let last = graph.values.len() - 1;
    let x = if rng.range(0, 3) == 0 {
        rng.range(0, last + 1)
    } else {
        last
    };
    let shape = graph.values[x];
    let like = |graph: &Graph, rng: &mut Rng| {
        let same: Vec<_> = (0..graph.values.len())
            .filter(|v| graph.values[*v] == shape)
            .collect();
        same[rng.range(0, same.len())]
    };
    let (op, inputs, output) = match rng.range(0, 12) {
        0..=4 => {
            let spec = conv(rng, shape);
            let output = spec.output_shape();
            (Op::Conv(spec), vec![x], output)
        }
        5..=7 => {
            let params =
                AddParams::new(rng.affine(), rng.affine(), rng.affine(), Code::U8).unwrap();
            let y = like(graph, rng);
            let inputs = if rng.range(0, 2) == 0 {
                vec![x, y]
            } else {
                vec![y, x]
            };
            (Op::Add(params), inputs, shape)
        }
        8 => {
            let params =
                MulParams::new(rng.affine(), rng.affine(), rng.affine(), Code::U8).unwrap();
            (Op::Mul(params), vec![x, like(graph, rng)], shape)
        }
        9 => {
            let table = Table::leaky_relu(rng.affine(), rng.affine(), Code::U8, 0.1);
            (Op::Table(table), vec![x], shape)
        }
        10 => {
            let y = like(graph, rng);
            let table = Table::requantize(rng.affine(), rng.affine(), Code::U8);
            let output = Shape {
                channels: 2 * shape.channels,
                ..shape
            };
            (Op::Concat(vec![None, table]), vec![x, y], output)
        }
        _ => {
            let value = graph.values.len();
            let codes: Arc<[u8]> = rng.bytes(shape.codes()).into();
            graph.values.push(shape);
            graph.nodes.push(Node {
                op: Op::Constant(codes),
                inputs: vec![],
                output: value,
            });
            let params =
                AddParams::new(rng.affine(), rng.affine(), rng.affine(), Code::U8).unwrap();
            (Op::Add(params), vec![x, value], shape)
        }
    };
    graph.values.push(output);
    graph.nodes.push(Node {
        op,
        inputs,
        output: graph.values.len() - 1,
    });
}

fn conv(rng: &mut Rng, shape: Shape) -> ConvSpec {
    let kernel = [1, 3][rng.range(0, 2)];
    let pad = rng.range(0, kernel.min(2) + 1);
    let stride = rng.range(1, 3);
    let axis = |input| {
        let padding = Padding::Explicit {
            before: pad,
            after: pad,
        };
        // A window that does not fit becomes a pointwise one.
        Axis::new("", input, kernel, stride, 1, padding).or_else(|_| {
            let none = Padding::Explicit {
                before: 0,
                after: 0,
            };
            Axis::new("", input, 1, 1, 1, none)
        })
    };
    let (y, x) = (axis(shape.rows).unwrap(), axis(shape.columns).unwrap());
    let depthwise = rng.range(0, 4) == 0;
    let outputs = if depthwise {
        shape.channels
    } else {
        rng.range(1, 70)
    };
    let group = if depthwise { shape.channels } else { 1 };
    let count = outputs * shape.channels / group * y.kernel * x.kernel;
    ConvSpec {
        y,
        x,
        group,
        inputs: shape.channels,
        outputs,
        input_zero: rng.zero(),
        output_zero: rng.zero(),
        weights: rng.bytes(count).into_iter().map(|w| w as i8).collect(),
        bias: vec![500; outputs],
        multipliers: vec![0.01; outputs],
    }
}

/// The bytes of all outputs, one after another.
pub(crate) fn run(program: &Program, memory: &mut Memory, graph: &Graph, image: &[u8]) -> Vec<u8> {
    let lens = graph.outputs.iter().map(|o| graph.values[o.value].codes());
    let mut outputs: Vec<Vec<u8>> = lens.map(|len| vec![0; len]).collect();
    let mut wanted: Vec<_> = outputs.iter_mut().map(|o| Wanted::Codes(o)).collect();
    program.run(memory, &[Given::Codes(image)], &mut wanted);
    outputs.concat()
}
