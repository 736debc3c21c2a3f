use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Number of the program counter among the registers.
const PC: u8 = 15;

/// A debugger on the emulator's port for one, in the remote serial protocol. The processor stands still while it is there
/// and goes on when it is dropped, or by [`Self::go`].
#[derive(Debug)]
pub struct Debugger(UnixStream);

impl Debugger {
    /// Stops the processor.
    ///
    /// # Errors
    /// The socket's.
    pub fn attach(path: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let mut debugger = Self(stream);
        debugger.ask("?")?;
        // It says once more that it stopped, before it answers.
        debugger.expect_ok("Hg0")?;
        // It has single registers only for who has asked what they are.
        debugger.ask("qXfer:features:read:target.xml:0,ffb")?;
        Ok(debugger)
    }

    /// Lets the processor run until it comes to `address`.
    ///
    /// # Errors
    /// It does not within a minute.
    pub fn run_to(&mut self, address: u32) -> io::Result<()> {
        self.expect_ok(&format!("Z0,{address:x},2"))?;
        self.ask("c")?;
        self.expect_ok(&format!("z0,{address:x},2"))
    }

    /// Sets the program counter.
    ///
    /// # Errors
    /// The emulator refuses.
    pub fn jump(&mut self, address: u32) -> io::Result<()> {
        let value = u32::swap_bytes(address & !1);
        self.expect_ok(&format!("P{PC:x}={value:08x}"))
    }

    /// Lets the processor go on without a debugger.
    ///
    /// # Errors
    /// The socket's.
    pub fn go(mut self) -> io::Result<()> {
        self.expect_ok("D")
    }

    fn expect_ok(&mut self, packet: &str) -> io::Result<()> {
        let mut answer = self.ask(packet)?;
        while answer.starts_with('T') {
            answer = self.answer()?;
        }
        if answer != "OK" {
            return Err(io::Error::other(format!("{packet}: {answer}")));
        }
        Ok(())
    }

    fn ask(&mut self, packet: &str) -> io::Result<String> {
        let sum = packet.bytes().fold(0_u8, u8::wrapping_add);
        write!(self.0, "${packet}#{sum:02x}")?;
        self.answer()
    }

    fn answer(&mut self) -> io::Result<String> {
        while self.byte()? != b'$' {}
        let mut answer = Vec::new();
        loop {
            match self.byte()? {
                b'#' => break,
                byte => answer.push(byte),
            }
        }
        let _ = (self.byte()?, self.byte()?);
        write!(self.0, "+")?;
        String::from_utf8(answer).map_err(io::Error::other)
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.0.read_exact(&mut byte)?;
        Ok(byte[0])
    }
}
