#[cfg(any(feature = "ssd1306", feature = "st7789"))]
use super::Display;

#[cfg(feature = "ssd1306")]
impl<DI, SIZE> Display for ssd1306::Ssd1306<DI, SIZE, ssd1306::mode::BufferedGraphicsMode<SIZE>>
where
    DI: ssd1306::prelude::WriteOnlyDataCommand,
    SIZE: ssd1306::prelude::DisplaySize,
{
    fn flush(&mut self) -> Result<(), Self::Error> {
        Self::flush(self)
    }
}

#[cfg(feature = "st7789")]
impl<DI, M, RST> Display for mipidsi::Display<DI, M, RST>
where
    DI: mipidsi::interface::Interface,
    M: mipidsi::models::Model<ColorFormat: normgate_panel::PanelColor>,
    M::ColorFormat: mipidsi::interface::InterfacePixelFormat<DI::Word>,
    RST: embedded_hal::digital::OutputPin,
{
    fn flush(&mut self) -> Result<(), Self::Error> {
        // It is drawn on the glass.
        Ok(())
    }
}
