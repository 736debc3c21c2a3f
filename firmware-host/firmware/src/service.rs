use core::mem::take;

use embedded_hal::digital::OutputPin;
use embedded_hal_nb::serial::Write;
use heapless::spsc::Consumer;
use normgate_mcu::{Mcu, McuConfig, McuEvent, Output, Pins};
use normgate_protocol::{FaultCode, FaultRepr, HELLO_INTERVAL_MS, PrivateFault};

use crate::gate::Gate;
use crate::liveness::Liveness;
#[cfg(feature = "panel")]
use crate::screen::{Face, Picture};

/// The private fault that says that bytes were lost before they were read. Its detail is how many since the start.
pub const LOST_BYTES: PrivateFault = match PrivateFault::new(0x8000) {
    Ok(code) => code,
    Err(_) => panic!("while it is compiled"),
};

/// Bytes taken from the queue in one ms, at most: almost three times what comes at 115200 baud. It bounds the time that
/// the millisecond's interrupt takes.
pub const PER_TICK: usize = 32;

/// What resets the board unless it is fed.
pub trait Watchdog {
    /// Says that all is well.
    fn feed(&mut self);
}

/// What came in since the last millisecond.
pub struct Received<'a, 'q> {
    /// Bytes of the line.
    pub queue: &'a mut Consumer<'q, u8>,
    /// Bytes lost since the start, for want of room.
    pub lost: u32,
    /// Turns of the idle loop since the start.
    pub turns: u32,
}

/// What the firmware does each millisecond.
#[derive(Debug)]
pub struct Service<O, C, W> {
    mcu: Mcu,
    opens: &'static [u16],
    gate: Gate<O, C>,
    watchdog: W,
    liveness: Liveness,
    /// The cause, if the watchdog restarted the board and the host does not know.
    bitten: Option<u32>,
    lost: u32,
    report_at: u64,
    /// The gate works.
    drives: bool,
    #[cfg(feature = "panel")]
    face: Face,
}

impl<O: OutputPin, C: OutputPin, W: Watchdog> Service<O, C, W> {
    /// One that was switched on just now. `opens`: classes that open the gate; `bitten`: what the hardware says if the
    /// watchdog restarted it.
    pub const fn new(
        config: McuConfig,
        opens: &'static [u16],
        gate: Gate<O, C>,
        watchdog: W,
        liveness: Liveness,
        bitten: Option<u32>,
    ) -> Self {
        Self {
            mcu: Mcu::new(config),
            opens,
            gate,
            watchdog,
            liveness,
            bitten,
            lost: 0,
            report_at: 0,
            drives: true,
            #[cfg(feature = "panel")]
            face: Face::new(),
        }
    }

    /// Takes what came, does what is due at `now`, ms since the start, and drives the pins. The watchdog is fed only here,
    /// and only while the idle loop turns.
    pub fn run(&mut self, now: u64, received: Received<'_, '_>) {
        let event = self.mcu.tick(now);
        self.note(now, event);
        let mut bytes = heapless::Vec::<u8, PER_TICK>::new();
        while !bytes.is_full()
            && let Some(byte) = received.queue.dequeue()
        {
            let _ = bytes.push(byte);
        }
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (event, after) = self.mcu.receive(now, rest);
            rest = after;
            self.note(now, event);
        }
        self.report_lost(now, received.lost);
        self.drive(now);
        if self.liveness.is_alive(now, received.turns) {
            self.watchdog.feed();
        }
    }

    /// Gives the line what it takes without waiting.
    pub fn transmit(&mut self, line: &mut impl Write<u8>) {
        while let Some(byte) = self.mcu.unsent().first()
            && line.write(*byte).is_ok()
        {
            self.mcu.sent(1);
        }
    }

    /// What the display is to show, if it is not what was given last.
    #[cfg(feature = "panel")]
    pub fn news(&mut self) -> Option<Picture> {
        self.face.news()
    }

    fn note(&mut self, now: u64, event: Option<McuEvent>) {
        let Some(event) = event else {
            return;
        };
        if let McuEvent::Agreed(_) = &event
            && let Some(detail) = take(&mut self.bitten)
        {
            let code = FaultCode::Watchdog;
            self.mcu.report(FaultRepr { code, detail });
        }
        #[cfg(feature = "panel")]
        self.face.note(now, event);
        #[cfg(not(feature = "panel"))]
        let _ = now;
    }

    fn report_lost(&mut self, now: u64, lost: u32) {
        if lost != self.lost && now >= self.report_at && self.mcu.session().is_some() {
            self.lost = lost;
            self.report_at = now + u64::from(HELLO_INTERVAL_MS);
            let code = FaultCode::Private(LOST_BYTES);
            self.mcu.report(FaultRepr { code, detail: lost });
        }
    }

    fn drive(&mut self, now: u64) {
        let output = if self.drives {
            self.mcu.output(now)
        } else {
            Output::Safe
        };
        let pins = output.pins(Some(self.opens));
        if self.gate.drive(pins).is_err() && self.drives {
            self.drives = false;
            let detail = u32::from(pins == Pins::Open);
            let code = FaultCode::Output;
            self.mcu.report(FaultRepr { code, detail });
        }
        #[cfg(feature = "panel")]
        self.face.look(now, &self.mcu, output);
    }
}
