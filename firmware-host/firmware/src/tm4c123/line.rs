use core::convert::Infallible;
use core::ops::Deref;

use critical_section::{Mutex, with};
use embedded_hal::digital::{ErrorType, OutputPin};
use tm4c123x::gpio_porta::RegisterBlock;

use super::raw::Raw;

/// A pin that is an output.
pub struct Line<P: 'static> {
    port: &'static Mutex<P>,
    mask: u32,
}

impl<P: Deref<Target = RegisterBlock> + Send> Line<P> {
    /// Pin `number`, 0 to 7, of a port that has its clock. It is low, and was never anything else.
    pub fn new(port: &'static Mutex<P>, number: u8) -> Self {
        let mut line = Self {
            port,
            mask: 1 << (number & 7),
        };
        line.drive(false);
        with(|token| {
            let port = port.borrow(token);
            port.dir.modify(|r, w| w.raw(r.bits() | line.mask));
            port.den.modify(|r, w| w.raw(r.bits() | line.mask));
        });
        line
    }

    fn drive(&mut self, high: bool) {
        let set = if high { self.mask } else { 0 };
        with(|token| {
            let data = &self.port.borrow(token).data;
            data.modify(|r, w| w.raw(r.bits() & !self.mask | set));
        });
    }
}

impl<P> ErrorType for Line<P> {
    type Error = Infallible;
}

impl<P: Deref<Target = RegisterBlock> + Send> OutputPin for Line<P> {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.drive(false);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.drive(true);
        Ok(())
    }
}
