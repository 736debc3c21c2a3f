//! The command, as a person or a program sees it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::{GATES, MODELS, fixture, model_path, root};

fn normgate(args: &[&str]) -> Output {
    with_input(args, &[])
}

fn with_input(args: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_normgate"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    // A command that needs no input may end before it is written.
    let _ = writer.join().unwrap();
    output
}

fn succeeds(args: &[&str]) -> String {
    let output = normgate(args);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn refused(args: &[&str]) -> String {
    let output = normgate(args);
    assert!(!output.status.success(), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn run_tells_every_sample_frame_and_ends_with_a_summary() {
    let text = succeeds(&["run"]);
    let frames: Vec<&str> = text.lines().take_while(|l| !l.is_empty()).collect();
    assert_eq!(frames.len(), 24);
    assert!(
        frames
            .iter()
            .all(|l| l.contains(GATES[1]) && l.contains("truth")),
        "{text}"
    );
    assert!(
        frames.iter().any(|l| l.contains(">=")) && frames.iter().any(|l| l.contains("nearest"))
    );
    assert!(
        text.contains("24 frames") && text.contains("model") && text.contains("p99"),
        "{text}"
    );
}

#[test]
fn run_as_json_agrees_with_its_summary() {
    for name in MODELS {
        let model = model_path(name);
        let lines = json_lines(&succeeds(&[
            "run",
            "--model",
            path(&model),
            "--format",
            "json",
        ]));
        let (summary, frames) = lines.split_last().unwrap();
        let known = frames.iter().filter(|f| f["verdict"] == "known").count();
        assert_eq!(summary["summary"]["frames"], frames.len());
        assert_eq!(summary["summary"]["known"], known);
        assert_eq!(summary["summary"]["unknown"], frames.len() - known);
        for f in frames {
            let reached = f["score"].as_f64() >= f["threshold"].as_f64();
            assert_eq!(f["verdict"] == "known", reached, "{f}");
            assert_eq!(f["class"].is_string(), reached, "{f}");
        }
        for stage in ["source", "preprocess", "model", "gate", "total"] {
            let times = &summary["summary"]["latency"][stage];
            assert!(
                times["p50_us"].as_f64() <= times["p99_us"].as_f64(),
                "{stage}"
            );
        }
    }
}

#[test]
fn each_frame_has_a_p_value_and_drift_is_watched_unless_switched_off() {
    let run = |more: &[&str]| {
        let args = [&["run", "--format", "json"], more].concat();
        let mut lines = json_lines(&succeeds(&args));
        lines.pop();
        lines
    };
    let watched = run(&[]);
    for f in &watched {
        let p = f["p_value"].as_f64().unwrap();
        assert!(0.0 < p && p <= 1.0, "{f}");
        // The threshold's reject rate is 5 %, and the table's p-values are too large by half a per cent at most.
        let rejected = if f["verdict"] == "known" {
            p <= 0.05
        } else {
            p <= 0.056
        };
        assert_eq!(f["verdict"] == "unknown", rejected, "{f}");
        let evidence = f["drift_evidence"].as_f64().unwrap();
        assert!((0.0..1.0).contains(&evidence), "{f}");
        assert!(f["drift"].is_null(), "{f}");
    }
    for f in run(&["--drift=false"]) {
        assert!(f["drift_evidence"].is_null() && f["drift"].is_null(), "{f}");
    }
    // Half of the sample frames are OOD: a test that looks at each of them finds out.
    let args = ["--drift-every", "100", "--drift-stride", "1"];
    let lines = run(&[&args[..], &["--source", "demo:?hold=2"]].concat());
    let alarm = lines
        .iter()
        .position(|line| line["status"] == "drifted")
        .unwrap();
    assert_eq!(lines[alarm]["drift"], "falling");
    assert_eq!(lines[alarm - 1]["drift"], "falling");
    assert_eq!(lines[alarm]["frame"], lines[alarm - 1]["frame"]);
}

#[test]
fn another_reject_rate_moves_the_threshold_and_no_p_value() {
    let run = |more: &[&str]| {
        let args = [&["run", "--format", "json"], more].concat();
        let mut lines = json_lines(&succeeds(&args));
        lines.pop();
        lines
    };
    let (own, strict) = (run(&[]), run(&["--reject-rate", "0.3"]));
    for (a, b) in own.iter().zip(&strict) {
        assert_eq!((&a["score"], &a["p_value"]), (&b["score"], &b["p_value"]));
        assert!(a["threshold"].as_f64() < b["threshold"].as_f64());
        assert_eq!(
            b["verdict"] == "known",
            b["score"].as_f64() >= b["threshold"].as_f64()
        );
        let p = b["p_value"].as_f64().unwrap();
        assert_eq!(
            b["verdict"] == "unknown",
            p <= if b["verdict"] == "known" { 0.3 } else { 0.306 },
            "{b}"
        );
    }
    let frame = root().join("device/source/src/demo_frames/cifar10_00000_cat.png");
    let args = [
        "classify",
        "--format",
        "json",
        "--reject-rate",
        "0.3",
        path(&frame),
    ];
    assert_eq!(
        json_lines(&succeeds(&args))[0]["threshold"],
        strict[0]["threshold"]
    );
}

#[test]
fn a_reject_rate_is_told_with_what_it_comes_to() {
    let frame = root().join("device/source/src/demo_frames/cifar10_00000_cat.png");
    let rate = ["--reject-rate", "0.0071"];
    // Half per cents are stored, so this is rank 25 of 5000.
    let told = "--reject-rate 0.0071: rank 25 of 5000 calibration scores, rejects 0.50% of known";
    for args in [
        &["run", "--format", "json", "--frames", "2"][..],
        &["classify", "--format", "json", path(&frame)],
    ] {
        let quiet = normgate(args);
        assert!(
            quiet.status.success() && quiet.stderr.is_empty(),
            "{quiet:?}"
        );
        let output = normgate(&[args, &rate].concat());
        assert!(output.status.success(), "{output:?}");
        json_lines(std::str::from_utf8(&output.stdout).unwrap());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(told) && said.contains("assurance"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    let file = model_path(MODELS[0]);
    let text = succeeds(&["inspect", path(&file), rate[0], rate[1]]);
    assert!(text.contains("rank 25 of 5000"), "{text}");
    assert!(text.contains("for a reject rate of 0.71%"), "{text}");
    let own = succeeds(&["inspect", path(&file)]);
    assert!(
        own.contains("rank 250 of 5000") && own.contains("rate of 5%"),
        "{own}"
    );
    let json = |args: &[&str]| -> Value { serde_json::from_str(&succeeds(args)).unwrap() };
    let inspected = json(&["inspect", path(&file), rate[0], rate[1], "--json"]);
    let benched = json(&["bench", "--iterations", "1", "--json", rate[0], rate[1]]);
    for (gate, score) in [(&inspected["gate"], GATES[0]), (&benched["gate"], GATES[1])] {
        assert_eq!((&gate["rank"], &gate["score"]), (&25.into(), &score.into()));
        assert_eq!(gate["expected_reject"], 25.0 / 5001.0);
        assert_eq!(gate["reject_bound"]["assurance"], 0.95);
    }
    assert_eq!(inspected["reject_bound"], inspected["gate"]["reject_bound"]);
    assert_eq!(inspected["description"]["gate"]["rank"], 250);
    let text = succeeds(&["bench", "--iterations", "1", rate[0], rate[1]]);
    assert!(text.contains("rank 25 of 5000"), "{text}");
    // 100 times 0.07 is not 7 in floats.
    let text = succeeds(&["inspect", path(&file), "--reject-rate", "0.07"]);
    assert!(text.contains("for a reject rate of 7%\n"), "{text}");
}

#[test]
fn frames_that_are_not_watched_need_no_rate() {
    let args = ["run", "--frames", "1", "--format", "json"];
    let lines = |more: &[&str]| json_lines(&succeeds(&[&args, more].concat()));
    // Of a watched stream this rate is refused.
    let off = lines(&["--drift=false", "--drift-every", "300"]);
    assert!(off[0]["drift_evidence"].is_null());
}

#[test]
fn shifts_measures_the_frames_to_the_alarm() {
    let folder = tempfile::tempdir().unwrap();
    let (id, json) = (
        fixture("cifar10_test_300.bin"),
        folder.path().join("r.json"),
    );
    let mut args = vec![
        "shifts",
        "--id",
        path(&id),
        "--limit",
        "80",
        "--orders",
        "3",
        "--quiet",
    ];
    args.extend([
        "--drift-every",
        "1e4",
        "--corruption",
        "contrast",
        "--json",
        path(&json),
    ]);
    let text = succeeds(&args);
    assert!(
        text.contains("contrast") && text.contains("false alarms"),
        "{text}"
    );
    let report: Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(
        (&report["frames"], &report["plan"]["orders"]),
        (&80.into(), &3.into())
    );
    assert_eq!(report["plan"]["false_alarm_every_frames"], 1e4);
    let rows = report["shifts"].as_array().unwrap();
    assert_eq!(rows.len(), 5);
    let strong = &rows[4];
    assert_eq!(
        (&strong["severity"], &strong["alarmed"], &strong["falling"]),
        (&5.into(), &3.into(), &3.into())
    );
    assert!(strong["median"].as_u64().unwrap() < 20, "{strong}");
    assert!(strong["accuracy"].as_f64() < report["unshifted"]["accuracy"].as_f64());
    assert_eq!(succeeds(&args), text, "it does not repeat");
    for (more, part) in [
        (&["--corruption", "fog"][..], "gaussian_noise"),
        (&["--orders", "0"], "--orders"),
        (&["--drift-every", "1"], "--drift-every"),
        (&["--drift-stride", "0"], "--drift-stride"),
        (&["--limit", "0"], "--limit"),
    ] {
        let error = refused(&[&["shifts", "--id", path(&id), "--quiet"], more].concat());
        assert!(
            error.contains(part)
                && error.contains(if part == "--limit" || part == "--orders" {
                    "0"
                } else {
                    "expected"
                }),
            "{part}: {error}"
        );
    }
}

#[test]
fn run_stops_after_the_frames_asked_for() {
    let lines = json_lines(&succeeds(&["run", "--frames", "3", "--format", "json"]));
    assert_eq!(lines.len(), 4);
}

#[test]
fn a_commitment_needs_k_of_n_verdicts() {
    let args = [
        "run",
        "--source",
        "demo:?hold=4",
        "--commit",
        "3/4",
        "--format",
        "json",
    ];
    let lines = json_lines(&succeeds(&args));
    let frames = &lines[..lines.len() - 1];
    let mut committed = 0;
    for (i, f) in frames.iter().enumerate() {
        if let Some(class) = f["committed"].as_str() {
            committed += 1;
            let window = &frames[i.saturating_sub(3)..=i];
            let agree = window.iter().filter(|w| w["class"] == class).count();
            assert!(agree >= 3, "{f}");
        }
    }
    assert!(committed > 0);
}

#[test]
fn a_y4m_video_on_standard_input_is_read_to_its_end() {
    let mut video = b"YUV4MPEG2 W32 H32 F15:1 C444\n".to_vec();
    for shade in [16u8, 128, 235] {
        video.extend_from_slice(b"FRAME\n");
        video.extend(std::iter::repeat_n(shade, 1024));
        video.extend(std::iter::repeat_n(128, 2048));
    }
    let output = with_input(
        &["run", "--source", "-?live=no", "--format", "json"],
        &video,
    );
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = json_lines(std::str::from_utf8(&output.stdout).unwrap());
    assert_eq!(lines.len(), 4);
    // A cut frame is told as unknown, and the rest stands.
    let cut = with_input(
        &["run", "--source", "-?live=no", "--format", "json"],
        &video[..video.len() - 9],
    );
    let lines = json_lines(std::str::from_utf8(&cut.stdout).unwrap());
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[2]["verdict"], "unknown");
    assert!(lines[2]["fault"].is_string());
}

#[test]
fn a_folder_with_a_bad_image_goes_on_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let cats = folder.path().join("cat");
    std::fs::create_dir(&cats).unwrap();
    let sample = root().join("device/source/src/demo_frames/cifar10_00000_cat.png");
    std::fs::copy(&sample, cats.join("a.png")).unwrap();
    std::fs::write(cats.join("b.png"), b"not a picture").unwrap();
    std::fs::copy(&sample, cats.join("c.png")).unwrap();
    let source = format!("dir:{}", folder.path().display());
    let lines = json_lines(&succeeds(&["run", "--source", &source, "--format", "json"]));
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0]["score"], lines[2]["score"]);
    assert_eq!(
        (&lines[1]["verdict"], &lines[1]["score"]),
        (&Value::from("unknown"), &Value::Null)
    );
    assert_eq!(lines[0]["truth"], "cat");
    assert_eq!(lines[3]["summary"]["faults"], 1);
}

#[test]
fn classify_tells_a_line_an_image_and_fails_if_one_cannot_be_read() {
    let frames = root().join("device/source/src/demo_frames");
    let (cat, frog) = (
        frames.join("cifar10_00000_cat.png"),
        frames.join("cifar10_00004_frog.png"),
    );
    let lines = json_lines(&succeeds(&[
        "classify",
        "--format",
        "json",
        path(&cat),
        path(&frog),
    ]));
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["name"], path(&frog));
    let output = normgate(&["classify", "--format", "json", "absent.png", path(&cat)]);
    assert!(!output.status.success());
    let lines = json_lines(std::str::from_utf8(&output.stdout).unwrap());
    assert_eq!(lines[0]["verdict"], "unknown");
    assert_eq!(lines[1]["frame"], 1);
    assert!(String::from_utf8_lossy(&output.stderr).contains("1 of 2"));
}

