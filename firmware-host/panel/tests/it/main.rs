//! What normgate-panel promises: pictures pixel by pixel, and properties.

mod canvas;
mod cases;
mod golden;
mod mock;
mod properties;
mod readings;
