//! Random models of the operators beside convolution and plain add.

use normgate_int8::tract::pb::AttributeProto;
use normgate_int8::tract::pb::tensor_proto::DataType;

use super::graph::{Affine, Graph, Value, float, int, ints, string};
use super::models::{Conv, affine, case, code, conv};
use super::{Case, Rng};

/// Appends an operator of two values; `inputs` are its operands and their scales.
fn binary(
    graph: &mut Graph,
    op: &str,
    operands: [(&Value, Affine); 2],
    to: Affine,
    shape: &[i64],
) -> Value {
    let of = operands[0].0.of;
    let mut inputs = vec![];
    for (value, affine) in operands {
        inputs.push(value.name.clone());
        inputs.extend(graph.affine("operand", of, affine));
    }
    inputs.extend(graph.affine("c", of, to));
    graph.node(op, inputs, vec![], of, shape)
}

/// Scales of the operands and of the output. Every third time results lie so near to halves that the last bit of
/// each step decides.
fn scales(rng: &mut Rng, seed: u64, op: &str) -> [f32; 3] {
    let product = op == "QLinearMul";
    if seed.is_multiple_of(3) {
        return [0.1, 0.3, if product { 0.06 } else { 0.6 }];
    }
    let [a, b] = [(); 2].map(|()| rng.scale(0.01, 1.0));
    let c = if product {
        a * b * rng.scale(20.0, 200.0)
    } else {
        a.max(b) * rng.scale(0.7, 2.0)
    };
    [a, b, c]
}

/// All 65,536 pairs of codes.
pub(crate) fn random_mul(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let of = code(rng);
    let mut graph = Graph::default();
    let a = graph.input("a", of, &[1, 4, 128, 128]);
    let name = graph.constant("b", of, &a.shape, (0..65_536u32).map(|i| i as u8).collect());
    let b = Value { name, ..a.clone() };
    let scales = scales(rng, seed, "QLinearMul");
    let [from_a, from_b, to] = scales.map(|scale| affine(rng, of, scale));
    let y = binary(
        &mut graph,
        "QLinearMul",
        [(&a, from_a), (&b, from_b)],
        to,
        &a.shape,
    );
    let bytes = (0..65_536u32).map(|i| (i >> 8) as u8).collect();
    case(format!("mul_{seed}"), graph, &y, bytes)
}

/// A value beside a constant that is repeated over its pixels, its channels, or both.
pub(crate) fn random_broadcast(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let of = code(rng);
    let op = rng.one_of(&["QLinearAdd", "QLinearMul"]);
    let mut graph = Graph::default();
    let [channels, rows, columns] = [(); 3].map(|()| rng.range(2, 20));
    // Constants do not fit a batch everywhere.
    let batch = rng.range(1, 3);
    let x = graph.input("x", of, &[batch, channels, rows, columns]);
    let shapes: [&[i64]; 7] = [
        &[],
        &[1],
        &[1, 1, 1, 1],
        &[channels, 1, 1],
        &[1, channels, 1, 1],
        &[1, rows, columns],
        &[channels, rows, columns],
    ];
    let shape = rng.one_of(&shapes);
    let single = shape.iter().product::<i64>() == 1;
    let bytes = rng.bytes(shape.iter().product::<i64>() as usize);
    let name = graph.constant("operand", of, shape, bytes);
    let constant = Value {
        name,
        of,
        shape: shape.into(),
    };
    let scales = scales(rng, seed, op);
    let [from_x, from_c, to] = scales.map(|scale| affine(rng, of, scale));
    let mut operands = [(&x, from_x), (&constant, from_c)];
    // In a graph without convolutions onnxruntime adds in another order; see `gated`.
    if (op == "QLinearMul" || single) && rng.range(0, 2) == 1 {
        operands.swap(0, 1);
    }
    let y = binary(&mut graph, op, operands, to, &x.shape);
    let bytes = rng.bytes(x.shape.iter().product::<i64>() as usize);
    case(format!("broadcast_{seed}"), graph, &y, bytes)
}

