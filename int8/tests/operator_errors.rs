//! What is not supported of the operators beside convolution and plain add is refused with an error that names the
//! node and the input; nothing panics.

mod support;

use normgate_int8::engine::EngineError;
use normgate_int8::tract::pb::tensor_proto::DataType;
use normgate_int8::tract::pb::{AttributeProto, ModelProto, NodeProto, TensorProto};
use normgate_int8::{Int8Error, Problem};
use support::graph::{Affine, Graph, float, int, ints, string};
use support::{Rng, run};

const INPUT: [i64; 4] = [1, 8, 6, 6];
const CODES: Affine = Affine {
    scale: 0.02,
    zero_point: 128,
};

/// One node of `[1, 8, 6, 6]`, its scales and zero points, and what else it reads.
fn unary(op: &str, attributes: Vec<AttributeProto>, output: &[i64]) -> ModelProto {
    let mut graph = Graph::default();
    let x = graph.input("x", DataType::Uint8, &INPUT);
    let mut inputs = vec![x.name.clone()];
    if op != "MaxPool" {
        inputs.extend(graph.affine("x", x.of, CODES));
        inputs.extend(graph.affine("y", x.of, CODES));
    }
    let y = graph.node(op, inputs, attributes, x.of, output);
    graph.finish(&y)
}

fn pool(op: &str) -> ModelProto {
    unary(op, vec![ints("kernel_shape", &[3, 3])], &[1, 8, 4, 4])
}

fn global() -> ModelProto {
    unary("QLinearGlobalAveragePool", vec![], &[1, 8, 1, 1])
}

fn concat() -> ModelProto {
    let mut graph = Graph::default();
    let x = graph.input("x", DataType::Uint8, &INPUT);
    let part = graph.constant("part", x.of, &[1, 2, 6, 6], vec![5; 72]);
    let mut inputs = graph.affine("y", x.of, CODES).to_vec();
    for name in [x.name.clone(), part] {
        inputs.push(name);
        inputs.extend(graph.affine("x", x.of, CODES));
    }
    let y = graph.node(
        "QLinearConcat",
        inputs,
        vec![int("axis", 1)],
        x.of,
        &[1, 10, 6, 6],
    );
    graph.finish(&y)
}

fn mul(shape: &[i64]) -> ModelProto {
    let mut graph = Graph::default();
    let a = graph.input("a", DataType::Uint8, &INPUT);
    let bytes = vec![3; shape.iter().product::<i64>() as usize];
    let b = graph.constant("b", a.of, shape, bytes);
    let mut inputs = vec![a.name.clone()];
    inputs.extend(graph.affine("a", a.of, CODES));
    inputs.push(b);
    inputs.extend(graph.affine("b", a.of, CODES));
    inputs.extend(graph.affine("c", a.of, CODES));
    let y = graph.node("QLinearMul", inputs, vec![], a.of, &INPUT);
    graph.finish(&y)
}

/// `[2, 144]` times `[144, 3]`.
fn gemm() -> ModelProto {
    let mut graph = Graph::default();
    let a = graph.input("a", DataType::Uint8, &[2, 144]);
    let mut inputs = vec![a.name.clone()];
    inputs.extend(graph.affine("a", a.of, CODES));
    inputs.push(graph.constant("b", DataType::Int8, &[144, 3], vec![1; 432]));
    inputs.push(graph.floats("b_scale", &[3], &[0.01; 3]));
    inputs.push(graph.constant("b_zero", DataType::Int8, &[3], vec![0; 3]));
    inputs.push(graph.constant("c", DataType::Int32, &[3], vec![0; 12]));
    inputs.extend(graph.affine("y", a.of, CODES));
    let y = graph.node("QGemm", inputs, vec![], a.of, &[2, 3]);
    graph.finish(&y)
}

fn node(model: &mut ModelProto) -> &mut NodeProto {
    &mut model.graph.as_mut().unwrap().node[0]
}

fn initializer<'a>(model: &'a mut ModelProto, prefix: &str) -> &'a mut TensorProto {
    let mut initializers = model.graph.as_mut().unwrap().initializer.iter_mut();
    initializers.find(|t| t.name.starts_with(prefix)).unwrap()
}

