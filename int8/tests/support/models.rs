//! Random models: one convolution, one add, blocks of both.

use normgate_int8::tract::pb::AttributeProto;
use normgate_int8::tract::pb::tensor_proto::DataType;

use super::graph::{Affine, Graph, Value, int, ints, string};
use super::{Case, Rng};

/// A convolution to put after a value.
pub(crate) struct Conv {
    pub(crate) outputs: i64,
    pub(crate) kernel: [i64; 2],
    pub(crate) strides: [i64; 2],
    pub(crate) dilations: [i64; 2],
    /// Top, left, bottom, right; `None` is SAME_UPPER or SAME_LOWER by `lower`.
    pub(crate) pads: Option<[i64; 4]>,
    pub(crate) lower: bool,
    pub(crate) group: i64,
    pub(crate) per_channel: bool,
    pub(crate) unsigned_weights: bool,
    pub(crate) bias: bool,
    /// Weights are below this in magnitude, 128 at most.
    pub(crate) limit: i64,
    /// Codes of the output.
    pub(crate) output: DataType,
}

impl Conv {
    pub(crate) fn square(outputs: i64, kernel: i64, stride: i64) -> Conv {
        Conv {
            outputs,
            kernel: [kernel; 2],
            strides: [stride; 2],
            dilations: [1; 2],
            pads: Some([kernel / 2; 4]),
            lower: false,
            group: 1,
            per_channel: true,
            unsigned_weights: false,
            bias: true,
            limit: SEVEN_BITS,
            output: DataType::Uint8,
        }
    }
}

/// onnxruntime multiplies u8 by s8 in pairs that saturate where the processor has no dot-product
/// instruction; weights of 7 bits stay exact there.
fn exact_limit() -> i64 {
    #[cfg(target_arch = "x86_64")]
    if !is_x86_feature_detected!("avx512vnni") {
        return SEVEN_BITS;
    }
    128
}

const SEVEN_BITS: i64 = 64;

pub(crate) fn affine(rng: &mut Rng, of: DataType, scale: f32) -> Affine {
    let zero_point = if of == DataType::Int8 {
        rng.range(-128, 128)
    } else {
        rng.range(0, 256)
    };
    Affine { scale, zero_point }
}

/// Appends the convolution; `x` is scaled by `from`. The output scale spreads the sums over a
/// little more than the 8 bits, so that some saturate.
pub(crate) fn conv(
    graph: &mut Graph,
    rng: &mut Rng,
    x: &Value,
    from: Affine,
    c: &Conv,
) -> (Value, Affine) {
    let [n, inputs, height, width] = x.shape[..] else {
        panic!("NCHW")
    };
    let group_inputs = inputs / c.group;
    let taps = group_inputs * c.kernel[0] * c.kernel[1];
    let weight_type = if c.unsigned_weights {
        DataType::Uint8
    } else {
        DataType::Int8
    };
    let offset = if c.unsigned_weights { 128 } else { 0 };
    let weights: Vec<u8> = (0..c.outputs * taps)
        .map(|_| (rng.range(-c.limit, c.limit) + offset) as u8)
        .collect();
    let channels = if c.per_channel { c.outputs } else { 1 };
    let weight_scales: Vec<f32> = (0..channels).map(|_| rng.scale(0.001, 0.01)).collect();
    let spread = 75.0 * c.limit as f32 / 128.0 * 70.0 * (taps as f32).sqrt();
    let scale = from.scale * 0.004 * spread / rng.scale(60.0, 200.0);
    let to = affine(rng, c.output, scale);

    let [x_scale, x_zero] = graph.affine("x", x.of, from);
    let dims = [c.outputs, group_inputs, c.kernel[0], c.kernel[1]];
    let w = graph.constant("w", weight_type, &dims, weights);
    let dims: &[i64] = if c.per_channel { &[c.outputs] } else { &[] };
    let w_scale = graph.floats("w_scale", dims, &weight_scales);
    let w_zero = graph.constant(
        "w_zero",
        weight_type,
        dims,
        vec![offset as u8; channels as usize],
    );
    let [y_scale, y_zero] = graph.affine("y", c.output, to);
    let mut inputs = vec![
        x.name.clone(),
        x_scale,
        x_zero,
        w,
        w_scale,
        w_zero,
        y_scale,
        y_zero,
    ];
    if c.bias {
        let bytes = (0..c.outputs)
            .flat_map(|_| (rng.range(-9_000, 9_000) as i32).to_le_bytes())
            .collect();
        inputs.push(graph.constant("bias", DataType::Int32, &[c.outputs], bytes));
    }

    let mut attributes: Vec<AttributeProto> = vec![
        ints("kernel_shape", &c.kernel),
        ints("strides", &c.strides),
        ints("dilations", &c.dilations),
        int("group", c.group),
    ];
    let extent = |axis: usize, input: i64| match c.pads {
        Some(pads) => {
            let window = c.dilations[axis] * (c.kernel[axis] - 1) + 1;
            (input + pads[axis] + pads[axis + 2] - window) / c.strides[axis] + 1
        }
        None => (input + c.strides[axis] - 1) / c.strides[axis],
    };
    let shape = [n, c.outputs, extent(0, height), extent(1, width)];
    attributes.push(match c.pads {
        Some(pads) => ints("pads", &pads),
        None => string(
            "auto_pad",
            if c.lower { "SAME_LOWER" } else { "SAME_UPPER" },
        ),
    });
    (
        graph.node("QLinearConv", inputs, attributes, c.output, &shape),
        to,
    )
}