/// Squeeze and excite: a factor, or a summand, for each channel that follows from the whole image.
pub(crate) fn gated(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let mut graph = Graph::default();
    let of = code(rng);
    let square = |outputs, kernel| Conv {
        output: of,
        ..Conv::square(outputs, kernel, 1)
    };
    let x = graph.input("x", of, &[1, 8, 9, 11]);
    let from = affine(rng, of, 0.02);
    let (x, from) = conv(&mut graph, rng, &x, from, &square(24, 3));
    let to = affine(rng, of, from.scale / 6.0);
    let g = unary(
        &mut graph,
        "QLinearGlobalAveragePool",
        vec![],
        (&x, from),
        to,
        &[1, 24, 1, 1],
    );
    let (g, to) = conv(&mut graph, rng, &g, to, &square(24, 1));
    let (op, activation) = rng.one_of(&[
        ("QLinearMul", "QLinearSigmoid"),
        ("QLinearAdd", "QLinearLeakyRelu"),
    ]);
    let [x_scale, scale, scale_to] = match op {
        "QLinearMul" => [from.scale, 1.0 / 256.0, from.scale * rng.scale(0.3, 1.0)],
        // What the convolution calls its scale does not matter here.
        _ => scales(rng, 0, op),
    };
    let from = Affine {
        scale: x_scale,
        ..from
    };
    let lowest = if of == DataType::Int8 { -128 } else { 0 };
    let gate = match op {
        "QLinearMul" => Affine {
            scale,
            zero_point: lowest,
        },
        _ => affine(rng, of, scale),
    };
    let shape = g.shape.clone();
    let to = Affine {
        scale: gate.scale.max(to.scale),
        ..to
    };
    let g = unary(&mut graph, activation, vec![], (&g, to), gate, &shape);
    let mut operands = [(&x, from), (&g, gate)];
    if rng.range(0, 2) == 1 {
        operands.swap(0, 1);
    }
    let to = affine(rng, of, scale_to);
    let shape = x.shape.clone();
    let y = binary(&mut graph, op, operands, to, &shape);
    let (y, _) = conv(&mut graph, rng, &y, to, &square(20, 1));
    case(format!("gated_{seed}"), graph, &y, rng.bytes(8 * 99))
}

/// Appends an operator of one value.
fn unary(
    graph: &mut Graph,
    op: &str,
    attributes: Vec<AttributeProto>,
    (x, from): (&Value, Affine),
    to: Affine,
    shape: &[i64],
) -> Value {
    let mut inputs = vec![x.name.clone()];
    inputs.extend(graph.affine("x", x.of, from));
    inputs.extend(graph.affine("y", x.of, to));
    graph.node(op, inputs, attributes, x.of, shape)
}

/// All 256 codes through a table.
pub(crate) fn random_table(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let of = code(rng);
    let mut graph = Graph::default();
    let x = graph.input("x", of, &[1, 4, 8, 8]);
    let ties = seed.is_multiple_of(3);
    let scale = if ties { 0.07 } else { rng.scale(0.01, 0.5) };
    let mut from = affine(rng, of, scale);
    let y = if rng.range(0, 2) == 0 {
        let scale = if ties {
            // Far below zero, where the last bits of the function are codes of their own.
            from.zero_point = if of == DataType::Int8 { 127 } else { 255 };
            rng.scale(3.0e-8, 3.0e-7)
        } else {
            rng.scale(0.002, 0.02)
        };
        let to = affine(rng, of, scale);
        unary(
            &mut graph,
            "QLinearSigmoid",
            vec![],
            (&x, from),
            to,
            &x.shape,
        )
    } else {
        let scale = if ties {
            scale * 0.3
        } else {
            scale * rng.scale(0.5, 2.0)
        };
        let to = affine(rng, of, scale);
        let alpha = if ties { 0.25 } else { rng.scale(0.001, 1.0) };
        let attributes = vec![float("alpha", alpha)];
        unary(
            &mut graph,
            "QLinearLeakyRelu",
            attributes,
            (&x, from),
            to,
            &x.shape,
        )
    };
    case(format!("table_{seed}"), graph, &y, (0..=255).collect())
}

