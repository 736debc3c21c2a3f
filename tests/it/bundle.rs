//! The loader: what it takes, what it refuses and how it says so.

use normgate::bundle::{Bundle, BundleError, Description, METADATA_KEY};
use normgate::model::Model;
use normgate_core::Score;
use normgate_int8::tract::pb::{ModelProto, tensor_shape_proto::dimension, type_proto};
use proptest::prelude::*;
use prost::Message;
use serde_json::{Value, json};

use crate::support::{MODELS, bundle, model_path};

fn proto() -> ModelProto {
    bundle(MODELS[0]).model().clone()
}

fn description() -> Value {
    serde_json::to_value(bundle(MODELS[0]).description()).unwrap()
}

/// The message for a file whose graph `change` broke; its hash is right again, so the graph's own checks speak.
fn graph_refused(change: impl FnOnce(&mut ModelProto)) -> String {
    let mut model = proto();
    change(&mut model);
    let description: Description = serde_json::from_value(description()).unwrap();
    Bundle::new(model, description).unwrap_err().to_string()
}

/// The message for a file whose description `change` broke.
fn description_refused(change: impl FnOnce(&mut Value)) -> String {
    let mut model = proto();
    let mut json = description();
    change(&mut json);
    model.metadata_props[0].value = json.to_string();
    Bundle::from_bytes(&model.encode_to_vec())
        .unwrap_err()
        .to_string()
}

fn assert_says(message: &str, parts: &[&str]) {
    assert_eq!(message.lines().count(), 1, "{message}");
    for part in parts {
        assert!(message.contains(part), "{message:?} without {part:?}");
    }
}