/// The problem after one change, after a look at the message.
fn refused(mut model: ModelProto, change: impl FnOnce(&mut ModelProto)) -> Problem {
    change(&mut model);
    let error = run(&model, &[0; 288]).expect_err("the model has to be refused");
    let Some(found) = Int8Error::find(&error) else {
        panic!("not an Int8Error: {error:?}")
    };
    let name = &node(&mut model).name;
    let message = found.to_string();
    assert!(message.contains(&format!("\"{name}\"")), "{message}");
    found.problem.clone()
}

/// Puts an attribute in the place of the one of its name.
fn set(model: &mut ModelProto, attribute: AttributeProto) {
    let attributes = &mut node(model).attribute;
    attributes.retain(|a| a.name != attribute.name);
    attributes.push(attribute);
}

fn all() -> Vec<ModelProto> {
    vec![
        unary("QLinearLeakyRelu", vec![float("alpha", 0.1)], &INPUT),
        unary("QLinearSigmoid", vec![], &INPUT),
        pool("QLinearAveragePool"),
        pool("MaxPool"),
        global(),
        concat(),
        mul(&[8, 1, 1]),
        gemm(),
    ]
}

#[test]
fn the_unchanged_models_run() {
    for mut model in all() {
        let result = run(&model, &[0; 288]);
        assert!(result.is_ok(), "{}: {result:?}", node(&mut model).op_type);
    }
}

#[test]
fn attributes_are_checked() {
    let attribute = |model: ModelProto, a: AttributeProto| {
        let name = a.name.clone();
        let problem = refused(model, |m| set(m, a));
        let Problem::Attribute { attribute, .. } = problem else {
            panic!("{name}: {problem}")
        };
        assert_eq!(attribute, name);
    };
    for op in ["QLinearAveragePool", "MaxPool"] {
        attribute(pool(op), ints("kernel_shape", &[3]));
        attribute(pool(op), ints("kernel_shape", &[0, 3]));
        attribute(pool(op), ints("strides", &[1, -1]));
        attribute(pool(op), ints("pads", &[1; 3]));
        attribute(pool(op), int("ceil_mode", 2));
        attribute(pool(op), string("auto_pad", "SAME"));
    }
    attribute(pool("QLinearAveragePool"), int("channels_last", 2));
    attribute(pool("QLinearAveragePool"), float("count_include_pad", 1.0));
    attribute(pool("MaxPool"), ints("dilations", &[1]));
    attribute(global(), int("channels_last", -1));
    attribute(concat(), int("axis", 2));
    attribute(concat(), int("axis", -1));
    attribute(gemm(), int("transA", 1));
    attribute(gemm(), int("alpha", 1));
    let alpha = int("alpha", 1);
    attribute(unary("QLinearLeakyRelu", vec![], &INPUT), alpha);

    for (model, missing) in [
        (pool("QLinearAveragePool"), "kernel_shape"),
        (pool("MaxPool"), "kernel_shape"),
        (concat(), "axis"),
    ] {
        let problem = refused(model, |m| node(m).attribute.clear());
        let Problem::Attribute { attribute, .. } = problem else {
            panic!("{problem}")
        };
        assert_eq!(attribute, missing);
    }
    for model in all() {
        let problem = refused(model, |m| set(m, int("new", 1)));
        assert!(
            matches!(problem, Problem::UnknownAttribute { .. }),
            "{problem}"
        );
    }
}

#[test]
fn domains_and_counts_are_checked() {
    for mut model in all() {
        let op = node(&mut model).op_type.clone();
        let domain = refused(model.clone(), |m| node(m).domain = "com.example".into());
        assert!(matches!(domain, Problem::Domain { .. }), "{op}: {domain}");
        let outputs = refused(model.clone(), |m| node(m).output.push("indices".into()));
        assert_eq!(outputs, Problem::OutputCount { found: 2 }, "{op}");
        let empty = refused(model, |m| {
            let scale = if op == "QLinearConcat" { 3 } else { 1 };
            match node(m).input.get_mut(scale) {
                Some(input) => input.clear(),
                None => node(m).input.push("x".into()),
            }
        });
        assert!(
            matches!(
                empty,
                Problem::InputMissing { .. } | Problem::InputCount { .. }
            ),
            "{op}: {empty}"
        );
    }
    let cut = refused(concat(), |m| node(m).input.truncate(7));
    assert!(matches!(cut, Problem::InputCount { found: 7, .. }), "{cut}");
    let floats = refused(gemm(), |m| node(m).input.truncate(7));
    assert!(
        matches!(floats, Problem::InputCount { found: 7, .. }),
        "{floats}"
    );
    let computed = refused(gemm(), |m| node(m).input[3] = "a".into());
    assert_eq!(computed, Problem::NotConstant { input: "B" });
}

