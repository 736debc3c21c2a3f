use tm4c123x::WATCHDOG0;

use super::CLOCK_HZ;
use super::raw::Raw;
use crate::product::WATCHDOG_MS;
use crate::service::Watchdog;

const PERIOD: u32 = CLOCK_HZ / 1000 * WATCHDOG_MS;
const UNLOCK: u32 = 0x1ACC_E551;
const LOCK: u32 = 0;

/// Watchdog timer 0: resets the chip after two periods without [`Watchdog::feed`]. It cannot be stopped.
pub struct Guard(WATCHDOG0);

impl Guard {
    pub(super) fn new(timer: WATCHDOG0) -> Self {
        timer.load.write(|w| w.raw(PERIOD));
        timer.ctl.write(|w| w.resen().set_bit());
        // The first end of a period is an interrupt that nobody takes, the second is the reset.
        timer.ctl.modify(|_, w| w.inten().set_bit());
        timer.lock.write(|w| w.raw(LOCK));
        Self(timer)
    }
}

impl Watchdog for Guard {
    fn feed(&mut self) {
        self.0.lock.write(|w| w.raw(UNLOCK));
        // Loading begins a new period, and takes back the end of one.
        self.0.icr.reset();
        self.0.load.write(|w| w.raw(PERIOD));
        self.0.lock.write(|w| w.raw(LOCK));
    }
}
