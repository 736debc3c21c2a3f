//! What the idle loop does: it draws where there is a display, and sleeps.

#[cfg(feature = "panel")]
mod next;

#[cfg(feature = "framebuffer")]
mod framebuffer;
#[cfg(feature = "framebuffer")]
pub(crate) use framebuffer::{BLANK, Canvas, run};

#[cfg(feature = "ssd1306")]
mod ssd1306;
#[cfg(feature = "ssd1306")]
pub(crate) use ssd1306::{BLANK, Canvas, run};

#[cfg(feature = "st7789")]
mod st7789;
#[cfg(feature = "st7789")]
pub(crate) use st7789::{BLANK, Canvas, run};

#[cfg(not(any(feature = "framebuffer", feature = "ssd1306", feature = "st7789")))]
mod nothing;
#[cfg(not(any(feature = "framebuffer", feature = "ssd1306", feature = "st7789")))]
pub(crate) use nothing::{BLANK, Canvas, run};

#[cfg(feature = "panel")]
pub(crate) use next::publish;