/// Appends a + b.
pub(crate) fn add(
    graph: &mut Graph,
    rng: &mut Rng,
    (a, from_a): (&Value, Affine),
    (b, from_b): (&Value, Affine),
) -> (Value, Affine) {
    let scale = from_a.scale.max(from_b.scale) * rng.scale(0.7, 2.0);
    let to = affine(rng, a.of, scale);
    let mut inputs = vec![a.name.clone()];
    inputs.extend(graph.affine("a", a.of, from_a));
    inputs.push(b.name.clone());
    inputs.extend(graph.affine("b", a.of, from_b));
    inputs.extend(graph.affine("c", a.of, to));
    (graph.node("QLinearAdd", inputs, vec![], a.of, &a.shape), to)
}

pub(crate) fn code(rng: &mut Rng) -> DataType {
    rng.one_of(&[DataType::Uint8, DataType::Uint8, DataType::Int8])
}

pub(crate) fn case(name: String, graph: Graph, output: &Value, input: Vec<u8>) -> Case {
    Case {
        name,
        model: graph.finish(output),
        input,
    }
}

/// One convolution with everything varied.
pub(crate) fn random_conv(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let group = rng.one_of(&[1, 1, 1, 1, 2, 3, 19]);
    let depthwise = group == 19;
    let inputs = if depthwise {
        19
    } else {
        group * rng.range(1, 20)
    };
    // onnxruntime takes codes of one type on both sides.
    let of = code(rng);
    let c = Conv {
        outputs: if depthwise {
            19
        } else {
            group * rng.range(1, 36)
        },
        kernel: [rng.range(1, 4), rng.range(1, 4)],
        strides: [rng.range(1, 3), rng.range(1, 3)],
        dilations: rng.one_of(&[[1, 1], [1, 1], [2, 1], [1, 2]]),
        pads: Some([(); 4].map(|()| rng.range(0, 3))),
        lower: false,
        group,
        per_channel: rng.range(0, 2) == 0,
        unsigned_weights: of == DataType::Uint8 && rng.range(0, 5) == 0,
        bias: rng.range(0, 4) > 0,
        limit: exact_limit(),
        output: of,
    };
    let same = rng.range(0, 6);
    let c = match same {
        0 | 1 => Conv {
            pads: None,
            lower: same == 1,
            dilations: [1, 1],
            ..c
        },
        _ => c,
    };
    let mut graph = Graph::default();
    let shape = [rng.range(1, 3), inputs, rng.range(5, 14), rng.range(5, 14)];
    let x = graph.input("x", of, &shape);
    let from = affine(rng, of, 0.02);
    let (y, _) = conv(&mut graph, rng, &x, from, &c);
    let bytes = rng.bytes(shape.iter().product::<i64>() as usize);
    case(format!("conv_{seed}"), graph, &y, bytes)
}