/// Parts with scales of their own: the input under several, and constants.
pub(crate) fn random_concat(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let of = code(rng);
    let mut graph = Graph::default();
    let [rows, columns] = [(); 2].map(|()| rng.range(1, 8));
    let x = graph.input("x", of, &[1, rng.range(3, 30), rows, columns]);
    let to = affine(rng, of, 0.05);
    let mut inputs = graph.affine("y", of, to).to_vec();
    let mut channels = 0;
    for part in 0..rng.range(1, 5) {
        let scale = rng.one_of(&[0.05, 0.1, 0.075]) * rng.one_of(&[1.0, 1.0, 1.1]);
        // Now and then the part's codes are the output's.
        let from = if rng.range(0, 3) == 0 {
            to
        } else {
            affine(rng, of, scale)
        };
        if part == 0 || rng.range(0, 2) == 0 {
            inputs.push(x.name.clone());
            channels += x.shape[1];
        } else {
            let shape = [1, rng.range(1, 20), rows, columns];
            let bytes = rng.bytes(shape.iter().product::<i64>() as usize);
            inputs.push(graph.constant("part", of, &shape, bytes));
            channels += shape[1];
        }
        inputs.extend(graph.affine("x", of, from));
    }
    let axis = rng.one_of(&[1, -3]);
    let shape = [1, channels, rows, columns];
    let y = graph.node("QLinearConcat", inputs, vec![int("axis", axis)], of, &shape);
    let bytes = rng.bytes(x.shape.iter().product::<i64>() as usize);
    case(format!("concat_{seed}"), graph, &y, bytes)
}

/// Windows along one axis.
struct Window {
    input: i64,
    kernel: i64,
    stride: i64,
    dilation: i64,
    pads: [i64; 2],
    output: i64,
}

impl Window {
    /// `same`: the pads follow from the stride; upper or lower.
    fn random(rng: &mut Rng, ceil: bool, same: Option<bool>, dilated: bool) -> Window {
        loop {
            let [input, kernel] = [rng.range(1, 15), rng.range(1, 5)];
            let (mut stride, mut dilation) = (rng.range(1, 4), 1);
            let mut pads = [(); 2].map(|()| rng.range(0, kernel));
            if let Some(upper) = same {
                stride = stride.min(kernel);
                let total = ((input - 1) / stride * stride + kernel - input).max(0);
                let (small, large) = (total / 2, total - total / 2);
                pads = if upper {
                    [small, large]
                } else {
                    [large, small]
                };
            } else if dilated {
                dilation = rng.range(1, 3);
            }
            let free = input + pads[0] + pads[1] - (dilation * (kernel - 1) + 1);
            if free < 0 {
                continue;
            }
            let mut output = free / stride + 1;
            if ceil && free % stride > 0 && output * stride < input + pads[0] {
                output += 1;
            }
            return Window {
                input,
                kernel,
                stride,
                dilation,
                pads,
                output,
            };
        }
    }
}

/// A pool with everything varied; its attributes, and the extents of input and output.
fn pool(rng: &mut Rng, dilated: bool) -> (Vec<AttributeProto>, [i64; 2], [i64; 2]) {
    let ceil = rng.range(0, 2) == 1;
    let same = rng.one_of(&[None, None, None, Some(true), Some(false)]);
    let [y, x] = [(); 2].map(|()| Window::random(rng, ceil, same, dilated));
    let mut attributes = vec![
        ints("kernel_shape", &[y.kernel, x.kernel]),
        ints("strides", &[y.stride, x.stride]),
        int("ceil_mode", ceil as i64),
    ];
    if dilated {
        attributes.push(ints("dilations", &[y.dilation, x.dilation]));
    }
    attributes.push(match same {
        None => ints("pads", &[y.pads[0], x.pads[0], y.pads[1], x.pads[1]]),
        Some(true) => string("auto_pad", "SAME_UPPER"),
        Some(false) => string("auto_pad", "SAME_LOWER"),
    });
    (attributes, [y.input, x.input], [y.output, x.output])
}

/// The shape of images with the channels first, or last.
fn image(batch: i64, channels: i64, [rows, columns]: [i64; 2], last: bool) -> [i64; 4] {
    if last {
        [batch, rows, columns, channels]
    } else {
        [batch, channels, rows, columns]
    }
}