#[test]
fn eval_measures_every_score_on_every_set() {
    let folder = tempfile::tempdir().unwrap();
    let (digits, textures) = (folder.path().join("mnist"), folder.path().join("dtd"));
    for (to, prefix) in [(&digits, "mnist"), (&textures, "dtd")] {
        std::fs::create_dir(to).unwrap();
        for entry in std::fs::read_dir(root().join("device/source/src/demo_frames")).unwrap() {
            let from = entry.unwrap().path();
            let name = from.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with(prefix) {
                std::fs::copy(&from, to.join(name)).unwrap();
            }
        }
    }
    let (id, json, plots) = (
        fixture("cifar10_test_300.bin"),
        folder.path().join("r.json"),
        folder.path().join("plots"),
    );
    let (mnist, dtd) = (
        format!("mnist={}", digits.display()),
        format!("dtd={}", textures.display()),
    );
    let text = succeeds(&[
        "eval",
        "--id",
        path(&id),
        "--ood",
        &mnist,
        "--ood",
        &dtd,
        "--near",
        "dtd",
        "--json",
        path(&json),
        "--plots",
        path(&plots),
        "--quiet",
    ]);
    assert!(
        text.contains("mnist") && text.contains("AUROC") && text.contains("FPR95"),
        "{text}"
    );
    let report: Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(report["in_distribution"]["n"], 300);
    assert!(report["in_distribution"]["accuracy"].as_f64().unwrap() > 0.8);
    let scores = report["scores"].as_array().unwrap();
    assert_eq!(scores.len(), 9);
    for score in scores {
        assert_eq!(score["sets"].as_array().unwrap().len(), 2);
        for set in score["sets"].as_array().unwrap() {
            assert_eq!(set["n"], 3);
            assert!((0.0..=1.0).contains(&set["auroc"].as_f64().unwrap()));
        }
    }
    assert_eq!(std::fs::read_dir(&plots).unwrap().count(), 18);
    assert!(text.contains("rank           250 of 5000"), "{text}");
    assert_eq!(report["gate"]["rank"], 250);
    // One set of each kind: its mean is its own.
    assert_eq!(report["near_sets"], serde_json::json!(["dtd"]));
    assert_eq!(scores[0]["near"]["auroc"], scores[0]["sets"][1]["auroc"]);
    assert_eq!(scores[0]["far"]["auroc"], scores[0]["sets"][0]["auroc"]);

    let other = refused(&[
        "eval",
        "--id",
        path(&id),
        "--ood",
        &mnist,
        "--ood",
        &dtd,
        "--near",
        "cifar100",
    ]);
    assert_eq!(other.lines().count(), 1, "{other}");
    assert!(
        other.contains("--near cifar100") && other.contains("expected one of mnist, dtd"),
        "{other}"
    );

    let twice = refused(&[
        "eval",
        "--id",
        path(&id),
        "--ood",
        &mnist,
        "--ood",
        &mnist,
        "--quiet",
    ]);
    assert!(twice.contains("mnist") && twice.contains("name"), "{twice}");
    let classless = refused(&["eval", "--id", path(&digits), "--ood", &dtd, "--quiet"]);
    assert!(classless.contains("no labels"), "{classless}");
}