#[test]
fn element_types_are_checked() {
    for (model, zero, expected) in [
        (pool("QLinearAveragePool"), "y_zero", "y_zero_point"),
        (global(), "x_zero", "x_zero_point"),
        (mul(&[1]), "b_zero", "B_zero_point"),
        (concat(), "x_zero", "x_zero_point"),
        (gemm(), "b_zero", "b_zero_point"),
        (
            unary("QLinearSigmoid", vec![], &INPUT),
            "y_zero",
            "Y_zero_point",
        ),
    ] {
        let problem = refused(model, |m| {
            let tensor = initializer(m, zero);
            let signed = tensor.data_type == DataType::Int8 as i32;
            let other = if signed {
                DataType::Uint8
            } else {
                DataType::Int8
            };
            tensor.data_type = other as i32;
        });
        let Problem::ElementType { input, .. } = problem else {
            panic!("{expected}: {problem}")
        };
        assert_eq!(input, expected);
    }
}

#[test]
fn shapes_are_checked() {
    for shape in [
        &[4i64, 1, 1][..],
        &[8, 6, 1],
        &[6],
        &[2, 8, 6, 6],
        &[8, 1, 6],
    ] {
        let problem = refused(mul(shape), |_| ());
        assert!(
            matches!(problem, Problem::Shape { input: "B", .. }),
            "{problem}"
        );
    }
    let reshape = |model: ModelProto, prefix: &str, dims: &[i64]| {
        refused(model, |m| {
            let tensor = initializer(m, prefix);
            let old: i64 = tensor.dims.iter().product();
            let width = tensor.raw_data.len() / old as usize;
            tensor.dims = dims.into();
            let new = dims.iter().product::<i64>() as usize * width;
            tensor.raw_data = tensor.raw_data.iter().copied().cycle().take(new).collect();
        })
    };
    for (model, prefix, dims, expected) in [
        (concat(), "part", &[1i64, 2, 6, 5][..], "x"),
        (concat(), "part", &[2, 2, 6, 6], "x"),
        (concat(), "part", &[1, 72], "x"),
        (gemm(), "b_", &[143, 3], "A"),
        (gemm(), "b_", &[144, 3, 1], "B"),
        (gemm(), "c", &[2, 1], "C"),
        (gemm(), "c", &[2], "C"),
        (gemm(), "b_scale", &[2], "b_scale"),
        (gemm(), "y_scale", &[3], "y_scale"),
        (global(), "x_scale", &[8], "x_scale"),
    ] {
        let problem = reshape(model, prefix, dims);
        let Problem::Shape { input, .. } = problem else {
            panic!("{prefix} {dims:?}: {problem}")
        };
        assert_eq!(input, expected, "{prefix} {dims:?}");
    }
    let flat = |op: &str, attributes| {
        let mut graph = Graph::default();
        let x = graph.input("x", DataType::Uint8, &[1, 8, 36]);
        let mut inputs = vec![x.name.clone()];
        if op != "MaxPool" {
            inputs.extend(graph.affine("x", x.of, CODES));
            inputs.extend(graph.affine("y", x.of, CODES));
        }
        let y = graph.node(op, inputs, attributes, x.of, &[1, 8, 36]);
        refused(graph.finish(&y), |_| ())
    };
    for problem in [
        flat("QLinearGlobalAveragePool", vec![]),
        flat("MaxPool", vec![ints("kernel_shape", &[1, 1])]),
        flat("QLinearAveragePool", vec![ints("kernel_shape", &[1, 1])]),
    ] {
        assert!(matches!(problem, Problem::Shape { .. }), "{problem}");
    }
}