pub(crate) fn random_average_pool(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let of = code(rng);
    let mut graph = Graph::default();
    let (mut attributes, from, to) = pool(rng, false);
    let last = rng.range(0, 4) == 0;
    attributes.push(int("count_include_pad", rng.range(0, 2)));
    attributes.push(int("channels_last", last as i64));
    let (batch, channels) = (rng.range(1, 3), rng.range(8, 30));
    let x = graph.input("x", of, &image(batch, channels, from, last));
    let scales = if seed.is_multiple_of(3) {
        [0.1, 0.05]
    } else {
        [(); 2].map(|()| rng.scale(0.02, 0.1))
    };
    let [from, y] = scales.map(|scale| affine(rng, of, scale));
    let shape = image(batch, channels, to, last);
    let y = unary(
        &mut graph,
        "QLinearAveragePool",
        attributes,
        (&x, from),
        y,
        &shape,
    );
    let bytes = rng.bytes(x.shape.iter().product::<i64>() as usize);
    case(format!("average_pool_{seed}"), graph, &y, bytes)
}

pub(crate) fn random_global_average_pool(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let of = code(rng);
    let mut graph = Graph::default();
    let last = rng.range(0, 4) == 0;
    let (batch, channels) = (rng.range(1, 3), rng.range(30, 90));
    let extents = [(); 2].map(|()| rng.range(1, 20));
    let x = graph.input("x", of, &image(batch, channels, extents, last));
    // Near the middle, so that averages are in the range.
    let middle = if of == DataType::Int8 { 0 } else { 128 };
    let from = Affine {
        scale: 0.05,
        zero_point: middle + rng.range(-4, 4),
    };
    let pixels = (extents[0] * extents[1]) as f32;
    let scale = 0.05 / pixels.sqrt() * rng.scale(0.5, 2.0);
    let y = affine(rng, of, scale);
    let shape = image(batch, channels, [1, 1], last);
    let attributes = vec![int("channels_last", last as i64)];
    let y = unary(
        &mut graph,
        "QLinearGlobalAveragePool",
        attributes,
        (&x, from),
        y,
        &shape,
    );
    let bytes = rng.bytes(x.shape.iter().product::<i64>() as usize);
    case(format!("global_average_pool_{seed}"), graph, &y, bytes)
}

pub(crate) fn random_max_pool(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let of = code(rng);
    let mut graph = Graph::default();
    let (attributes, from, to) = pool(rng, true);
    let (batch, channels) = (rng.range(1, 3), rng.range(8, 30));
    let x = graph.input("x", of, &image(batch, channels, from, false));
    let shape = image(batch, channels, to, false);
    let y = graph.node("MaxPool", vec![x.name.clone()], attributes, of, &shape);
    let bytes = rng.bytes(x.shape.iter().product::<i64>() as usize);
    case(format!("max_pool_{seed}"), graph, &y, bytes)
}

