//! A line that knows which verdicts were given to it.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use normgate_link::Wire;
use normgate_protocol::{Decoder, Message, Packet, VerdictRepr};

pub(crate) type Sent = Arc<Mutex<Vec<VerdictRepr>>>;

pub(crate) struct Spy<W> {
    pub(crate) wire: W,
    decoder: Decoder,
    pub(crate) sent: Sent,
}

impl<W> Spy<W> {
    pub(crate) fn new(wire: W) -> Self {
        Self {
            wire,
            decoder: Decoder::new(),
            sent: Sent::default(),
        }
    }
}

impl<W: Wire> Wire for Spy<W> {
    fn read(&mut self, bytes: &mut [u8], wait: Duration) -> io::Result<usize> {
        self.wire.read(bytes, wait)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.wire.write(bytes)?;
        for packet in self.decoder.packets(&bytes[..count]) {
            if let Ok(Packet {
                message: Message::Verdict(verdict),
                ..
            }) = packet
            {
                self.sent.lock().unwrap().push(verdict);
            }
        }
        Ok(count)
    }

    fn unsent(&mut self) -> io::Result<usize> {
        self.wire.unsent()
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.wire.reopen()
    }

    fn name(&self) -> String {
        self.wire.name()
    }
}
