/// Damage on purpose.
pub mod faulty;
/// Two ends in memory.
pub mod loopback;
/// A pseudo-terminal.
#[cfg(unix)]
pub mod pty;
/// A serial port.
pub mod serial;

use std::io;
use std::time::Duration;

/// A line of bytes, both ways. It begins closed; after any error it counts as closed, and [`Self::reopen`] is tried.
pub trait Wire {
    /// Takes what has come, as much as fits, and waits at most `wait` for the first byte. 0 says that nothing came.
    ///
    /// # Errors
    /// The line is gone: `BrokenPipe`, `NotFound` or what the system says.
    fn read(&mut self, bytes: &mut [u8], wait: Duration) -> io::Result<usize>;

    /// Gives bytes to the line without waiting; says how many it took, maybe none.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Bytes that the line took and has not sent yet; 0 if it cannot tell.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn unsent(&mut self) -> io::Result<usize>;

    /// Opens the line, anew if it is open. What lay in its buffers is gone.
    ///
    /// # Errors
    /// It is not there, or not to be had now.
    fn reopen(&mut self) -> io::Result<()>;

    /// What it is, for people: the port and its speed.
    fn name(&self) -> String;
}

/// What a receiver of another baud rate makes of a byte: it samples at other times, and sees other bits.
const fn as_noise(byte: u8) -> u8 {
    byte.rotate_left(3) ^ 0x5A
}

impl<W: Wire + ?Sized> Wire for Box<W> {
    fn read(&mut self, bytes: &mut [u8], wait: Duration) -> io::Result<usize> {
        (**self).read(bytes, wait)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (**self).write(bytes)
    }

    fn unsent(&mut self) -> io::Result<usize> {
        (**self).unsent()
    }

    fn reopen(&mut self) -> io::Result<()> {
        (**self).reopen()
    }

    fn name(&self) -> String {
        (**self).name()
    }
}
