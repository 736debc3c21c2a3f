use embedded_hal_bus::spi::ExclusiveDevice;
use normgate_firmware::screen::Screen;
use normgate_firmware::tm4c123::{Cycles, Fittings};
use ssd1306::Ssd1306;
use ssd1306::prelude::{DisplayConfig, DisplayRotation, DisplaySize128x64, SPIInterface};

use super::next;

/// The driver has its own picture.
pub(crate) type Canvas = ();
/// None.
pub(crate) const BLANK: Canvas = ();

/// Draws on an SSD1306 of 128 x 64 pixels, for ever. Without one the gate works all the same.
pub(crate) fn run((): &'static mut Canvas, fittings: Fittings, mut turn: impl FnMut()) -> ! {
    let Fittings {
        bus,
        select,
        data,
        mut reset,
    } = fittings;
    let Ok(device) = ExclusiveDevice::new(bus, select, Cycles);
    let interface = SPIInterface::new(device, data);
    let driver = Ssd1306::new(interface, DisplaySize128x64, DisplayRotation::Rotate0);
    let mut driver = driver.into_buffered_graphics_mode();
    if driver.reset(&mut reset, &mut Cycles).is_ok() && driver.init().is_ok() {
        next::draw(Screen::new(&mut driver), turn)
    }
    loop {
        turn();
    }
}