/// QGemm or QLinearMatMul.
pub(crate) fn random_matrix(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let of = code(rng);
    let gemm = rng.range(0, 2) == 0;
    let mut graph = Graph::default();
    let [rows, inputs, outputs] = [rng.range(1, 4), rng.range(1, 200), rng.range(6, 70)];
    let a = graph.input("a", of, &[rows, inputs]);
    let from = affine(rng, of, 0.02);
    let unsigned = of == DataType::Uint8 && rng.range(0, 4) == 0;
    let (weight_type, offset) = if unsigned {
        (DataType::Uint8, 128)
    } else {
        (DataType::Int8, 0)
    };
    let transposed = gemm && rng.range(0, 2) == 1;
    let dims = if transposed {
        [outputs, inputs]
    } else {
        [inputs, outputs]
    };
    // Of 7 bits: onnxruntime's sums of pairs saturate on some processors.
    let weights = (0..inputs * outputs).map(|_| (rng.range(-64, 64) + offset) as u8);
    let weights: Vec<u8> = weights.collect();
    let columns: Vec<i64> = match rng.range(0, 3) {
        0 => vec![],
        1 => vec![outputs],
        _ if gemm => vec![outputs],
        _ => vec![1, outputs],
    };
    let count = columns.iter().product::<i64>();
    let weight_scales: Vec<f32> = (0..count).map(|_| rng.scale(0.001, 0.01)).collect();
    let alpha = if gemm {
        rng.one_of(&[1.0, 1.0, 0.5, 1.7])
    } else {
        1.0
    };
    let spread = 37.0 * 70.0 * (inputs as f32).sqrt() * alpha;
    let scale = from.scale * 0.004 * spread / rng.scale(60.0, 200.0);
    let to = affine(rng, of, scale);

    let [a_scale, a_zero] = graph.affine("a", of, from);
    let b = graph.constant("b", weight_type, &dims, weights);
    let b_scale = graph.floats("b_scale", &columns, &weight_scales);
    let b_zero = graph.constant(
        "b_zero",
        weight_type,
        &columns,
        vec![offset as u8; count as usize],
    );
    let mut names = vec![a.name.clone(), a_scale, a_zero, b, b_scale, b_zero];
    let mut attributes = vec![];
    if gemm {
        attributes = vec![float("alpha", alpha), int("transB", transposed as i64)];
        names.push(match rng.range(0, 4) {
            0 => String::new(),
            shape => {
                let dims = [vec![outputs], vec![1, outputs], vec![1]][shape as usize - 1].clone();
                let bytes = (0..dims.iter().product::<i64>())
                    .flat_map(|_| (rng.range(-9_000, 9_000) as i32).to_le_bytes())
                    .collect();
                graph.constant("c", DataType::Int32, &dims, bytes)
            }
        });
    }
    names.extend(graph.affine("y", of, to));
    let op = if gemm { "QGemm" } else { "QLinearMatMul" };
    let y = graph.node(op, names, attributes, of, &[rows, outputs]);
    let bytes = rng.bytes((rows * inputs) as usize);
    case(format!("matrix_{seed}"), graph, &y, bytes)
}

/// f32 to codes; among the numbers are halves, and some that are none.
pub(crate) fn random_quantize(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let of = code(rng);
    let mut graph = Graph::default();
    let x = graph.input("x", DataType::Float, &[2, 3, 20, 20]);
    let ties = seed.is_multiple_of(3);
    let scale = if ties { 0.125 } else { rng.scale(0.001, 10.0) };
    let to = affine(rng, of, scale);
    let mut inputs = vec![x.name.clone()];
    inputs.extend(graph.affine("y", of, to));
    if to.zero_point == 0 && of == DataType::Uint8 {
        inputs.pop();
    }
    let y = graph.node("QuantizeLinear", inputs, vec![], of, &x.shape);
    let special = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        -0.0,
        f32::MAX,
        1.0e-40,
    ];
    let bytes = (0..2_400)
        .map(|i| match special.get(i) {
            Some(x) => *x,
            None => rng.range(-700, 700) as f32 * scale * if ties { 0.5 } else { 0.4999 },
        })
        .flat_map(f32::to_le_bytes)
        .collect();
    case(format!("quantize_{seed}"), graph, &y, bytes)
}

/// All codes to f32, after a pool of one pixel each.
pub(crate) fn random_dequantize(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let of = code(rng);
    let mut graph = Graph::default();
    let x = graph.input("x", of, &[1, 4, 8, 8]);
    let attributes = vec![ints("kernel_shape", &[1, 1])];
    let y = graph.node("MaxPool", vec![x.name.clone()], attributes, of, &x.shape);
    let scale = rng.scale(1.0e-6, 1.0e6);
    let from = affine(rng, of, scale);
    let mut inputs = vec![y.name.clone()];
    inputs.extend(graph.affine("y", of, from));
    let y = graph.node(
        "DequantizeLinear",
        inputs,
        vec![],
        DataType::Float,
        &y.shape,
    );
    case(format!("dequantize_{seed}"), graph, &y, (0..=255).collect())
}

