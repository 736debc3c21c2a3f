//! What is not supported is refused with an error that names the node; nothing panics.

mod support;

use normgate_int8::engine::EngineError;
use normgate_int8::tract::pb::tensor_proto::DataType;
use normgate_int8::tract::pb::{ModelProto, NodeProto, TensorProto};
use normgate_int8::{Int8Error, Problem};
use support::graph::{Affine, Graph, Value, int, ints, string};
use support::models::{self, Conv};
use support::{Rng, run};

const INPUT: [i64; 4] = [1, 8, 6, 6];

/// A 3x3 convolution from 8 to 12 channels.
fn conv() -> ModelProto {
    let mut graph = Graph::default();
    let x = graph.input("x", DataType::Uint8, &INPUT);
    let from = Affine {
        scale: 0.02,
        zero_point: 128,
    };
    let (y, _) = models::conv(
        &mut graph,
        &mut Rng::new(7),
        &x,
        from,
        &Conv::square(12, 3, 1),
    );
    graph.finish(&y)
}

fn add(b_shape: &[i64]) -> ModelProto {
    let mut graph = Graph::default();
    let affine = Affine {
        scale: 0.02,
        zero_point: 128,
    };
    let a = graph.input("a", DataType::Uint8, &INPUT);
    let bytes = vec![0; b_shape.iter().product::<i64>() as usize];
    let name = graph.constant("b", DataType::Uint8, b_shape, bytes);
    let b = Value {
        name,
        of: DataType::Uint8,
        shape: b_shape.to_vec(),
    };
    let (y, _) = models::add(&mut graph, &mut Rng::new(7), (&a, affine), (&b, affine));
    graph.finish(&y)
}

fn node(model: &mut ModelProto) -> &mut NodeProto {
    &mut model.graph.as_mut().unwrap().node[0]
}

fn initializer<'a>(model: &'a mut ModelProto, prefix: &str) -> &'a mut TensorProto {
    let mut initializers = model.graph.as_mut().unwrap().initializer.iter_mut();
    initializers.find(|t| t.name.starts_with(prefix)).unwrap()
}

/// The problem that tract's error carries, after a look at the message.
fn problem(model: &ModelProto) -> Problem {
    let error = run(model, &vec![0; INPUT.iter().product::<i64>() as usize])
        .expect_err("the model has to be refused");
    let Some(found) = Int8Error::find(&error) else {
        panic!("not an Int8Error: {error:?}")
    };
    let name = &model.graph.as_ref().unwrap().node[0].name;
    assert!(
        found.to_string().contains(&format!("\"{name}\"")),
        "{found}"
    );
    found.problem.clone()
}

/// The problem after one change to the convolution.
fn refused(change: impl FnOnce(&mut ModelProto)) -> Problem {
    let mut model = conv();
    change(&mut model);
    problem(&model)
}

#[test]
fn the_unchanged_models_run() {
    assert_eq!(run(&conv(), &[0; 288]).unwrap().len(), 12 * 36);
    assert_eq!(run(&add(&INPUT), &[0; 288]).unwrap().len(), 288);
}

#[test]
fn attributes_are_checked() {
    let attribute = |name: &'static str, a| {
        let problem = refused(|m| {
            node(m).attribute.retain(|a| a.name != name);
            node(m).attribute.push(a);
        });
        let Problem::Attribute { attribute, .. } = problem else {
            panic!("{problem}")
        };
        assert_eq!(attribute, name);
    };
    attribute("strides", ints("strides", &[0, 1]));
    attribute("strides", ints("strides", &[1]));
    attribute("strides", ints("strides", &[1, i64::MAX]));
    attribute("strides", int("strides", 1));
    attribute("dilations", ints("dilations", &[-1, 1]));
    attribute("pads", ints("pads", &[1, 1, 1, -1]));
    attribute("kernel_shape", ints("kernel_shape", &[5, 3]));
    attribute("group", int("group", 0));
    let auto_pad = refused(|m| {
        node(m).attribute.retain(|a| a.name != "pads");
        node(m).attribute.push(string("auto_pad", "SAME"));
    });
    assert!(
        matches!(
            auto_pad,
            Problem::Attribute {
                attribute: "auto_pad",
                ..
            }
        ),
        "{auto_pad}"
    );
    attribute("pads", ints("pads", &[1; 5]));
    let unknown = refused(|m| node(m).attribute.push(int("channels_last", 1)));
    assert_eq!(
        unknown,
        Problem::UnknownAttribute {
            attribute: "channels_last".into()
        }
    );
}

#[test]
fn pads_beside_auto_pad_are_refused() {
    let problem = refused(|m| node(m).attribute.push(string("auto_pad", "SAME_UPPER")));
    assert!(
        matches!(
            problem,
            Problem::Attribute {
                attribute: "pads",
                ..
            }
        ),
        "{problem}"
    );
}

#[test]
fn inputs_are_checked() {
    let cut = refused(|m| node(m).input.truncate(7));
    assert_eq!(
        cut,
        Problem::InputCount {
            expected: "8 or 9",
            found: 7
        }
    );
    let empty = refused(|m| node(m).input[2].clear());
    assert_eq!(
        empty,
        Problem::InputMissing {
            input: "x_zero_point"
        }
    );
    let outputs = refused(|m| node(m).output.push("more".into()));
    assert_eq!(outputs, Problem::OutputCount { found: 2 });
    let computed = refused(|m| node(m).input[3] = "x".into());
    assert_eq!(computed, Problem::NotConstant { input: "w" });
}

