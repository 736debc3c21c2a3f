mod display;
mod drivers;
mod face;

pub use display::{Display, HEIGHT, Memory, Screen, WIDTH};
pub use face::{Face, Picture};
