use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::framebuffer::{Framebuffer, buffer_size};
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::pixelcolor::raw::{LittleEndian, RawU1};
use normgate_panel::{Panel, PanelColor, Reading};

/// Columns of the picture in memory.
pub const WIDTH: usize = 128;
/// Rows of the picture in memory.
pub const HEIGHT: usize = 64;

/// A picture in memory, of two colours.
pub type Memory = Framebuffer<
    BinaryColor,
    RawU1,
    LittleEndian,
    WIDTH,
    HEIGHT,
    { buffer_size::<BinaryColor>(WIDTH, HEIGHT) },
>;

/// What the panel is drawn on.
pub trait Display: DrawTarget<Color: PanelColor> {
    /// Shows what was drawn.
    ///
    /// # Errors
    /// The driver's.
    fn flush(&mut self) -> Result<(), Self::Error>;
}

impl Display for Memory {
    fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// A display with a panel on it.
#[derive(Debug)]
pub struct Screen<'d, D: Display> {
    display: &'d mut D,
    panel: Panel<D::Color>,
}

impl<'d, D: Display> Screen<'d, D> {
    /// On a display that shows anything.
    pub fn new(display: &'d mut D) -> Self {
        Self {
            display,
            panel: Panel::new(),
        }
    }

    /// Draws what changed. After a failure the next call draws everything.
    ///
    /// # Errors
    /// The driver's.
    pub fn show(&mut self, reading: &Reading<'_>) -> Result<(), D::Error> {
        let shown = self.panel.show(self.display, reading);
        let flushed = shown.and_then(|_| self.display.flush());
        if flushed.is_err() {
            self.panel.forget();
        }
        flushed
    }
}