/// All of them in one network: pools, a branch that is put together again, a gate, a matrix.
pub(crate) fn mixed(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let of = DataType::Uint8;
    let mut graph = Graph::default();
    let reals = graph.input("x", DataType::Float, &[1, 3, 18, 14]);
    let mut from = affine(rng, of, 0.02);
    let mut inputs = vec![reals.name.clone()];
    inputs.extend(graph.affine("x", of, from));
    let mut x = graph.node("QuantizeLinear", inputs, vec![], of, &reals.shape);
    (x, from) = conv(&mut graph, rng, &x, from, &Conv::square(16, 3, 1));
    let window = vec![
        ints("kernel_shape", &[3, 3]),
        ints("strides", &[2, 2]),
        ints("pads", &[1, 1, 1, 1]),
    ];
    x = graph.node(
        "MaxPool",
        vec![x.name.clone()],
        window.clone(),
        of,
        &[1, 16, 9, 7],
    );
    let (a, from_a) = conv(&mut graph, rng, &x, from, &Conv::square(12, 1, 1));
    let (b, from_b) = conv(&mut graph, rng, &x, from, &Conv::square(20, 3, 1));
    let to_b = affine(rng, of, from_b.scale * 0.6);
    let b = unary(
        &mut graph,
        "QLinearLeakyRelu",
        vec![],
        (&b, from_b),
        to_b,
        &[1, 20, 9, 7],
    );
    from = affine(rng, of, from_a.scale.max(to_b.scale));
    let mut inputs = graph.affine("y", of, from).to_vec();
    for (part, affine) in [(&a, from_a), (&b, to_b)] {
        inputs.push(part.name.clone());
        inputs.extend(graph.affine("part", of, affine));
    }
    x = graph.node(
        "QLinearConcat",
        inputs,
        vec![int("axis", 1)],
        of,
        &[1, 32, 9, 7],
    );
    let to = affine(rng, of, from.scale * 0.5);
    x = unary(
        &mut graph,
        "QLinearAveragePool",
        window,
        (&x, from),
        to,
        &[1, 32, 5, 4],
    );
    let pooled = affine(rng, of, to.scale / 4.0);
    let shape = [1, 32, 1, 1];
    let g = unary(
        &mut graph,
        "QLinearGlobalAveragePool",
        vec![],
        (&x, to),
        pooled,
        &shape,
    );
    let unit = Affine {
        scale: 1.0 / 256.0,
        zero_point: 0,
    };
    let s = unary(
        &mut graph,
        "QLinearSigmoid",
        vec![],
        (&g, pooled),
        unit,
        &shape,
    );
    from = affine(rng, of, to.scale * 0.5);
    x = binary(
        &mut graph,
        "QLinearMul",
        [(&s, unit), (&x, to)],
        from,
        &[1, 32, 5, 4],
    );
    let pooled = affine(rng, of, from.scale / 4.0);
    let g = unary(
        &mut graph,
        "QLinearGlobalAveragePool",
        vec![],
        (&x, from),
        pooled,
        &shape,
    );
    let flat = graph.node(
        "Flatten",
        vec![g.name.clone()],
        vec![int("axis", 1)],
        of,
        &[1, 32],
    );
    let weights = (0..32 * 10).map(|_| rng.range(-64, 64) as u8).collect();
    let mut inputs = vec![flat.name.clone()];
    inputs.extend(graph.affine("a", of, pooled));
    inputs.push(graph.constant("b", DataType::Int8, &[10, 32], weights));
    let signed = Affine {
        scale: 0.01,
        zero_point: 0,
    };
    inputs.extend(graph.affine("b", DataType::Int8, signed));
    inputs.push(String::new());
    let to = affine(rng, of, pooled.scale * 0.01 * 37.0 * 60.0 * 5.6 / 100.0);
    inputs.extend(graph.affine("y", of, to));
    let y = graph.node("QGemm", inputs, vec![int("transB", 1)], of, &[1, 10]);
    let mut inputs = vec![y.name.clone()];
    inputs.extend(graph.affine("y", of, to));
    let y = graph.node(
        "DequantizeLinear",
        inputs,
        vec![],
        DataType::Float,
        &[1, 10],
    );
    let bytes = (0..3 * 18 * 14)
        .flat_map(|_| (rng.range(-3_000, 3_000) as f32 / 1_000.0).to_le_bytes())
        .collect();
    case(format!("mixed_{seed}"), graph, &y, bytes)
}