#[test]
fn scales_and_weights_are_checked() {
    for (model, prefix, expected) in [
        (mul(&[1]), "b_scale", "B_scale"),
        (concat(), "y_scale", "Y_scale"),
        (gemm(), "a_scale", "a_scale"),
        (pool("QLinearAveragePool"), "x_scale", "x_scale"),
    ] {
        for bad in [0.0f32, -1.0, f32::NAN, f32::INFINITY] {
            let problem = refused(model.clone(), |m| {
                initializer(m, prefix).raw_data = bad.to_le_bytes().to_vec();
            });
            assert!(
                matches!(problem, Problem::Scale { input, .. } if input == expected),
                "{problem}"
            );
        }
    }
    for model in [mul(&[1]), pool("QLinearAveragePool"), global(), gemm()] {
        let problem = refused(model, |m| {
            let graph = m.graph.as_mut().unwrap();
            for tensor in &mut graph.initializer {
                let name = tensor.name.as_str();
                if name.starts_with("a_scale") || name.starts_with("x_scale") {
                    tensor.raw_data = f32::MAX.to_le_bytes().to_vec();
                }
                if name.starts_with("c_scale") || name.starts_with("y_scale") {
                    tensor.raw_data = f32::MIN_POSITIVE.to_le_bytes().to_vec();
                }
            }
        });
        assert!(
            matches!(
                problem,
                Problem::Engine(EngineError::Multiplier { .. } | EngineError::Mismatch { .. })
            ),
            "{problem}"
        );
    }
    let zero = refused(gemm(), |m| initializer(m, "b_zero").raw_data[2] = 9);
    assert_eq!(
        zero,
        Problem::WeightZeroPoint {
            input: "b_zero_point",
            channel: 2,
            expected: 0,
            found: 9
        }
    );
}

/// Where onnxruntime refuses too, or leaves out pixels at both ends.
#[test]
fn windows_are_checked() {
    for op in ["QLinearAveragePool", "MaxPool"] {
        let engine = |a: AttributeProto, more: Option<AttributeProto>| {
            let problem = refused(pool(op), |m| {
                set(m, a);
                more.into_iter().for_each(|a| set(m, a));
            });
            let Problem::Engine(why) = problem else {
                panic!("{problem}")
            };
            why
        };
        let window = engine(ints("kernel_shape", &[7, 3]), None);
        assert!(
            matches!(window, EngineError::WindowTooLarge { .. }),
            "{window}"
        );
        for (a, more) in [
            (ints("pads", &[0, 0, 3, 0]), None),
            (
                string("auto_pad", "SAME_LOWER"),
                Some(ints("strides", &[6, 1])),
            ),
        ] {
            let why = engine(a, more);
            assert!(matches!(why, EngineError::Mismatch { .. }), "{why}");
        }
    }
    let dilated = refused(pool("MaxPool"), |m| {
        set(m, string("auto_pad", "SAME_UPPER"));
        set(m, ints("dilations", &[2, 2]));
    });
    assert!(
        matches!(dilated, Problem::Engine(EngineError::Mismatch { .. })),
        "{dilated}"
    );
}

/// Bytes of valid files, changed at random: an error or a result, never a panic.
#[test]
fn mutated_nodes_never_panic() {
    use prost::Message;
    let mut rng = Rng::new(5);
    let mut ran = 0;
    let models = all();
    for round in 0..3000 {
        let mut model = models[round % models.len()].clone();
        let mut bytes = node(&mut model).encode_to_vec();
        let at = rng.range(0, bytes.len() as i64) as usize;
        bytes[at] = rng.bits() as u8;
        let Ok(changed) = NodeProto::decode(&*bytes) else {
            continue;
        };
        let same = |a: &NodeProto, b: &NodeProto| a.op_type == b.op_type && a.output == b.output;
        if !same(&changed, node(&mut model)) {
            continue;
        }
        *node(&mut model) = changed;
        ran += run(&model, &[0; 288]).is_ok() as usize;
    }
    assert!(ran > 100, "only {ran} of the changed models still ran");
}
