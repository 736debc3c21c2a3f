//! The command as a process that is read line by line.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Longer than any machine takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// It is killed with its test.
pub(crate) struct Process {
    pub(crate) child: Child,
    lines: Receiver<String>,
}

impl Process {
    /// Starts it; its standard output is read.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = tell.send(line);
            }
        });
        Self { child, lines }
    }

    /// The first line with all `parts`.
    pub(crate) fn until(&self, parts: &[&str]) -> String {
        self.until_or(parts, || {})
    }

    /// The same, doing something every few milliseconds until it comes.
    pub(crate) fn until_or(&self, parts: &[&str], meanwhile: impl FnMut()) -> String {
        let wanted = |line: &str| parts.iter().all(|part| line.contains(part));
        self.find(&format!("{parts:?}"), wanted, meanwhile)
    }

    /// The first line that is `wanted`.
    pub(crate) fn find(
        &self,
        what: &str,
        wanted: impl Fn(&str) -> bool,
        mut meanwhile: impl FnMut(),
    ) -> String {
        let end = Instant::now() + PATIENCE;
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(Duration::from_millis(10)) {
                Ok(line) if wanted(&line) => return line,
                Ok(line) => seen.push(line),
                Err(RecvTimeoutError::Timeout) => meanwhile(),
                Err(RecvTimeoutError::Disconnected) => panic!("it ended: {seen:#?}"),
            }
            assert!(Instant::now() < end, "no {what} in {seen:#?}");
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let kill = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(kill.unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
