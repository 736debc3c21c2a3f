//! What the idle loop does: it draws where there is a display, and sleeps.

#[cfg(all(feature = "ssd1306", feature = "st7789"))]
compile_error!("choose one display: ssd1306 or st7789");

#[cfg(feature = "panel")]
mod next;

#[cfg(all(feature = "panel", not(any(feature = "ssd1306", feature = "st7789"))))]
mod memory;
#[cfg(all(feature = "panel", not(any(feature = "ssd1306", feature = "st7789"))))]
pub(crate) use memory::{BLANK, Canvas, run};

#[cfg(feature = "ssd1306")]
mod ssd1306;
#[cfg(feature = "ssd1306")]
pub(crate) use ssd1306::{BLANK, Canvas, run};

#[cfg(feature = "st7789")]
mod st7789;
#[cfg(feature = "st7789")]
pub(crate) use st7789::{BLANK, Canvas, run};

#[cfg(not(feature = "panel"))]
mod nothing;
#[cfg(not(feature = "panel"))]
pub(crate) use nothing::{BLANK, Canvas, run};

#[cfg(feature = "panel")]
pub(crate) use next::publish;
