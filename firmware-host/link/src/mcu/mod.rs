//! The microcontroller on a [`Wire`]: the rules are those of `normgate-mcu`, which the firmware runs too. For simulators and
//! tests: it drives no hardware.

mod sim;

use std::io;
use std::time::Duration;

use normgate_protocol::{SessionId, Statistics};

use crate::clock::Clock;
use crate::wire::Wire;
pub use normgate_mcu::{McuConfig, McuEvent, Output, Pins};
pub use sim::Simulator;

/// A microcontroller.
#[derive(Debug)]
pub struct Mcu {
    machine: normgate_mcu::Mcu,
    outbox: Vec<u8>,
    events: Vec<McuEvent>,
}

impl Mcu {
    /// One that was switched on just now.
    pub const fn new(config: McuConfig) -> Self {
        Self {
            machine: normgate_mcu::Mcu::new(config),
            outbox: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Listens for at most `wait`, does what is due then, and writes what there is to say. A line that takes nothing
    /// loses what was to be said.
    ///
    /// # Errors
    /// The line's. The output goes to its safe value in time nevertheless, if this is called again.
    pub fn serve(
        &mut self,
        wire: &mut impl Wire,
        clock: &impl Clock,
        wait: Duration,
    ) -> io::Result<Vec<McuEvent>> {
        let mut bytes = [0; 1024];
        let heard = wire.read(&mut bytes, wait);
        // After the reading: a verdict is judged at a time when it was there, not at one before.
        let now_ms = clock.now_ms();
        self.tick(now_ms);
        let count = heard?;
        let mut rest = bytes.get(..count).unwrap_or_default();
        while !rest.is_empty() {
            let (event, after) = self.machine.receive(now_ms, rest);
            rest = after;
            self.note(event);
        }
        self.tick(now_ms);
        let outbox = std::mem::take(&mut self.outbox);
        let mut rest = outbox.as_slice();
        while !rest.is_empty() {
            let count = wire.write(rest)?;
            if count == 0 {
                break;
            }
            rest = rest.get(count..).unwrap_or_default();
        }
        Ok(std::mem::take(&mut self.events))
    }

    /// What the gate is told at `now_ms`.
    pub fn output(&self, now_ms: u64) -> Output {
        self.machine.output(now_ms)
    }

    /// Whether a session is agreed.
    pub const fn session(&self) -> Option<SessionId> {
        self.machine.session()
    }

    /// Whether a command of the host holds the output at its safe value.
    pub const fn is_held(&self) -> bool {
        self.machine.is_held()
    }

    /// Whether a drift alarm stands on the host, as the last verdict said that was applied in this session.
    pub fn drift(&self) -> bool {
        self.machine.drift()
    }

    /// What the decoder made of the bytes heard.
    pub const fn decoded(&self) -> Statistics {
        self.machine.decoded()
    }

    /// As after a loss of power: everything is forgotten. Its uptime begins anew.
    pub fn restart(&mut self, now_ms: u64) {
        self.machine.restart(now_ms);
        self.outbox.clear();
        self.events.clear();
    }

    fn tick(&mut self, now_ms: u64) {
        let event = self.machine.tick(now_ms);
        self.note(event);
    }

    /// What the machine did and what it has to say, which has no room for more than a few packets.
    fn note(&mut self, event: Option<McuEvent>) {
        self.events.extend(event);
        while let count @ 1.. = self.machine.unsent().len() {
            self.outbox.extend_from_slice(self.machine.unsent());
            self.machine.sent(count);
        }
    }
}
