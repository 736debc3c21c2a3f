use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

/// The emulator's control line (QMP).
#[derive(Debug)]
pub struct Qmp {
    lines: BufReader<UnixStream>,
    events: VecDeque<Value>,
}

impl Qmp {
    /// On the emulator's socket.
    ///
    /// # Errors
    /// It is not there (yet), or says something else.
    pub fn connect(path: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let mut qmp = Self {
            lines: BufReader::new(stream),
            events: VecDeque::new(),
        };
        qmp.line()?;
        qmp.call("qmp_capabilities", &json!({}))?;
        Ok(qmp)
    }

    /// Carries out a command.
    ///
    /// # Errors
    /// What the emulator says, or the socket's.
    pub fn call(&mut self, command: &str, arguments: &Value) -> io::Result<Value> {
        let order = json!({"execute": command, "arguments": arguments});
        writeln!(self.lines.get_mut(), "{order}")?;
        loop {
            let mut answer = self.line()?;
            if let Some(value) = answer.get_mut("return") {
                return Ok(value.take());
            }
            if answer.get("event").is_some() {
                self.events.push_back(answer);
            } else {
                return Err(io::Error::other(answer.to_string()));
            }
        }
    }

    /// Events of this name so far.
    ///
    /// # Errors
    /// The socket's.
    pub fn count(&mut self, event: &str) -> io::Result<usize> {
        self.call("query-status", &json!({}))?;
        let is_it = |value: &&Value| value["event"] == event;
        Ok(self.events.iter().filter(is_it).count())
    }

    fn line(&mut self) -> io::Result<Value> {
        let mut line = String::new();
        if self.lines.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        serde_json::from_str(&line).map_err(io::Error::other)
    }
}
