use embedded_hal_bus::spi::ExclusiveDevice;
use mipidsi::Builder;
use mipidsi::interface::SpiInterface;
use mipidsi::models::ST7789;
use mipidsi::options::{ColorInversion, Orientation, Rotation};
use normgate_firmware::screen::Screen;
use normgate_firmware::tm4c123::{Cycles, Fittings};

use super::next;

/// Pixels on their way to the display, two bytes each.
pub(crate) type Canvas = [u8; 256];
/// None yet.
pub(crate) const BLANK: Canvas = [0; 256];

/// Draws on an ST7789 of 320 x 240 pixels, for ever. Without one the gate works all the same.
pub(crate) fn run(canvas: &'static mut Canvas, fittings: Fittings, mut turn: impl FnMut()) -> ! {
    let Fittings {
        bus,
        select,
        data,
        reset,
    } = fittings;
    let Ok(device) = ExclusiveDevice::new(bus, select, Cycles);
    let interface = SpiInterface::new(device, data, canvas);
    let driver = Builder::new(ST7789, interface)
        .display_size(240, 320)
        .orientation(Orientation::new().rotate(Rotation::Deg90))
        .invert_colors(ColorInversion::Inverted)
        .reset_pin(reset)
        .init(&mut Cycles);
    if let Ok(mut driver) = driver {
        next::draw(Screen::new(&mut driver), turn)
    }
    loop {
        turn();
    }
}
