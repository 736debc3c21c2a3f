use core::convert::Infallible;

use critical_section::Mutex;
use embedded_hal::delay::DelayNs;
use embedded_hal::spi::{self, SpiBus};
use tm4c123x::{GPIO_PORTA, SSI0};

use super::raw::Raw;
use super::{CLOCK_HZ, Line};

/// CPSR: 50 MHz over 6, which all of these displays can take.
const DIVISOR: u32 = 6;
/// CR0: words of 8 bits, mode 0.
const EIGHT_BITS: u32 = 7;

/// SSI0 as an SPI bus, mode 0, 8.3 MHz: PA2 clock, PA5 data out, PA4 data in.
pub struct Ssi(SSI0);

/// The display's bus and pins.
pub struct DisplayPins {
    /// The bus.
    pub bus: Ssi,
    /// PA3: the display is meant, low.
    pub select: Line<GPIO_PORTA>,
    /// PA6: data (high) or a command (low).
    pub data: Line<GPIO_PORTA>,
    /// PA7: the display's reset, low.
    pub reset: Line<GPIO_PORTA>,
}

impl DisplayPins {
    pub(super) fn new(port: &'static Mutex<GPIO_PORTA>, ssi: SSI0) -> Self {
        const PINS: u32 = 0b11_0100;
        critical_section::with(|token| {
            let a = port.borrow(token);
            a.afsel.modify(|r, w| w.raw(r.bits() | PINS));
            a.pctl
                .modify(|r, w| w.raw(r.bits() & !0x00FF_0F00 | 0x0022_0200));
            a.den.modify(|r, w| w.raw(r.bits() | PINS));
        });
        ssi.cr1.write(|w| w.sse().clear_bit());
        ssi.cpsr.write(|w| w.raw(DIVISOR));
        ssi.cr0.write(|w| w.raw(EIGHT_BITS));
        ssi.cr1.write(|w| w.sse().set_bit());
        Self {
            bus: Ssi(ssi),
            select: Line::new(port, 3),
            data: Line::new(port, 6),
            reset: Line::new(port, 7),
        }
    }
}

impl Ssi {
    fn exchange(&mut self, word: u8) -> u8 {
        while self.0.sr.read().tnf().bit_is_clear() {}
        self.0.dr.write(|w| w.raw(word.into()));
        while self.0.sr.read().rne().bit_is_clear() {}
        self.0.dr.read().bits() as u8
    }
}

impl spi::ErrorType for Ssi {
    type Error = Infallible;
}

impl SpiBus for Ssi {
    fn read(&mut self, words: &mut [u8]) -> Result<(), Infallible> {
        for word in words {
            *word = self.exchange(0);
        }
        Ok(())
    }

    fn write(&mut self, words: &[u8]) -> Result<(), Infallible> {
        for word in words {
            self.exchange(*word);
        }
        Ok(())
    }

    fn transfer(&mut self, read: &mut [u8], write: &[u8]) -> Result<(), Infallible> {
        let mut write = write.iter();
        for word in read {
            *word = self.exchange(write.next().copied().unwrap_or(0));
        }
        for word in write {
            self.exchange(*word);
        }
        Ok(())
    }

    fn transfer_in_place(&mut self, words: &mut [u8]) -> Result<(), Infallible> {
        for word in words {
            *word = self.exchange(*word);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        // Each exchange waits for its end.
        Ok(())
    }
}

/// Waits by counting the core's cycles.
#[derive(Debug, Clone, Copy)]
pub struct Cycles;

impl DelayNs for Cycles {
    fn delay_ns(&mut self, ns: u32) {
        let cycles = u64::from(ns) * u64::from(CLOCK_HZ / 1_000_000) / 1000;
        cortex_m::asm::delay(u32::try_from(cycles).unwrap_or(u32::MAX));
    }
}