#[test]
fn inspect_says_what_the_file_says() {
    for (name, gate) in MODELS.into_iter().zip(GATES) {
        let file = model_path(name);
        let text = succeeds(&["inspect", path(&file)]);
        for part in [
            "LogitNorm, tau 0.04",
            &format!("accept iff {gate}"),
            "fisher of cosine and max_logit",
            "95% assurance",
            "QLinearConv",
            "airplane",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let json: Value =
            serde_json::from_str(&succeeds(&["inspect", path(&file), "--json"])).unwrap();
        assert_eq!(json["description"]["labels"].as_array().unwrap().len(), 10);
        let bound = json["reject_bound"]["share"].as_f64().unwrap();
        assert!((0.05..0.07).contains(&bound), "{bound}");
    }
}

#[test]
fn bench_times_every_stage() {
    let json: Value =
        serde_json::from_str(&succeeds(&["bench", "--iterations", "5", "--json"])).unwrap();
    let stages = json["stages"].as_array().unwrap();
    assert_eq!(stages.len(), 6);
    // Not the model's part of a frame's way, and less than all of it.
    let p50 = |i: usize| stages[i]["p50_us"].as_f64().unwrap();
    assert!(p50(5) > 0.0 && p50(5) < p50(4));

    assert!(
        stages
            .iter()
            .all(|s| s["p50_us"].as_f64() <= s["p99_us"].as_f64())
    );
}

#[test]
fn bad_input_is_refused_in_one_clear_line() {
    let error = refused(&["run", "--sorce", "demo:"]);
    assert!(
        error.contains("--sorce") && error.contains("--source"),
        "{error}"
    );
    let error = refused(&["classfy", "x.png"]);
    assert!(error.contains("classify"), "{error}");
    for (args, parts) in [
        (&["run", "--model", "absent.onnx"][..], &["absent.onnx"][..]),
        (
            &["run", "--source", "webcam:0"],
            &["webcam", "demo:", "dir:"],
        ),
        (&["run", "--source", "dir:absent"], &["absent"]),
        (
            &["inspect", "Cargo.toml"],
            &["Cargo.toml", "not an ONNX file"],
        ),
        (
            &["eval", "--id", "absent.bin", "--ood", "x=y"],
            &["absent.bin"],
        ),
        (&["shifts", "--id", "absent.bin"], &["absent.bin"]),
        (
            &["run", "--drift-every", "300"],
            &["--drift-every", "stride 300", "expected 2 to 1e12"],
        ),
        (&["run", "--drift-every", "NaN"], &["--drift-every", "NaN"]),
        (
            &["run", "--drift-stride", "0"],
            &["--drift-stride", "expected 1 or more"],
        ),
        (
            &["run", "--reject-rate", "1.5"],
            &["--reject-rate", "1.5", "expected"],
        ),
        (
            &[
                "inspect",
                "models/cifar10-resnet8-v1.onnx",
                "--reject-rate",
                "7",
            ],
            &["--reject-rate", "7", "expected"],
        ),
    ] {
        let error = refused(args);
        assert_eq!(error.lines().count(), 1, "{error}");
        for part in parts {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
    for (args, part) in [
        (&["run", "--commit", "1/5"][..], "1/5"),
        (&["run", "--frames", "0"], "--frames"),
        (&["eval", "--id", "a", "--ood", "b"], "NAME=PATH"),
        (&["bench", "--iterations", "0"], "--iterations"),
        (&["run", "--threads", "0"], "expected 1 to 256"),
    ] {
        let error = refused(args);
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_fault() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_normgate"))
        .args(["run", "--source", "demo:?hold=200"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn an_instruction_set_can_be_forced_and_is_never_guessed() {
    let run = |isa: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_normgate"));
        command.args(["run", "--format", "json", "--frames", "3"]);
        isa.map(|isa| command.env("NORMGATE_ISA", isa));
        command.output().unwrap()
    };
    let scores = |output: Output| -> Vec<Value> {
        let lines = json_lines(&String::from_utf8(output.stdout).unwrap());
        let verdicts = lines.iter().filter(|line| line.get("summary").is_none());
        verdicts.map(|line| line["score"].clone()).collect()
    };
    let forced = scores(run(Some("portable")));
    assert_eq!(forced.len(), 3);
    assert!(forced.iter().all(Value::is_number), "{forced:?}");
    assert_eq!(forced, scores(run(None)));
    let unknown = run(Some("mmx"));
    assert!(!unknown.status.success());
    let error = String::from_utf8(unknown.stderr).unwrap();
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(
        error.contains("NORMGATE_ISA") && error.contains("\"mmx\""),
        "{error}"
    );
}
