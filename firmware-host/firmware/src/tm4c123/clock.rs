use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use tm4c123x::{SYSCTL, TIMER0};

use super::CLOCK_HZ;
use super::raw::Raw;

const CYCLES_A_MS: u32 = CLOCK_HZ / 1000;
/// What the core's timer counts down from, cycles: all of its 24 bits, 335 ms. The watchdog bites before it wraps around
/// unread.
const WRAP: u32 = 0x00FF_FFFF;

/// From the crystal of 16 MHz by the PLL: 200 MHz over 4.
pub(super) fn start(control: &SYSCTL) {
    const CRYSTAL_16_MHZ: u32 = 0x15 << 6;
    const DIVISOR_4: u32 = 3 << 23;
    const USE_DIVISOR: u32 = 1 << 22;
    const BYPASS_PLL: u32 = 1 << 11;
    // All else 0: the main oscillator is on and chosen, the PLL has power.
    let stopped = CRYSTAL_16_MHZ | DIVISOR_4 | BYPASS_PLL;
    let rcc = &control.rcc;
    rcc.modify(|_, w| w.bypass().set_bit().usesysdiv().clear_bit());
    rcc.modify(|_, w| w.moscdis().clear_bit());
    rcc.write(|w| w.raw(stopped));
    while control.ris.read().plllris().bit_is_clear() {}
    rcc.write(|w| w.raw(stopped | USE_DIVISOR));
    rcc.write(|w| w.raw(stopped & !BYPASS_PLL | USE_DIVISOR));
}

/// Time since the start, by the core's timer: an interrupt that comes late, or not at all, makes no time vanish.
pub struct Stopwatch {
    /// What the timer said last.
    counter: u32,
    /// Cycles since the last whole millisecond.
    cycles: u32,
    ms: u64,
}

impl Stopwatch {
    pub(super) fn new(mut timer: SYST) -> Self {
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(WRAP);
        timer.clear_current();
        timer.enable_counter();
        Self {
            counter: SYST::get_current(),
            cycles: 0,
            ms: 0,
        }
    }

    /// Whole milliseconds. Must be asked more often than every 335 ms.
    pub fn now_ms(&mut self) -> u64 {
        let counter = SYST::get_current();
        self.cycles += self.counter.wrapping_sub(counter) & WRAP;
        self.counter = counter;
        self.ms += u64::from(self.cycles / CYCLES_A_MS);
        self.cycles %= CYCLES_A_MS;
        self.ms
    }
}

/// Timer 0, which interrupts every millisecond.
pub struct Ticker(TIMER0);

impl Ticker {
    pub(super) fn new(timer: TIMER0) -> Self {
        timer.ctl.write(|w| w.taen().clear_bit());
        timer.cfg.write(|w| w.cfg()._32_bit_timer());
        timer.tamr.write(|w| w.tamr().period());
        timer.tailr.write(|w| w.raw(CYCLES_A_MS - 1));
        timer.imr.write(|w| w.tatoim().set_bit());
        timer.ctl.write(|w| w.taen().set_bit());
        Self(timer)
    }

    /// In its interrupt: takes it.
    pub fn take(&mut self) {
        self.0.icr.write(|w| w.tatocint().set_bit());
    }
}
