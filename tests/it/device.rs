//! `normgate run` as a service: its configuration, signals, a model that is swapped under it.

use std::io::Write;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::process::Process;
use crate::support::{MODELS, model_path};

fn run_with(config: &str, more: &[&str]) -> std::process::Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("normgate.toml");
    std::fs::write(&file, config).unwrap();
    Command::new(env!("CARGO_BIN_EXE_normgate"))
        .arg("run")
        .arg("--config")
        .arg(&file)
        .args(more)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn lines(text: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(text).unwrap();
    text.lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

#[test]
fn a_configuration_says_what_the_command_line_would_and_the_command_line_has_the_last_word() {
    let config = "source = \"demo:?hold=2\"\nformat = \"json\"\nframes = 5\nheadless = false\n";
    let output = run_with(config, &[]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let told = lines(&output.stdout);
    assert_eq!(told.last().unwrap()["summary"]["frames"], 5);
    let fewer = run_with(config, &["--frames", "2"]);
    assert_eq!(lines(&fewer.stdout).last().unwrap()["summary"]["frames"], 2);
    let config =
        "format = \"json\"\nframes = 1\ndrift = false\ndrift-every = 1e9\ndrift-stride = 30\n";
    let evidence =
        |more: &[&str]| lines(&run_with(config, more).stdout)[0]["drift_evidence"].clone();
    assert!(evidence(&[]).is_null());
    assert!(evidence(&["--drift"]).is_number());
    let silent = run_with(config, &["--headless"]);
    assert!(silent.status.success() && silent.stdout.is_empty());
}

#[test]
fn a_bad_configuration_is_refused_with_its_file_and_line() {
    for (config, parts) in [
        (
            "format = \"json\"\nsorce = \"demo:\"\n",
            &["line 2", "`sorce`", "did you mean `source`"][..],
        ),
        ("\n\nframes = 0\n", &["line 3", "--frames", "0"]),
        ("frames = \"many\"\n", &["line 1", "--frames", "many"]),
        ("commit = \"1/5\"\n", &["line 1", "1/5"]),
        ("headless = \"perhaps\"\n", &["line 1", "perhaps"]),
        ("model = [\"a\"]\n", &["line 1", "model", "array"]),
        ("drift = \"often\"\n", &["line 1", "--drift", "often"]),
        ("drift-stride = -1\n", &["line 1", "--drift-stride", "-1"]),
        (
            "drift-evry = 10\n",
            &["line 1", "did you mean `drift-every`"],
        ),
        (
            "config = \"other.toml\"\n",
            &["line 1", "unknown key `config`"],
        ),
        ("help = true\n", &["line 1", "unknown key `help`"]),
        ("frames = 1\nframes = 2\n", &["line 2", "duplicate"]),
        ("frames = \n", &["line 1"]),
        ("[mqtt]\nhost = \"x\"\n", &["line 1", "mqtt", "table"]),
    ] {
        let output = run_with(config, &[]);
        assert!(!output.status.success(), "{config}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(error.lines().count(), 1, "{error}");
        for part in parts.iter().chain(&["normgate.toml"]) {
            assert!(error.contains(part), "{part}: {error}");
        }
        assert!(output.stdout.is_empty());
    }
    let absent = Command::new(env!("CARGO_BIN_EXE_normgate"))
        .args(["run", "--config", "absent.toml"])
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&absent.stderr).contains("absent.toml"));
    assert!(!absent.status.success());
}

/// `normgate run` on a pipe of raw frames, as JSON, read line by line.
struct Live {
    process: Process,
    frames: ChildStdin,
}

impl Live {
    fn start(model: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_normgate"));
        command.args(["run", "--format", "json"]);
        command.args(["--source", "-?size=32x32&format=grey"]);
        command.arg("--model").arg(model).stdin(Stdio::piped());
        let mut process = Process::start(&mut command);
        let frames = process.child.stdin.take().unwrap();
        Self { process, frames }
    }

    fn frame(&mut self) -> Value {
        self.frames.write_all(&[128; 1024]).unwrap();
        self.frames.flush().unwrap();
        self.until(|line| line.get("frame").is_some())
    }

    /// The first line that `wanted` takes.
    fn until(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let parse = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        let line = |line: &str| wanted(&parse(line));
        parse(&self.process.find("such line", line, || {}))
    }
}

#[test]
fn sigterm_and_sigint_end_the_loop_with_its_summary() {
    for signal in ["TERM", "INT"] {
        let mut live = Live::start(&model_path(MODELS[0]));
        live.frame();
        live.process.signal(signal);
        let summary = live.until(|line| line.get("summary").is_some());
        assert_eq!(summary["summary"]["frames"], 1);
        assert!(live.process.child.wait().unwrap().success());
    }
}

#[test]
fn sighup_swaps_the_model_and_a_bad_file_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    std::fs::copy(model_path(MODELS[0]), &path).unwrap();
    let mut live = Live::start(&path);
    let before = live.frame();

    std::fs::write(&path, b"no model").unwrap();
    live.process.signal("HUP");
    let refused = live.until(|line| line["status"] == "swap_refused");
    assert!(
        refused["why"].as_str().unwrap().contains("model.onnx"),
        "{refused}"
    );
    assert_eq!(live.frame()["score"], before["score"]);

    std::fs::copy(model_path(MODELS[1]), &path).unwrap();
    live.process.signal("HUP");
    live.until(|line| line["status"] == "swapped");
    assert_ne!(live.frame()["score"], before["score"]);
    let Live { process, frames } = live;
    drop(frames);
    let left = process.find("line", |_| true, || {});
    let left: Value = serde_json::from_str(&left).unwrap();
    assert_eq!(left["summary"]["frames"], 3);
}

#[test]
fn a_pipe_that_falls_silent_is_lost_until_it_speaks_again() {
    let mut live = Live::start(&model_path(MODELS[0]));
    live.frame();
    let lost = live.until(|line| line["status"] == "lost");
    assert!(lost["why"].is_string());
    live.frames.write_all(&[128; 1024]).unwrap();
    live.until(|line| line["status"] == "restored");
    live.process.signal("TERM");
    live.until(|line| line.get("summary").is_some());
    live.process.child.wait().unwrap();
}

#[test]
fn the_service_manager_hears_ready_watchdog_and_stopping() {
    use std::os::unix::net::UnixDatagram;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_normgate"))
        .args(["run", "--headless", "--source", "-?size=32x32&format=grey"])
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "400000")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let hears = |wanted: &str| {
        let mut note = [0; 4096];
        loop {
            let length = manager.recv(&mut note).unwrap();
            let text = std::str::from_utf8(&note[..length]).unwrap();
            if text.lines().any(|line| line == wanted) {
                break;
            }
        }
    };
    hears("READY=1");
    hears("WATCHDOG=1");
    hears("WATCHDOG=1");
    drop(child.stdin.take());
    hears("STOPPING=1");
    // No frame came, which is a fault of the source.
    assert!(!child.wait().unwrap().success());
}
