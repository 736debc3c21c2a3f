use std::io::Write;
use std::process::{Command, Stdio};

/// The example program, which cargo builds beside the tests.
fn watch() -> Command {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    Command::new(path.join("examples/watch"))
}

/// What the program prints of `bytes` that come through a pipe in two pieces.
fn piped(uri: &str, bytes: &[u8], cut: usize) -> String {
    let mut child = watch()
        .arg(uri)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let (first, second) = bytes.split_at(cut);
    pipe.write_all(first).unwrap();
    pipe.flush().unwrap();
    pipe.write_all(second).unwrap();
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_pipe_that_is_not_live_gives_every_frame() {
    let mut stream = b"YUV4MPEG2 W2 H1 Cmono\n".to_vec();
    for value in 0..30 {
        stream.extend(b"FRAME\n");
        stream.extend([value; 2]);
    }
    let said = piped("-?live=no", &stream, 33);
    let sums: Vec<&str> = said
        .lines()
        .filter_map(|line| line.split(" sum=").nth(1)?.split(' ').next())
        .collect();
    let expected: Vec<String> = (0..30).map(|value| (2 * value).to_string()).collect();
    assert_eq!(sums, expected);
    assert!(said.contains("end dropped=0"), "{said}");
}

#[test]
fn a_live_pipe_gives_its_last_frame_and_counts_the_others() {
    let said = piped("-?size=2x1&format=grey", &[7; 2000], 3);
    let last = said
        .lines()
        .rfind(|line| line.contains(" frame id="))
        .unwrap();
    assert!(last.contains("frame id=999 "), "{last}");
    let shown = said
        .lines()
        .filter(|line| line.contains(" frame id="))
        .count();
    assert!(
        said.contains(&format!("end dropped={}", 1000 - shown)),
        "{said}"
    );
}

#[test]
fn a_file_on_standard_input_is_not_live() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), [5; 40]).unwrap();
    let output = watch()
        .arg("-?size=2x1&format=grey")
        .stdin(std::fs::File::open(file.path()).unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        said.lines()
            .filter(|line| line.contains(" frame id="))
            .count(),
        20
    );
    assert!(
        said.starts_with("open standard input (2x1 grey)\n"),
        "{said}"
    );
}
