//! A line that knows which verdicts were given to it, and that outlives the host that holds it.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
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

/// A line that a host which is started anew opens again.
pub(crate) struct Plug<W>(Rc<RefCell<W>>);

impl<W> Plug<W> {
    pub(crate) fn new(wire: W) -> Self {
        Self(Rc::new(RefCell::new(wire)))
    }
}

impl<W> Clone for Plug<W> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<W: Wire> Wire for Plug<W> {
    fn read(&mut self, bytes: &mut [u8], wait: Duration) -> io::Result<usize> {
        self.0.borrow_mut().read(bytes, wait)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn unsent(&mut self) -> io::Result<usize> {
        self.0.borrow_mut().unsent()
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.0.borrow_mut().reopen()
    }

    fn name(&self) -> String {
        self.0.borrow().name()
    }
}