#[test]
fn domains_are_checked() {
    let conv = refused(|m| node(m).domain = "com.microsoft".into());
    assert!(matches!(conv, Problem::Domain { expected: "", .. }));
    let mut add = add(&INPUT);
    node(&mut add).domain.clear();
    assert!(matches!(
        problem(&add),
        Problem::Domain {
            expected: "com.microsoft",
            ..
        }
    ));
}

#[test]
fn element_types_are_checked() {
    let retype = |prefix: &str, of: DataType| {
        refused(|m| {
            let tensor = initializer(m, prefix);
            let len: i64 = tensor.dims.iter().product();
            tensor.data_type = of as i32;
            tensor.raw_data = vec![0; len as usize * if of == DataType::Int64 { 8 } else { 1 }];
        })
    };
    for (prefix, of, expected) in [
        ("x_zero", DataType::Int8, "x"),
        ("w_zero", DataType::Uint8, "w_zero_point"),
        ("bias", DataType::Int64, "B"),
        ("w_2", DataType::Int64, "w"),
        ("y_zero", DataType::Int64, "y_zero_point"),
    ] {
        let problem = retype(prefix, of);
        let Problem::ElementType { input, .. } = problem else {
            panic!("{prefix}: {problem}")
        };
        assert_eq!(input, expected);
    }
}

#[test]
fn shapes_are_checked() {
    let reshape = |prefix: &str, dims: &[i64]| {
        refused(|m| {
            let tensor = initializer(m, prefix);
            let old: i64 = tensor.dims.iter().product();
            let width = tensor.raw_data.len() / old as usize;
            tensor.dims = dims.into();
            let new = dims.iter().product::<i64>() as usize * width;
            tensor.raw_data = tensor.raw_data.iter().copied().cycle().take(new).collect();
        })
    };
    for (prefix, dims, expected) in [
        ("w_2", &[12i64, 7, 3, 3][..], "w"),
        ("w_2", &[12, 8, 3], "w"),
        ("w_2", &[0, 8, 3, 3], "w"),
        ("w_scale", &[5], "w_scale"),
        ("w_zero", &[5], "w_zero_point"),
        ("bias", &[11], "B"),
        ("x_zero", &[2], "x_zero_point"),
        ("x_scale", &[0], "x_scale"),
        ("y_scale", &[3], "y_scale"),
    ] {
        let problem = reshape(prefix, dims);
        let Problem::Shape { input, .. } = problem else {
            panic!("{prefix} {dims:?}: {problem}")
        };
        assert_eq!(input, expected, "{prefix} {dims:?}");
    }
}

#[test]
fn scales_and_weight_zero_points_are_checked() {
    for bad in [0.0f32, -1.0, f32::NAN, f32::INFINITY] {
        let problem = refused(|m| initializer(m, "x_scale").raw_data = bad.to_le_bytes().to_vec());
        assert!(
            matches!(
                problem,
                Problem::Scale {
                    input: "x_scale",
                    ..
                }
            ),
            "{problem}"
        );
    }
    let tiny = refused(|m| {
        initializer(m, "x_scale").raw_data = f32::MAX.to_le_bytes().to_vec();
        initializer(m, "y_scale").raw_data = f32::MIN_POSITIVE.to_le_bytes().to_vec();
    });
    assert!(
        matches!(tiny, Problem::Engine(EngineError::Multiplier { .. })),
        "{tiny}"
    );
    let zero = refused(|m| initializer(m, "w_zero").raw_data[5] = 3);
    assert_eq!(
        zero,
        Problem::WeightZeroPoint {
            input: "w_zero_point",
            channel: 5,
            expected: 0,
            found: 3
        }
    );
}

#[test]
fn windows_and_sizes_are_checked() {
    let attribute = |a: normgate_int8::tract::pb::AttributeProto| {
        refused(|m| {
            node(m).attribute.retain(|old| old.name != a.name);
            node(m).attribute.push(a);
        })
    };
    let dilated = attribute(ints("dilations", &[9, 1]));
    assert_eq!(
        dilated,
        Problem::Engine(EngineError::WindowTooLarge {
            axis: "height",
            window: 19,
            padded: 8
        })
    );
    let padded = attribute(ints("pads", &[1 << 20; 4]));
    assert!(
        matches!(
            padded,
            Problem::Engine(EngineError::TooLarge {
                what: "padded input",
                ..
            })
        ),
        "{padded}"
    );
}

#[test]
fn operands_that_do_not_fit_are_refused() {
    for shape in [
        &[1i64, 8, 6, 5][..],
        &[1, 4, 1, 1],
        &[1, 8, 6, 1],
        &[6],
        &[2, 8, 6, 6],
    ] {
        let problem = problem(&add(shape));
        assert!(
            matches!(problem, Problem::Shape { input: "B", .. }),
            "{shape:?}: {problem}"
        );
    }
}

/// Bytes of valid files, changed at random: an error or a result, never a panic.
#[test]
fn mutated_nodes_never_panic() {
    use prost::Message;
    let mut rng = Rng::new(3);
    let mut ran = 0;
    for round in 0..2000 {
        let model = if round % 4 == 0 { add(&INPUT) } else { conv() };
        // Only the operator's node and constants: what tract itself reads is not held here.
        let mut bytes = node(&mut model.clone()).encode_to_vec();
        let at = rng.range(0, bytes.len() as i64) as usize;
        bytes[at] = rng.bits() as u8;
        let Ok(changed) = NodeProto::decode(&*bytes) else {
            continue;
        };
        let mut model = model;
        if changed.op_type != node(&mut model).op_type || changed.output != node(&mut model).output
        {
            continue;
        }
        *node(&mut model) = changed;
        ran += run(&model, &[0; 288]).is_ok() as usize;
    }
    assert!(ran > 40, "only {ran} of the changed models still ran");
}
