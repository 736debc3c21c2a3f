use std::io::{self, Write};

use crate::SinkError;

/// Writes whole lines. A line that was cut short by an error is ended before the next one.
#[derive(Debug)]
pub(crate) struct LineWriter<W> {
    to: W,
    torn: bool,
}

impl<W: Write> LineWriter<W> {
    pub(crate) fn new(to: W) -> Self {
        Self { to, torn: false }
    }

    /// Writes `lines`, the last of them ended, and flushes.
    pub(crate) fn put(&mut self, lines: &str) -> Result<(), SinkError> {
        let done = self.write(lines.as_bytes()).and_then(|()| self.to.flush());
        done.map_err(|e| match e.kind() {
            io::ErrorKind::BrokenPipe => SinkError::Closed(format!("standard output: {e}")),
            _ => SinkError::Missed(format!("standard output: {e}")),
        })
    }

    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        if self.torn {
            self.to.write_all(b"\n")?;
            self.torn = false;
        }
        while !bytes.is_empty() {
            match self.to.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => {
                    self.torn = bytes.get(n - 1) != Some(&b'\n');
                    bytes = bytes.get(n..).unwrap_or_default();
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}
