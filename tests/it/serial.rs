//! The command with a microcontroller: `run --serial`, `mcu-sim` and `monitor`, each a process of its own.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::time::Duration;

use normgate::pipeline::Judge;
use normgate_core::CommitPolicy;
use normgate_link::{Config, Pty, Session, SystemClock, Wire, clock::Clock, model_hash};
use tempfile::TempDir;

use crate::process::Process;
use crate::support::{MODELS, demo_frames, model, model_path};

fn normgate(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_normgate"));
    command.args(args).stdin(Stdio::null());
    command
}

/// A microcontroller on a name that stays.
fn microcontroller(more: &[&str]) -> (Process, PathBuf, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mcu");
    let mut command = normgate(&["mcu-sim", "--serial-age", "5000", "--link"]);
    let process = Process::start(command.arg(&path).args(more));
    let first = process.until(&["a microcontroller on"]);
    assert!(first.ends_with(path.to_str().unwrap()), "{first}");
    (process, path, folder)
}

/// `normgate run` on a pipe of pictures, for the microcontroller at `port`.
fn camera(port: &Path, policy: &str) -> (Process, ChildStdin) {
    camera_with(port, policy, &[])
}

fn camera_with(port: &Path, policy: &str, more: &[&str]) -> (Process, ChildStdin) {
    let mut command = normgate(&["run", "--format", "json", "--commit", policy]);
    command.args([
        "--source",
        "-?size=32x32&format=rgb24",
        "--serial-age",
        "5000",
    ]);
    command.args(["--serial-hold", "10000"]);
    command.arg("--model").arg(model_path(MODELS[1]));
    command.arg("--serial").arg(port);
    command.args(more);
    command.stdin(Stdio::piped()).stderr(Stdio::null());
    let mut process = Process::start(&mut command);
    let pictures = process.child.stdin.take().unwrap();
    (process, pictures)
}

/// A picture with its class, and one that is unknown to the model.
fn pictures() -> ((u16, Vec<u8>), Vec<u8>) {
    let mut judge = Judge::new(model(MODELS[1]), CommitPolicy::IMMEDIATE).unwrap();
    let (mut known, mut unknown) = (None, None);
    for frame in demo_frames() {
        let picture = frame.view().picture;
        let bytes = picture.bytes().to_vec();
        match judge.judge(&picture).verdict {
            normgate_core::Verdict::Known { class, .. } => known = known.or(Some((class, bytes))),
            normgate_core::Verdict::Unknown { .. } => unknown = unknown.or(Some(bytes)),
        }
    }
    (known.unwrap(), unknown.unwrap())
}

#[test]
fn what_the_camera_sees_moves_the_gate() {
    let ((class, known), unknown) = pictures();
    let (mcu, port, _folder) = microcontroller(&["--opens", &class.to_string()]);
    let (run, mut pipe) = camera(&port, "1/1");
    let judge = model(MODELS[1]);
    let label = &judge.description().labels[usize::from(class)];
    let open = mcu.until_or(&[" open ", "frame"], || pipe.write_all(&known).unwrap());
    assert!(
        open.contains(label) || open.contains(&class.to_string()),
        "{open}"
    );
    mcu.until_or(&[" safe ", "frame"], || pipe.write_all(&unknown).unwrap());
    mcu.until_or(&[" open ", "frame"], || pipe.write_all(&known).unwrap());
    // Killed without a word: the gate closes by itself, long before the verdict's hold is over.
    run.signal("KILL");
    mcu.until(&[" safe ", "session lost"]);

    // The next run has the port again, and its end is told.
    let (run, mut pipe) = camera(&port, "1/1");
    mcu.until_or(&[" open ", "frame"], || pipe.write_all(&known).unwrap());
    run.signal("TERM");
    mcu.until(&[" safe "]);
    mcu.signal("INT");
    let mut mcu = mcu;
    assert!(mcu.child.wait().unwrap().success());
    assert!(port.symlink_metadata().is_err());
}

#[test]
fn a_camera_that_falls_silent_closes_the_gate() {
    let ((class, known), _) = pictures();
    let (mcu, port, _folder) = microcontroller(&["--opens", &class.to_string()]);
    let (run, mut pipe) = camera(&port, "1/1");
    mcu.until_or(&[" open ", "frame"], || pipe.write_all(&known).unwrap());
    mcu.until(&[" safe "]);
    run.until(&["\"lost\""]);
    mcu.until_or(&[" open ", "frame"], || pipe.write_all(&known).unwrap());
}