#[test]
fn shipped_files_read_and_write_back_the_same() {
    for name in MODELS {
        let bytes = std::fs::read(model_path(name)).unwrap();
        let read = Bundle::from_bytes(&bytes).unwrap();
        let again = Bundle::new(read.model().clone(), read.description().clone()).unwrap();
        assert_eq!(again.model(), read.model());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.onnx");
        again.write(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn another_schema_version_is_named_before_anything_else() {
    let message = description_refused(|d| *d = json!({ "schema": 7, "whatever": true }));
    assert_says(&message, &["schema version 7", "expected 2"]);
}

#[test]
fn every_field_must_be_there_and_no_other() {
    let Value::Object(fields) = description() else {
        panic!("a description is an object")
    };
    for key in fields.keys() {
        let message = description_refused(|d| {
            d.as_object_mut().unwrap().remove(key);
        });
        assert_says(&message, &["missing field", key]);
    }
    for key in ["f32", "int8", "test"] {
        let message = description_refused(|d| {
            d["accuracy"].as_object_mut().unwrap().remove(key);
        });
        assert_says(&message, &["missing field", key]);
    }
    let message = description_refused(|d| d["extra"] = json!(1));
    assert_says(&message, &["unknown field", "extra"]);
    let message =
        description_refused(|d| d["loss"] = json!({ "kind": "cross_entropy", "tau": 0.04 }));
    assert_says(&message, &["unknown field", "tau"]);
}

#[test]
fn energy_as_a_part_of_combined_has_the_files_temperature() {
    let mut d = description();
    d["gate"]["energy_temperature"] = json!(0.75);
    d["references"]["combined"]["magnitude"]["score"] = json!("energy");
    let d: Description = serde_json::from_value(d).unwrap();
    let combined = d.gate().unwrap().unwrap().references.combined.unwrap();
    let energy = Score::Energy { temperature: 0.75 };
    assert_eq!(combined.magnitude().score, energy);
    assert_eq!(combined.direction().score, Score::Cosine);
}

#[test]
fn the_loss_that_is_told_is_the_recipes() {
    let told = |loss: Value, recipe: Value| {
        let mut d = description();
        d["loss"] = loss;
        d["recipe"] = recipe;
        let d: Description = serde_json::from_value(d).unwrap();
        d.trained_with()
    };
    let recipe = |loss: Value| json!({ "training": { "loss": loss } });
    let plain = || json!({ "kind": "cross_entropy" });
    let t2f = json!({ "kind": "t2f_norm", "tau": 0.1 });
    assert_eq!(told(plain(), recipe(t2f)), "T2FNorm, tau 0.1");
    let extended = json!({ "kind": "elogit_norm" });
    assert_eq!(told(plain(), recipe(extended)), "Extended LogitNorm");
    assert_eq!(told(plain(), recipe(plain())), "cross entropy");
    let logit_norm = || json!({ "kind": "logit_norm", "tau": 0.04 });
    assert_eq!(
        told(logit_norm(), recipe(logit_norm())),
        "LogitNorm, tau 0.04"
    );
    // A recipe is free JSON: what names no loss leaves the description's.
    for recipe in [json!(null), json!({ "epochs": 1 }), recipe(json!("odd"))] {
        assert_eq!(told(logit_norm(), recipe.clone()), "LogitNorm, tau 0.04");
        assert_eq!(told(plain(), recipe), "cross entropy");
    }
}

type Change = fn(&mut Value);

/// A description before any threshold was fitted.
fn without_gate(d: &mut Value) {
    d["gate"] = Value::Null;
    d["references"] = Value::Null;
    d["calibration_scores"] = json!({});
}

#[test]
fn values_that_disagree_are_named_with_what_was_expected() {
    let cases: [(Change, &[&str]); 27] = [
        (|d| d["version"] = json!(0), &["version is 0"]),
        (
            |d| d["labels"][3] = json!("dog"),
            &["labels[5]", "no other class"],
        ),
        (
            |d| d["labels"][3] = json!("c\u{1b}[2J"),
            &["labels[3]", "printable"],
        ),
        (|d| d["name"] = json!("a\nb"), &["name", "printable"]),
        (
            |d| {
                without_gate(d);
                d["labels"].as_array_mut().unwrap().truncate(9);
            },
            &["logits", "[1, 9]"],
        ),
        (
            |d| {
                without_gate(d);
                d["features"] = json!(63);
            },
            &["features", "[1, 63]"],
        ),
        (
            |d| d["labels"].as_array_mut().unwrap().truncate(9),
            &["references.means", "of 10 classes", "of 9"],
        ),
        (
            |d| d["features"] = json!(63),
            &["references.means", "whole rows of 63"],
        ),
        (
            |d| d["references"] = json!(null),
            &["references", "combined", "no reference features"],
        ),
        (
            |d| d["references"]["bank"]["k"] = json!(0),
            &["references.bank", "neighbour 0"],
        ),
        (
            |d| d["references"]["bank"]["scale"] = json!(-1.0),
            &["references.bank", "scale -1"],
        ),
        (
            |d| d["references"]["bank"]["rows"]["base64"] = json!("AAAA"),
            &["codes whose SHA-256 is", "expected"],
        ),
        (
            |d| d["references"]["combined"]["rule"] = json!("sum"),
            &["references.combined.rule", "sum", "fisher or min"],
        ),
        (
            |d| d["references"]["combined"]["direction"]["score"] = json!("combined"),
            &["references.combined", "part of itself"],
        ),
        (
            |d| d["references"]["combined"]["magnitude"]["scores"]["values"][0] = json!(1e9),
            &["references.combined.magnitude.scores", "ascending"],
        ),
        (
            |d| d["calibration_scores"]["combined"]["ranks"] = json!("odd"),
            &["calibration_scores.combined.ranks", "nearest or conformal"],
        ),
        (
            |d| d["input"]["width"] = json!(31),
            &["pixels", "[1, 32, 31, 3]"],
        ),
        (|d| d["input"]["width"] = json!(0), &["input", "0 x 32"]),
        (
            |d| d["input"]["fit"] = json!("zoom"),
            &["input.fit", "zoom", "center_crop"],
        ),
        (|d| d["loss"]["tau"] = json!(0.0), &["loss.tau"]),
        (
            |d| d["precision"] = json!("f32"),
            &["QLinearConv", "precision"],
        ),
        (
            |d| d["gate"]["score"] = json!("vibes"),
            &["gate.score", "vibes", "max_logit"],
        ),
        (
            |d| d["gate"]["threshold"] = json!(1e9),
            &["gate.threshold", "about rank"],
        ),
        (|d| d["gate"]["rank"] = json!(4500), &["gate.rank", "4500"]),
        (
            |d| d["gate"]["reject_rate"] = json!(1.5),
            &["gate.reject_rate"],
        ),
        (
            |d| d["fit"]["sha256"] = json!("zz"),
            &["fit.sha256", "64 hexadecimal"],
        ),
        (
            |d| d["accuracy"]["int8"] = json!(1.2),
            &["accuracy.int8", "[0, 1]"],
        ),
    ];
    for (change, parts) in cases {
        assert_says(&description_refused(change), parts);
    }
}

#[test]
fn a_graph_changed_after_export_is_found_by_its_hash() {
    let mut model = proto();
    let weights = &mut model.graph.as_mut().unwrap().initializer;
    let weight = weights
        .iter_mut()
        .find(|t| t.name == "stem.conv.weight")
        .unwrap();
    weight.raw_data[5] ^= 1;
    let error = Bundle::from_bytes(&model.encode_to_vec()).unwrap_err();
    assert!(matches!(error, BundleError::Hash { .. }), "{error}");
}

#[test]
fn a_plain_onnx_file_and_no_onnx_file_are_told_apart() {
    let mut model = proto();
    model.metadata_props.retain(|p| p.key != METADATA_KEY);
    let error = Bundle::from_bytes(&model.encode_to_vec())
        .unwrap_err()
        .to_string();
    assert_says(&error, &["normgate-train"]);
    let error = Bundle::from_bytes(b"\x89PNG\r\n\x1a\n not a model").unwrap_err();
    assert_says(&error.to_string(), &["not an ONNX file"]);
    assert!(matches!(
        Bundle::from_bytes(&ModelProto::default().encode_to_vec()),
        Err(BundleError::NoDescription)
    ));
}

type GraphChange = fn(&mut ModelProto);

#[test]
fn graphs_that_this_runtime_does_not_run_are_refused_by_node() {
    let cases: [(GraphChange, &[&str]); 16] = [
        (
            |m| node(m, 1).op_type = "ConvInteger".into(),
            &["stem.conv", "ConvInteger", "not one that this runtime runs"],
        ),
        (
            |m| node(m, 1).domain = "org.example".into(),
            &["stem.conv", "org.example"],
        ),
        (
            |m| node(m, 1).input[0] = "nowhere".into(),
            &["stem.conv", "nowhere", "no earlier node"],
        ),
        (
            |m| drop(node(m, 1).input.pop()),
            &["stem.conv", "8 inputs, expected 9"],
        ),
        (
            |m| node(m, 2).output[0] = "stem.conv".into(),
            &["there already"],
        ),
        (
            |m| node(m, 1).attribute[0].ints = vec![5, 5],
            &["stem.conv", "kernel [5, 5]"],
        ),
        (
            |m| node(m, 1).attribute[1].ints = vec![0, 1],
            &["stem.conv", "strides"],
        ),
        (
            |m| node(m, 1).attribute[2].ints = vec![1 << 40; 4],
            &["stem.conv", "pads"],
        ),
        (|m| node(m, 1).attribute[3].i = 0, &["stem.conv", "group 0"]),
        (
            |m| node(m, 1).attribute[3].name = "body".into(),
            &["stem.conv", "body", "not known"],
        ),
        (|m| m.opset_import[0].version = 99, &["operator set", "99"]),
        (
            |m| m.graph.as_mut().unwrap().output.truncate(1),
            &["1 outputs"],
        ),
        (
            |m| tensor(m, "stem.conv.scale").raw_data = f32::NAN.to_le_bytes().to_vec(),
            &["stem.conv.scale", "finite"],
        ),
        (
            |m| tensor(m, "stem.conv.scale").raw_data = 0f32.to_le_bytes().to_vec(),
            &["stem.conv", "scale is 0"],
        ),
        (
            |m| tensor(m, "stem.conv.weight").dims[0] = 1 << 40,
            &["stem.conv.weight", "at most"],
        ),
        (
            |m| tensor(m, "stem.conv.weight").dims[0] = -1,
            &["stem.conv.weight", "dimension -1"],
        ),
    ];
    for (change, parts) in cases {
        assert_says(&graph_refused(change), parts);
    }
    let message = graph_refused(|m| tensor(m, "head.bias").raw_data.truncate(39));
    assert_says(&message, &["head.bias", "39 bytes", "expected 40"]);
    let message = graph_refused(|m| {
        let Some(type_proto::Value::TensorType(t)) = m.graph.as_mut().unwrap().input[0]
            .r#type
            .as_mut()
            .unwrap()
            .value
            .as_mut()
        else {
            panic!("the input is a tensor")
        };
        t.shape.as_mut().unwrap().dim[1].value = Some(dimension::Value::DimParam("height".into()));
    });
    assert_says(&message, &["pixels", "not a fixed number"]);
}

fn node(model: &mut ModelProto, place: usize) -> &mut normgate_int8::tract::pb::NodeProto {
    &mut model.graph.as_mut().unwrap().node[place]
}

fn tensor<'m>(
    model: &'m mut ModelProto,
    name: &str,
) -> &'m mut normgate_int8::tract::pb::TensorProto {
    let tensors = &mut model.graph.as_mut().unwrap().initializer;
    tensors.iter_mut().find(|t| t.name == name).unwrap()
}

#[test]
fn a_file_that_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Model::load(&folder.path().join("absent.onnx")).unwrap_err();
    assert_says(&normgate::error::one_line(&error), &["absent.onnx"]);
    let error = Model::load(folder.path()).unwrap_err();
    assert_says(&normgate::error::one_line(&error), &["not a regular file"]);
    let path = folder.path().join("cut.onnx");
    std::fs::write(
        &path,
        &std::fs::read(model_path(MODELS[0])).unwrap()[..5000],
    )
    .unwrap();
    let error = Model::load(&path).unwrap_err();
    assert_says(
        &normgate::error::one_line(&error),
        &["cut.onnx", "truncated"],
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// No cut file loads, and none panics.
    #[test]
    fn a_truncated_file_is_refused(share in 0.0f64..1.0) {
        let bytes = std::fs::read(model_path(MODELS[0])).unwrap();
        let kept = (bytes.len() as f64 * share) as usize;
        prop_assert!(Bundle::from_bytes(&bytes[..kept]).is_err());
    }

    /// Flipped bytes are refused, or leave the graph as it was.
    #[test]
    fn a_file_with_flipped_bytes_is_refused_or_has_the_same_graph(
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 1..4),
    ) {
        let good = std::fs::read(model_path(MODELS[0])).unwrap();
        let mut bytes = good.clone();
        for (place, mask) in &flips {
            bytes[place.index(good.len())] ^= mask;
        }
        if let Ok(read) = Bundle::from_bytes(&bytes) {
            let graph = |m: &ModelProto| m.graph.clone();
            prop_assert_eq!(graph(read.model()), graph(&proto()));
        }
    }

    /// A graph broken at random behind a right hash is refused or runs, and never panics.
    #[test]
    fn a_hostile_graph_never_panics(
        place in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        what in 0usize..8,
        number in prop_oneof![Just(0i64), Just(-1), Just(i64::MAX), Just(i64::MIN), 1i64..100],
    ) {
        let mut model = proto();
        let graph = model.graph.as_mut().unwrap();
        let (nodes, tensors) = (graph.node.len(), graph.initializer.len());
        match what {
            0 => { graph.node.remove(place.index(nodes)); }
            1 => graph.node.swap(place.index(nodes), other.index(nodes)),
            2 => { graph.initializer.remove(place.index(tensors)); }
            3 => {
                let t = &mut graph.initializer[place.index(tensors)];
                t.dims = vec![number; t.dims.len()];
            }
            4 => graph.initializer[place.index(tensors)].data_type = number as i32,
            5 => {
                let n = &mut graph.node[place.index(nodes)];
                let count = n.input.len();
                n.input.swap(place.index(count), other.index(count));
            }
            6 => {
                let n = &mut graph.node[place.index(nodes)];
                for a in &mut n.attribute {
                    a.i = number;
                    a.ints.fill(number);
                }
            }
            _ => {
                let t = &mut graph.initializer[place.index(tensors)];
                t.raw_data.fill(number as u8);
            }
        }
        let description: Description = serde_json::from_value(description()).unwrap();
        if let Ok(bundle) = Bundle::new(model, description)
            && let Ok(model) = Model::new(bundle)
        {
            let _ = model.session().unwrap().infer(&[128; 32 * 32 * 3]);
        }
    }
}
