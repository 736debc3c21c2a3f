use core::convert::Infallible;

use embedded_hal_nb::nb;
use embedded_hal_nb::serial::{ErrorType, Write};
use tm4c123x::UART0;

use super::CLOCK_HZ;
use super::raw::Raw;
use crate::product::BAUD;

/// 64ths of the clock over 16 times the baud rate.
const DIVISOR: u32 = (4 * CLOCK_HZ + BAUD / 2) / BAUD;

/// LCRH: words of 8 bits.
const EIGHT_BITS: u32 = 0x60;
/// LCRH: queues of 16 bytes.
const QUEUES: u32 = 0x10;
/// ICR: all that can be cleared.
const ALL_INTERRUPTS: u32 = 0x17F2;

/// UART0, which the LaunchPad has on its USB port.
pub struct Uart(UART0);

impl Uart {
    /// On pins that belong to it.
    pub(super) fn new(uart: UART0) -> Self {
        uart.ctl.write(|w| w.uarten().clear_bit());
        uart.ibrd.write(|w| w.raw(DIVISOR / 64));
        uart.fbrd.write(|w| w.raw(DIVISOR % 64));
        // Without its queues first: what lies in them is of the run before.
        uart.lcrh.write(|w| w.raw(EIGHT_BITS));
        uart.lcrh.write(|w| w.raw(EIGHT_BITS | QUEUES));
        // Half a queue of bytes, or silence after some.
        uart.im.write(|w| w.rxim().set_bit().rtim().set_bit());
        uart.ctl
            .write(|w| w.uarten().set_bit().txe().set_bit().rxe().set_bit());
        Self(uart)
    }

    /// In its interrupt: gives every byte that has come to `take`, and how many were lost before them, as far as the
    /// hardware tells.
    pub fn receive(&mut self, mut take: impl FnMut(u8)) -> u32 {
        self.0.icr.write(|w| w.raw(ALL_INTERRUPTS));
        let mut lost = 0;
        while self.0.fr.read().rxfe().bit_is_clear() {
            let data = self.0.dr.read();
            lost += u32::from(data.oe().bit_is_set());
            take(data.data().bits());
        }
        lost
    }
}

impl ErrorType for Uart {
    type Error = Infallible;
}

impl Write<u8> for Uart {
    fn write(&mut self, byte: u8) -> nb::Result<(), Infallible> {
        if self.0.fr.read().txff().bit_is_set() {
            return Err(nb::Error::WouldBlock);
        }
        self.0.dr.write(|w| w.raw(byte.into()));
        Ok(())
    }

    fn flush(&mut self) -> nb::Result<(), Infallible> {
        if self.0.fr.read().busy().bit_is_set() {
            return Err(nb::Error::WouldBlock);
        }
        Ok(())
    }
}
