use std::io::{self, ErrorKind, Read, Write};
use std::time::Duration;

use serialport::{SerialPort, TTYPort};

use super::{Wire, as_noise};

/// One end of a pseudo-terminal: a serial port without hardware, whose other end a program opens by its path. Programs may
/// come and go; while there is none, what is written is lost as on a cable without a listener.
#[derive(Debug)]
pub struct Pty {
    master: TTYPort,
    path: String,
    baud: u32,
}

impl Pty {
    /// A new one, that speaks at `baud`: a program that opens it at another rate hears noise, and is heard as noise.
    /// (Linux alone tells the other end's rate; elsewhere all rates are right.)
    ///
    /// # Errors
    /// The system's: it has no more pseudo-terminals.
    pub fn new(baud: u32) -> io::Result<Self> {
        // The other end is closed here: it is exclusively the program's.
        let (master, other) = TTYPort::pair()?;
        let path = other
            .name()
            .ok_or_else(|| io::Error::other("the pseudo-terminal has no path"))?;
        Ok(Self { master, path, baud })
    }

    /// What a program opens: `/dev/pts/5`.
    pub fn path(&self) -> &str {
        &self.path
    }

    fn is_noise(&self) -> bool {
        cfg!(target_os = "linux") && self.master.baud_rate().is_ok_and(|rate| rate != self.baud)
    }
}

/// Nobody has the other end open.
fn is_alone(error: &io::Error) -> bool {
    const EIO: i32 = 5;
    error.kind() == ErrorKind::BrokenPipe || error.raw_os_error() == Some(EIO)
}

const fn is_patience(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted
    )
}

impl Wire for Pty {
    fn read(&mut self, bytes: &mut [u8], wait: Duration) -> io::Result<usize> {
        self.master.set_timeout(wait)?;
        let count = match self.master.read(bytes) {
            Err(error) if is_patience(error.kind()) => 0,
            Err(error) if is_alone(&error) => {
                std::thread::sleep(wait);
                0
            }
            count => count?,
        };
        if count > 0 && self.is_noise() {
            for byte in bytes.iter_mut().take(count) {
                *byte = as_noise(*byte);
            }
        }
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.master.set_timeout(Duration::ZERO)?;
        let noise: Vec<u8>;
        let bytes = if self.is_noise() {
            noise = bytes.iter().map(|byte| as_noise(*byte)).collect();
            &noise
        } else {
            bytes
        };
        match self.master.write(bytes) {
            Err(error) if is_patience(error.kind()) => Ok(0),
            Err(error) if is_alone(&error) => Ok(bytes.len()),
            count => count,
        }
    }

    fn unsent(&mut self) -> io::Result<usize> {
        Ok(0)
    }

    fn reopen(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn name(&self) -> String {
        format!("{} at {} baud", self.path, self.baud)
    }
}