#[test]
fn another_class_does_not_open_it() {
    let ((class, known), _) = pictures();
    let other = (class + 1) % 10;
    let (mcu, port, _folder) = microcontroller(&["--opens", &other.to_string()]);
    let (_run, mut pipe) = camera(&port, "1/1");
    let line = mcu.until_or(&[" closed "], || pipe.write_all(&known).unwrap());
    assert!(!line.contains(" open "), "{line}");
}

#[test]
fn a_drift_alarm_is_told_and_does_not_close_the_gate() {
    let ((class, known), unknown) = pictures();
    let (mcu, port, _folder) = microcontroller(&["--opens", &class.to_string()]);
    // Looks at each frame, and is soon wrong.
    let watch = ["--drift-every", "100", "--drift-stride", "1"];
    let (_run, mut pipe) = camera_with(&port, "1/1", &watch);
    let alarm = mcu.until_or(&["drift alarm"], || pipe.write_all(&unknown).unwrap());
    assert!(alarm.ends_with(" safe   drift alarm"), "{alarm}");
    // It stands for hundreds of frames.
    let open = mcu.until_or(&["frame"], || pipe.write_all(&known).unwrap());
    assert!(open.contains(" open "), "{open}");
}

#[test]
fn a_line_without_a_microcontroller_stops_nothing_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("tty");
    let mut command = normgate(&["run", "--format", "json", "--source", "demo:?hold=20"]);
    command.args(["--serial", port.to_str().unwrap()]);
    let output = command.output().unwrap();
    assert!(output.status.success());
    let verdicts = String::from_utf8(output.stdout).unwrap();
    assert!(
        verdicts
            .lines()
            .filter(|l| l.contains("\"verdict\""))
            .count()
            >= 24
    );
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains(port.to_str().unwrap()) && told.contains("No such file"),
        "{told}"
    );
    assert!(told.contains("verdicts offered, 0 sent"), "{told}");
}

#[test]
fn the_monitor_says_what_is_on_the_wire() {
    // This test is the host, and the monitor listens at the other end of the line.
    let wire = Pty::new(115_200).unwrap();
    let port = wire.path().to_owned();
    let monitor = Process::start(&mut normgate(&["monitor", "--serial", &port]));
    monitor.until(&["listening to", &port]);
    let labels = vec!["cat".to_owned(), "ship".to_owned()];
    let config = Config::new(model_hash(&"ab".repeat(32)).unwrap(), labels);
    let clock = SystemClock::new();
    let mut session = Session::new(wire, config).unwrap();
    let hello = monitor.until_or(&["host #", "hello"], || {
        session.poll(clock.now_ms(), Duration::ZERO);
    });
    assert!(
        hello.contains("2 labels") && hello.contains("abab"),
        "{hello}"
    );
    drop(session);

    let mut wire = Pty::new(115_200).unwrap();
    let port = wire.path().to_owned();
    let monitor = Process::start(&mut normgate(&["monitor", "--serial", &port]));
    monitor.until(&["listening to"]);
    monitor.until_or(&["damaged"], || {
        wire.write(b"no packet\0").unwrap();
    });
    monitor.signal("INT");
    monitor.until(&["bytes, 0 packets; errors:"]);
    let mut monitor = monitor;
    assert!(monitor.child.wait().unwrap().success());
}

#[test]
fn options_of_the_line_are_checked() {
    let free = tempfile::NamedTempFile::new().unwrap();
    let taken = free.path().to_str().unwrap();
    for (args, parts) in [
        (
            &["run", "--serial", "usb:1"][..],
            &["--serial", "usb:VID:PID"][..],
        ),
        (&["run", "--serial", "x", "--serial-age", "49"], &["49"]),
        (&["run", "--serial", "x", "--serial-hold", "9"], &["9"]),
        (
            &["run", "--serial", "x", "--serial-baud", "0"],
            &["--serial-baud"],
        ),
        (&["run", "--serial-age", "100"], &["--serial PORT"]),
        (&["monitor"], &["--serial"]),
        (&["monitor", "--serial", "usb:1"], &["usb:VID:PID"]),
        (&["mcu-sim", "--serial-age", "99"], &["--serial-age 99"]),
        (&["mcu-sim", "--link", taken], &[taken, "is there already"]),
    ] {
        let mut child = normgate(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut error = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut error)
            .unwrap();
        assert!(!child.wait().unwrap().success(), "{args:?}");
        for part in parts {
            assert!(error.contains(part), "{args:?}: {part}: {error}");
        }
    }
    assert!(free.path().exists());
}
