use embedded_hal::digital::{OutputPin, PinState};
use normgate_mcu::Pins;

/// Two pins, never both high: one says open, one says closed. Both low is the safe value.
#[derive(Debug)]
pub struct Gate<O, C> {
    open: O,
    closed: C,
}

impl<O: OutputPin, C: OutputPin> Gate<O, C> {
    /// On pins that are low.
    pub const fn new(open: O, closed: C) -> Self {
        Self { open, closed }
    }

    /// Drives the pins. The one that goes low goes first.
    ///
    /// # Errors
    /// A pin does not do what it is told; the other one is low then.
    pub fn drive(&mut self, pins: Pins) -> Result<(), PinFault> {
        let (open, closed) = (pins == Pins::Open, pins == Pins::Closed);
        let low = [
            open || self.open.set_low().is_ok(),
            closed || self.closed.set_low().is_ok(),
        ];
        if low != [true; 2] {
            return self.give_up();
        }
        let high = [
            !open || self.open.set_state(PinState::High).is_ok(),
            !closed || self.closed.set_state(PinState::High).is_ok(),
        ];
        if high != [true; 2] {
            return self.give_up();
        }
        Ok(())
    }

    fn give_up(&mut self) -> Result<(), PinFault> {
        let _ = self.open.set_low();
        let _ = self.closed.set_low();
        Err(PinFault)
    }
}

/// A pin does not do what it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinFault;
