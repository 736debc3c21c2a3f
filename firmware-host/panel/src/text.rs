//! Text: a line of codes, the faces it can be set in, and how it is made to fit.

mod bitmap;
mod face;
mod fit;
mod line;
mod number;

pub(crate) use face::{Extent, Face};
pub(crate) use fit::{Block, Room, first_that_fits, fit_block};
pub(crate) use line::Line;
pub(crate) use number::{duration, fps, frame_id, score};
