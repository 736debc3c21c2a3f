mod clock;
mod line;
mod raw;
mod uart;
mod watchdog;

/// The synchronous serial interface, for displays.
#[cfg(any(feature = "ssd1306", feature = "st7789"))]
mod spi;

use cortex_m::peripheral::SYST;
use critical_section::Mutex;
#[cfg(any(feature = "ssd1306", feature = "st7789"))]
use tm4c123x::GPIO_PORTA;
use tm4c123x::{GPIO_PORTF, Peripherals};

use crate::gate::Gate;
use raw::Raw;

pub use clock::{Stopwatch, Ticker};
pub use line::Line;
#[cfg(any(feature = "ssd1306", feature = "st7789"))]
pub use spi::{Cycles, DisplayPins as Fittings, Ssi};
pub use uart::Uart;
pub use watchdog::Guard;

/// A display's bus and pins: none.
#[cfg(not(any(feature = "ssd1306", feature = "st7789")))]
pub struct Fittings;

/// Of the core, after [`Board::new`].
pub const CLOCK_HZ: u32 = 50_000_000;

/// The gate's pins: PF3 open (green on the LaunchPad), PF1 closed (red).
pub type Pins = Gate<Line<GPIO_PORTF>, Line<GPIO_PORTF>>;

/// The ports, kept for as long as the program runs.
#[derive(Default)]
pub struct Ports {
    #[cfg(any(feature = "ssd1306", feature = "st7789"))]
    a: Option<Mutex<GPIO_PORTA>>,
    f: Option<Mutex<GPIO_PORTF>>,
}

impl Ports {
    /// None yet.
    pub const fn new() -> Self {
        Self {
            #[cfg(any(feature = "ssd1306", feature = "st7789"))]
            a: None,
            f: None,
        }
    }
}

/// What the program uses of the board.
pub struct Board {
    /// The gate.
    pub gate: Pins,
    /// The line to the host.
    pub uart: Uart,
    /// Time.
    pub stopwatch: Stopwatch,
    /// The millisecond.
    pub ticker: Ticker,
    /// It runs.
    pub watchdog: Guard,
    /// The reset's cause register, if the watchdog was it.
    pub bitten: Option<u32>,
    /// The display's bus and pins.
    pub fittings: Fittings,
}

impl Board {
    /// Sets the pins to safe, the clock to 50 MHz from the crystal, and starts the timers, the watchdog and the UART.
    /// Without a crystal it does not return, as nothing would be in time, and the watchdog resets it again and again.
    pub fn new(ports: &'static mut Ports, peripherals: Peripherals, core_timer: SYST) -> Self {
        let control = peripherals.SYSCTL;
        control.rcgcgpio.write(|w| w.r0().set_bit().r5().set_bit());
        control.rcgctimer.write(|w| w.r0().set_bit());
        control.rcgcuart.write(|w| w.r0().set_bit());
        control.rcgcwd.write(|w| w.r0().set_bit());
        control.rcgcssi.write(|w| w.r0().set_bit());
        // A few cycles until they have their clocks.
        cortex_m::asm::delay(16);
        let f = ports.f.insert(Mutex::new(peripherals.GPIO_PORTF));
        let gate = Gate::new(Line::new(f, 3), Line::new(f, 1));
        let watchdog = Guard::new(peripherals.WATCHDOG0);
        let cause = control.resc.read();
        let bitten = cause.wdt0().bit_is_set().then(|| cause.bits());
        control.resc.write(|w| w.raw(0));
        clock::start(&control);
        let a = peripherals.GPIO_PORTA;
        // PA0 and PA1 are the UART's.
        a.afsel.modify(|r, w| w.raw(r.bits() | 0b11));
        a.pctl.modify(|r, w| w.raw(r.bits() & !0xFF | 0x11));
        a.den.modify(|r, w| w.raw(r.bits() | 0b11));
        #[cfg(any(feature = "ssd1306", feature = "st7789"))]
        let fittings = Fittings::new(ports.a.insert(Mutex::new(a)), peripherals.SSI0);
        #[cfg(not(any(feature = "ssd1306", feature = "st7789")))]
        let fittings = Fittings;
        Self {
            gate,
            uart: Uart::new(peripherals.UART0),
            stopwatch: Stopwatch::new(core_timer),
            ticker: Ticker::new(peripherals.TIMER0),
            watchdog,
            bitten,
            fittings,
        }
    }
}
