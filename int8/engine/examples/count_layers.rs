//! Layers for `scripts/count-instructions`. `count_layers INSTRUCTION-SET LAYER CONVOLUTIONS RUNS` makes a program of
//! that many equal convolutions, one after the other, and runs it. `count_layers` alone lists the layers and the
//! multiplications of each.

use std::error::Error;
use std::process::ExitCode;

use normgate_int8_engine::{
    Axis, ConvSpec, Given, Graph, Input, Isa, Layout, Node, Op, Output, Padding, Program, Shape,
    Source, Target, Wanted,
};

/// A convolution of stride 1 whose output has the shape of its input.
struct Layer {
    name: &'static str,
    size: usize,
    channels: usize,
    kernel: usize,
    depthwise: bool,
}

const LAYERS: [Layer; 5] = [
    layer("32x32x16-3x3", 32, 16, 3, false),
    layer("16x16x32-3x3", 16, 32, 3, false),
    layer("8x8x64-3x3", 8, 64, 3, false),
    layer("24x24x96-1x1", 24, 96, 1, false),
    layer("24x24x96-3x3-depthwise", 24, 96, 3, true),
];

const fn layer(
    name: &'static str,
    size: usize,
    channels: usize,
    kernel: usize,
    depthwise: bool,
) -> Layer {
    Layer {
        name,
        size,
        channels,
        kernel,
        depthwise,
    }
}

impl Layer {
    fn weights(&self) -> usize {
        let inputs = if self.depthwise { 1 } else { self.channels };
        self.channels * inputs * self.kernel * self.kernel
    }

    fn multiplications(&self) -> usize {
        self.size * self.size * self.weights()
    }

    fn spec(&self) -> Result<ConvSpec, Box<dyn Error>> {
        let axis = |name| {
            let padding = Padding::SameUpper;
            Axis::new(name, self.size, self.kernel, 1, 1, padding)
        };
        Ok(ConvSpec {
            y: axis("height")?,
            x: axis("width")?,
            group: if self.depthwise { self.channels } else { 1 },
            inputs: self.channels,
            outputs: self.channels,
            input_zero: 128,
            output_zero: 128,
            weights: weights(self.weights()).into(),
            bias: vec![0; self.channels],
            multipliers: vec![0.001; self.channels],
        })
    }

    fn graph(&self, convolutions: usize) -> Result<Graph, Box<dyn Error>> {
        let shape = Shape {
            rows: self.size,
            columns: self.size,
            channels: self.channels,
        };
        let spec = self.spec()?;
        let node = |value: usize| Node {
            op: Op::Conv(spec.clone()),
            inputs: vec![value],
            output: value + 1,
        };
        Ok(Graph {
            values: vec![shape; convolutions + 1],
            nodes: (0..convolutions).map(node).collect(),
            inputs: vec![Input {
                value: 0,
                layout: Layout::Nhwc,
                source: Source::Codes { flip: 0 },
            }],
            outputs: vec![Output {
                value: convolutions,
                layout: Layout::Nhwc,
                target: Target::Codes { flip: 0 },
            }],
        })
    }
}

/// Spread like those of a trained network: a kernel may take more steps for larger ones.
fn weights(count: usize) -> Vec<i8> {
    let mut bits = 0x9e37_79b9_7f4a_7c15u64;
    let mut weight = || {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        let sum: u64 = (0..3).map(|i| (bits >> (16 * i)) % 85).sum();
        (sum as i64 - 126) as i8
    };
    (0..count).map(|_| weight()).collect()
}

fn run([isa, layer, convolutions, runs]: [&str; 4]) -> Result<(), Box<dyn Error>> {
    let layer = LAYERS.iter().find(|l| l.name == layer);
    let layer = layer.ok_or("no such layer")?;
    let isa = Isa::available().find(|i| i.name() == isa);
    let isa = isa.ok_or("this processor does not run that instruction set")?;
    let program = Program::new(&layer.graph(convolutions.parse()?)?, isa)?;
    let codes = layer.size * layer.size * layer.channels;
    let image: Vec<u8> = (0..codes).map(|i| (i * 37 % 251) as u8).collect();
    let mut output = vec![0; codes];
    let mut memory = program.memory()?;
    for _ in 0..runs.parse()? {
        let (given, wanted) = (Given::Codes(&image), Wanted::Codes(&mut output));
        program.run(&mut memory, &[given], &mut [wanted]);
    }
    std::hint::black_box(&output);
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        [] => {
            for layer in &LAYERS {
                println!("{} {}", layer.name, layer.multiplications());
            }
            Ok(())
        }
        [isa, layer, convolutions, runs] => run([isa, layer, convolutions, runs]),
        _ => Err("usage: count_layers [INSTRUCTION-SET LAYER CONVOLUTIONS RUNS]".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("count_layers: {e}");
            ExitCode::FAILURE
        }
    }
}