/// All 65,536 pairs of codes: the one input is added to a constant of the same length.
pub(crate) fn random_add(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let of = if seed.is_multiple_of(2) {
        DataType::Uint8
    } else {
        DataType::Int8
    };
    let mut graph = Graph::default();
    let a = graph.input("a", of, &[1, 4, 128, 128]);
    let name = graph.constant("b", of, &a.shape, (0..65_536u32).map(|i| i as u8).collect());
    let b = Value { name, ..a.clone() };
    // Every third with ratios that make ties.
    let scales = if seed.is_multiple_of(3) {
        [0.25, 0.125]
    } else {
        [(); 2].map(|()| rng.scale(0.01, 1.0))
    };
    let from_a = affine(rng, of, scales[0]);
    let from_b = affine(rng, of, scales[1]);
    let (y, _) = add(&mut graph, rng, (&a, from_a), (&b, from_b));
    let bytes = (0..65_536u32).map(|i| (i >> 8) as u8).collect();
    case(format!("add_{seed}"), graph, &y, bytes)
}

/// Pixels in NHWC, a transpose, two residual blocks, the second with a projection, and a
/// dequantized output: what the exported networks are made of.
pub(crate) fn residual(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let mut graph = Graph::default();
    let shape = [1, 10, 8, 3];
    let pixels = graph.input("pixels", DataType::Uint8, &shape);
    let perm = vec![ints("perm", &[0, 3, 1, 2])];
    let x = graph.node(
        "Transpose",
        vec![pixels.name],
        perm,
        DataType::Uint8,
        &[1, 3, 10, 8],
    );
    let from = Affine {
        scale: 1.0 / 64.0,
        zero_point: 128,
    };
    let (mut x, mut from) = conv(&mut graph, rng, &x, from, &Conv::square(16, 3, 1));
    for (outputs, stride) in [(16, 1), (20, 2)] {
        let (y, y_from) = conv(&mut graph, rng, &x, from, &Conv::square(outputs, 3, stride));
        let (y, y_from) = conv(&mut graph, rng, &y, y_from, &Conv::square(outputs, 3, 1));
        let (skip, skip_from) = if stride == 1 {
            (x, from)
        } else {
            conv(&mut graph, rng, &x, from, &Conv::square(outputs, 1, stride))
        };
        (x, from) = add(&mut graph, rng, (&y, y_from), (&skip, skip_from));
    }
    let mut inputs = vec![x.name.clone()];
    inputs.extend(graph.affine("h", DataType::Uint8, from));
    let y = graph.node(
        "DequantizeLinear",
        inputs,
        vec![],
        DataType::Float,
        &x.shape,
    );
    case(format!("residual_{seed}"), graph, &y, rng.bytes(240))
}

/// Signed codes through a depthwise and a pointwise convolution.
pub(crate) fn separable(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let mut graph = Graph::default();
    let x = graph.input("x", DataType::Int8, &[1, 18, 7, 9]);
    let from = affine(rng, DataType::Int8, 0.02);
    let depthwise = Conv {
        group: 18,
        pads: None,
        output: DataType::Int8,
        ..Conv::square(18, 3, 2)
    };
    let (y, from) = conv(&mut graph, rng, &x, from, &depthwise);
    let pointwise = Conv {
        output: DataType::Int8,
        ..Conv::square(10, 1, 1)
    };
    let (y, _) = conv(&mut graph, rng, &y, from, &pointwise);
    case(format!("separable_{seed}"), graph, &y, rng.bytes(18 * 63))
}
